/* import.h: files of other process managers → settings of the angel, as JSON; what has no
 * counterpart is told, a sentence each, never dropped in silence. A kind is a descriptor in an
 * import_<name>.c and a line in importers.def. Nothing is started or changed. */
#ifndef ANGEL_IMPORT_H
#define ANGEL_IMPORT_H

#include <burrow/arena.h>
#include <burrow/buf.h>

struct import;

struct importer {
    const char *name, *help;
    /* Does this look like one? file: its name without folders. */
    bool (*knows)(const char *file, bw_str text);
    bool (*read)(struct import *im, const char *path, bw_str text, struct bw_err *e);
};
extern const struct importer *const importers[]; /* NULL-terminated */

/* kind: NULL = found out. A path may be a folder of *.service files. */
bool import_read(struct import *im, const char *kind, const char *path, struct bw_err *e);
struct import *import_new(void);
void import_free(struct import *im);
/* Everything read so far as settings. */
void import_write(struct import *im, struct bw_buf *out);
size_t import_count(const struct import *im);
/* What could not be carried over; NULL behind the last. */
const char *import_said(const struct import *im, size_t i);

#endif
