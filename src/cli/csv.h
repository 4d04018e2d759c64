/* csv.h: CSV (RFC 4180) out of one text in memory: pull, strict, pure. Records end with LF or CRLF;
 * fields may be quoted, with "" for a quote. A UTF-8 byte order mark in front is skipped. */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <burrow/arena.h>
#include <burrow/buf.h>

#define CSV_FIELDS 512

struct csv {
    const char *at, *end;
    unsigned line; /* of the record read last, from 1 */
    unsigned next_line;
    unsigned n;
    bw_str fields[CSV_FIELDS]; /* views into the text, or the arena where quotes were undone */
    bool quoted[CSV_FIELDS];   /* "" and nothing differ: an empty text, and none */
    const char *why;           /* the error, NULL = none */
};

void csv_open(struct csv *c, bw_str text);
/* The next record; false at the end and on error (then why is set and line is its place). */
bool csv_next(struct csv *c, struct bw_arena *a);
/* Writes one field, quoted when it must be. */
void csv_write(struct bw_buf *out, bw_str s);

#endif
