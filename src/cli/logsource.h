/* logsource.h: the lines of one log in their order: rotated files first, compressed ones too, then
 * the file that is written to, which can be followed through its rotations. */
#ifndef CLI_LOGSOURCE_H
#define CLI_LOGSOURCE_H

#include <burrow/buf.h>

#include "core/logfile.h"

struct logsource {
    const char *path;
    struct logfile_olds olds;
    size_t at; /* in olds; olds.n = the current file */
    void *z;   /* zlib's, NULL = not open */
    dev_t dev;
    ino_t ino;
    struct bw_buf buf; /* read, from `used` on not yet given */
    size_t used;
};

/* False when there is neither the file nor a rotated one. */
bool logsource_open(struct logsource *s, const char *path, struct bw_err *e);
/* The next line, without its end, until the next call. False: none now; when following, there may
 * be later. `all`: also a last line without an end. */
bool logsource_next(struct logsource *s, bool all, bw_str *line);
void logsource_close(struct logsource *s);

#endif
