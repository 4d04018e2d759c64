/* import_int.h: what importers build: services with keys in order. Private to angel. */
#ifndef ANGEL_IMPORT_INT_H
#define ANGEL_IMPORT_INT_H

#include <burrow/json.h>

#include "angel/import.h"
#include "core/vec.h"

struct import_value {
    const char *key;
    bw_str json;
};

/* One service, or (name NULL) the main settings. */
struct import_unit {
    const char *name;
    VEC(struct import_value) values;
    VEC(const char *) env;          /* NAME=value */
    VEC(const char *) limits;       /* NAME=value */
    VEC(const char *) after, needs; /* names as they are there */
    VEC(const char *) start, stop;  /* steps */
};

struct import {
    struct bw_arena a;
    struct import_unit main;
    VEC(struct import_unit *) units;
    VEC(const char *) notes;
    const char *path; /* being read */
};

struct import_unit *import_unit(struct import *im, bw_str name);
/* A text; percent signs are doubled, since nothing in it is one of our placeholders. */
void import_text(struct import *im, struct import_unit *u, const char *key, bw_str text);
/* Numbers, true, [99]: JSON as it is. */
void import_json(struct import *im, struct import_unit *u, const char *key, bw_str json);
/* A number or span as written; what is none is noted. */
void import_number(struct import *im, struct import_unit *u, const char *key, bw_str text);
void import_note(struct import *im, const char *fmt, ...) BW_PRINTF(2, 3);
/* A text with percent signs doubled, as an item of env, start, … */
const char *import_escaped(struct import *im, bw_str text);

/* ---- files of sections: [section], key = value ---- */

struct ini {
    bw_str rest;
    unsigned line;
    bool systemd; /* lines go on behind a backslash; else when the next one is indented */
    bw_str section, key, value;
    struct bw_arena *a;
};
bool ini_next(struct ini *in);

#endif
