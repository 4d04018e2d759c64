/* settings_int.h: what the files of settings share. Private to core. */
#ifndef CORE_SETTINGS_INT_H
#define CORE_SETTINGS_INT_H

#include "core/settings.h"

#define SETTINGS_OPTIONS_MAX 128 /* of one table */

/* One text being read into a struct. */
struct load {
    struct bw_json_reader r; /* holds the first error */
    struct bw_arena *a;
    bool bare; /* the text is a bare word of an environment or command line */
    bool fold;
    bool defaults; /* an option's own default: no further check */
    size_t path_n;
    char path[128]; /* "http.listen", for errors */
};

/* Adds ".name" (or "[i]") to the path; gives the length to go back to with settings_leave. */
size_t settings_enter(struct load *l, const char *name, size_t n);
size_t settings_enter_item(struct load *l, size_t i);
void settings_leave(struct load *l, size_t mark);

const struct option *settings_find(const struct option *t, bw_str name, bool fold);
/* The value whose kind has just been read, into the member `at`. */
bool settings_value(struct load *l, const struct option *o, void *at, enum bw_json_kind kind);
/* The next value of the text, of any type. */
bool settings_member(struct load *l, const struct option *o, void *at);
/* The members of the object just begun. */
bool settings_object(struct load *l, const struct option *t, char *out);
/* One value as typed on a command line or in the environment. */
bool settings_bare(struct load *l, const struct option *o, void *at, bw_str value);
/* The first required option without a value; NULL when all are there. `path` as above. */
const struct option *settings_lacks(const struct option *t, const char *in);

/* "true or false", "a whole number": what an option takes, for errors and help. */
void settings_describe(const struct option *o, struct bw_buf *b);
/* ", from 1 to 256", or nothing. */
void settings_describe_range(const struct option *o, struct bw_buf *b);
/* A limit or value of INT, SIZE and DURATION as the type writes it. */
void settings_write_number(const struct option *o, int64_t v, struct bw_buf *b);
bool settings_has_max(const struct option *o);

#endif
