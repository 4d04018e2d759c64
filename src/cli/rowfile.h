/* rowfile.h: records out of a file: CSV with a head line, a JSON array of objects, or NDJSON. The
 * file is mapped, so its size does not count; one record is in memory at a time. */
#ifndef CLI_ROWFILE_H
#define CLI_ROWFILE_H

#include "cli/csv.h"
#include "orm/record.h"

enum rowfile_format { ROWFILE_CSV, ROWFILE_JSON, ROWFILE_NDJSON };

struct rowfile {
    const char *path;
    enum rowfile_format format;
    bw_str text;   /* mapped */
    unsigned line; /* of the record read last */
    struct csv csv;
    const struct column *columns[CSV_FIELDS]; /* by place in the CSV head line */
    unsigned n_columns;
    struct bw_json_reader json; /* JSON */
    const char *at;             /* NDJSON */
    struct bw_arena scratch;    /* the CSV head line */
};

/* format by name, or by the path's ending when NULL. */
bool rowfile_format(const char *path, const char *name, enum rowfile_format *format,
                    struct bw_err *e);
/* Opens and, for CSV, reads the head line: every name must be a field. */
bool rowfile_open(struct rowfile *f, const char *path, enum rowfile_format format,
                  const struct table *t, struct bw_err *e);
void rowfile_close(struct rowfile *f);
/* 1: a record (texts in the arena or the map; what is wrong with its fields in faults); 0: end; -1:
 * the file itself is broken here and cannot be read on. */
int rowfile_next(struct rowfile *f, const struct table *t, struct record *r, struct faults *faults,
                 struct bw_err *e);
/* How much of the file has been read, 0…1. */
double rowfile_progress(const struct rowfile *f);

#endif
