/* settings.h: settings are tables of typed options. One table gives the parser, range checks,
 * --help, docs, the JSON Schema, environment overrides and "did you mean". A table maps members of
 * a JSON object to members of a C struct; texts and arrays live in the arena of the load.
 * Errors are "file:line:column: sentence". Sources in rising order: default, file, environment
 * (BURROW_SECTION_KEY), command line (--section.key=value or an option's own flag). */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include <burrow/arena.h>
#include <burrow/buf.h>
#include <burrow/json.h>

enum opt_type {
    OPT_BOOL,     /* bool */
    OPT_INT,      /* int64_t, min..max */
    OPT_REAL,     /* double */
    OPT_SIZE,     /* int64_t bytes: 4096, "16 MiB", "64K" */
    OPT_DURATION, /* int64_t nanoseconds: 30 (seconds), "1.5s", "250ms", "2h" */
    OPT_TEXT,     /* bw_str, NUL behind it */
    OPT_CSTR,     /* const char * */
    OPT_ENUM,     /* int: index in `names` */
    OPT_SECTION,  /* embedded struct, `options` */
    OPT_LIST,     /* struct opt_list of structs (`options`, `item_size`): JSON array of objects */
    OPT_MAP,      /* the same from a JSON object; the member's name goes to the item's first option
                     (OPT_CSTR) */
    OPT_TEXTS,    /* const char ** NULL-terminated: JSON array of strings, or one string */
    OPT_INTS,     /* struct opt_list of int64_t, each min..max: JSON array of numbers, or one */
    OPT_PAIRS, /* const char ** of "NAME=value", NULL-terminated: JSON object of texts, numbers and
                  booleans, or what OPT_TEXTS takes */
    OPT_RAW    /* bw_str: the value's JSON text, for who parses it himself */
};

struct opt_list {
    void *items;
    size_t n;
};

struct option {
    const char *name; /* as in JSON, lower case with '_' */
    enum opt_type type;
    size_t offset;
    const char *initial;          /* default as JSON text; NULL = zero / empty */
    int64_t min, max;             /* INT SIZE DURATION (ns); both 0 = any */
    const char *const *names;     /* ENUM, NULL-terminated */
    const struct option *options; /* SECTION LIST MAP; ended by name == NULL */
    size_t item_size;
    bool required, secret; /* secret: printed as "***" */
    bool live;             /* a reload may change it */
    bool brief;            /* SECTION: what is no object is the value of its first option */
    const char *help;      /* one sentence */
    /* Further check of the parsed value; may be NULL. */
    bool (*check)(const void *value, struct bw_err *e);
    /* TEXTS: how one text becomes several, NULL-terminated; NULL on failure. May be NULL: it is
     * one.
     */
    const char **(*split)(bw_str text, struct bw_arena *a, struct bw_err *e);
};

#define OPT_AT(s, m) .offset = offsetof(s, m)

/* What is being loaded: the table, the struct it describes, the arena of its texts and arrays. */
struct settings {
    const struct option *options;
    void *out;
    struct bw_arena *arena;
    bool fold; /* names, and words of ENUM, in upper or lower case as one likes */
};

/* Fills `out` with the defaults. */
void settings_defaults(const struct option *t, void *out, struct bw_arena *a);
/* Parses text (JSON with comments) over what is there. `file` names it in errors. A member
 * "$schema" of the outermost object is for editors and passed over. On failure `out` is partly
 * changed. */
bool settings_parse(const struct settings *s, const char *file, bw_str text, struct bw_err *e);
bool settings_load(const struct settings *s, const char *path, struct bw_err *e);
/* Every BURROW_X_Y in envp that a table knows; an unknown BURROW_… is an error with "did you
 * mean", but for BURROW_UNIT and BURROW_ANGEL, by which an angel marks what it runs. */
bool settings_env(const struct settings *s, const char *const *envp, struct bw_err *e);
/* One "section.key" = value as typed on a command line or in the environment: JSON, or a bare word
 * where the option takes a text; several texts with commas between; a bool also as 1 0 yes no on
 * off. */
bool settings_set(const struct settings *s, bw_str key, bw_str value, struct bw_err *e);
/* Required options present? (Members of list and map items: settings_parse says so, with the
 * place.) */
bool settings_check(const struct option *t, const void *out, struct bw_err *e);
/* Where a value stands in a text that was taken: "services[2].needs[0]", names in any case. The
 * innermost part that is there, for errors found later. Lines and columns count from 1. */
void settings_place(bw_str text, const char *path, unsigned *line, unsigned *column);
/* The option's value in a struct as one number, the same for equal values within this process. */
uint64_t settings_digest(const struct option *o, const void *in);
/* JSON, indented, secrets hidden. */
void settings_print(const struct option *t, const void *in, struct bw_buf *out);
/* JSON Schema 2020-12. */
void settings_schema(const struct option *t, const char *title, struct bw_buf *out);
/* For --help: name, type, default, help. */
void settings_help(const struct option *t, struct bw_buf *out);
/* The same as Markdown tables. */
void settings_markdown(const struct option *t, struct bw_buf *out);

#endif
