/* json.h: JSON (RFC 8259) out and in.
 *
 * Writer: streams into a bw_buf, puts the commas itself, never builds a tree. Misuse (a value where
 * a key belongs) is a bw_must. Reader: pull and typed over one complete text in memory, strict,
 * with a depth limit; the first error sticks and carries line and column, so a caller may read on
 * blindly and ask once at the end. */
#ifndef BURROW_JSON_H
#define BURROW_JSON_H

#include <burrow/arena.h>
#include <burrow/buf.h>
#include <burrow/time.h>

/* ---- writer ---- */

#define BW_JSON_DEPTH 64

struct bw_json_writer {
    struct bw_buf *out;
    uint64_t is_object; /* bit per depth */
    unsigned depth;
    bool comma; /* something stands before at this depth */
    bool after_key;
    unsigned indent; /* spaces per depth; 0 = compact */
};

BW_API void bw_json_init(struct bw_json_writer *w, struct bw_buf *out);
BW_API void bw_json_object(struct bw_json_writer *w); /* { */
BW_API void bw_json_array(struct bw_json_writer *w);  /* [ */
BW_API void bw_json_end(struct bw_json_writer *w);    /* the } or ] of the innermost */
BW_API void bw_json_key(struct bw_json_writer *w, bw_str key);
BW_API void bw_json_text(struct bw_json_writer *w,
                         bw_str s); /* p == NULL writes null; invalid UTF-8 becomes U+FFFD */
BW_API void bw_json_int(struct bw_json_writer *w, int64_t v);
BW_API void bw_json_real(struct bw_json_writer *w,
                         double v); /* shortest that reads back equal; not finite: null */
BW_API void bw_json_bool(struct bw_json_writer *w, bool v);
BW_API void bw_json_null(struct bw_json_writer *w);
BW_API void bw_json_time(struct bw_json_writer *w, bw_time t); /* RFC 3339 text */
BW_API void bw_json_base64(struct bw_json_writer *w, bw_str bytes);
/* Text that is JSON already, checked by whoever stored it. */
BW_API void bw_json_raw(struct bw_json_writer *w, bw_str json);
/* A key made once by bw_json_make_key: `"name":`, written without escaping again. */
BW_API void bw_json_raw_key(struct bw_json_writer *w, bw_str made);
BW_API bw_str bw_json_make_key(struct bw_arena *a, bw_str name);

/* Key and value in one. */
BW_API void bw_json_put_text(struct bw_json_writer *w, const char *key, bw_str s);
BW_API void bw_json_put_int(struct bw_json_writer *w, const char *key, int64_t v);
BW_API void bw_json_put_real(struct bw_json_writer *w, const char *key, double v);
BW_API void bw_json_put_bool(struct bw_json_writer *w, const char *key, bool v);
BW_API void bw_json_put_time(struct bw_json_writer *w, const char *key, bw_time t);

/* Bare pieces for other writers (logs, metrics). */
BW_API void bw_json_escape(struct bw_buf *out, bw_str s); /* without the quotes */
BW_API void bw_json_write_real(struct bw_buf *out, double v);

/* ---- reader ---- */

enum bw_json_kind {
    BW_JSON_ERROR,
    BW_JSON_END, /* END: of the innermost object or array, or of the text */
    BW_JSON_NULL,
    BW_JSON_BOOL,
    BW_JSON_INT,
    BW_JSON_REAL,
    BW_JSON_TEXT,
    BW_JSON_ARRAY,
    BW_JSON_OBJECT
};

struct bw_json_reader {
    const char *start, *at, *end;
    struct bw_arena
        *arena; /* decoded texts that had escapes live here; others point into the input */
    unsigned depth, max_depth;
    uint64_t is_object; /* bit per depth */
    bool first;         /* no element yet at this depth */
    bool named;         /* a member's name was read, its value comes next */
    bool comments;      /* accept // and block comments and a trailing comma: settings files only */
    bool failed;
    bool boolean;      /* the last scalar read, by kind */
    int64_t integer;   /* INT: exact int64; an integer beyond int64 is an error */
    double real;       /* REAL, and for INT the same number */
    bw_str text;       /* TEXT: decoded, valid UTF-8; INT and REAL: the characters as written */
    const char *token; /* where the last value or name read begins */
    const char *where; /* the place of the first error */
    char why[256];     /* and what it was */
};

/* With a == NULL texts with escapes are checked but not decoded: `text` is then as written. */
BW_API void bw_json_open(struct bw_json_reader *r, struct bw_arena *a, bw_str text);
/* Reads the next value's beginning. A scalar is complete then. After OBJECT: bw_json_member until
 * false; after ARRAY: bw_json_next until it gives END. */
BW_API enum bw_json_kind bw_json_next(struct bw_json_reader *r);
/* The next member's name of the innermost object; false at its end (which is consumed) and on
 * error. Then bw_json_next reads its value. Duplicate names are the caller's to refuse. */
BW_API bool bw_json_member(struct bw_json_reader *r, bw_str *name);
/* Skips the rest of the value that bw_json_next just began (no-op for scalars). */
BW_API bool bw_json_skip(struct bw_json_reader *r, enum bw_json_kind begun);
/* Reads one whole value of any kind and gives its text exactly as written (validated). False on
 * error, and without an error at the end of the array (consumed) or of the text. */
BW_API bool bw_json_whole(struct bw_json_reader *r, bw_str *raw);
/* True when the one value has been read and only white space is left. */
BW_API bool bw_json_finish(struct bw_json_reader *r);
/* Marks an error of meaning at the value or name last read (the first error sticks); always false.
 */
BW_API bool bw_json_refuse(struct bw_json_reader *r, const char *fmt, ...) BW_PRINTF(2, 3);
/* Both count from 1; a column is a character. */
BW_API void bw_json_place(const struct bw_json_reader *r, const char *at, unsigned *line,
                          unsigned *column);
/* Fills e from the reader's error: "line 3, column 7: <why>", code BW_BAD; always false. */
BW_API bool bw_json_fail(const struct bw_json_reader *r, struct bw_err *e);
/* Is this text one valid JSON value within the depth? */
BW_API bool bw_json_valid(bw_str text, unsigned max_depth);

#endif
