/* log_sink.h: where formatted lines go: standard error or a file. Used by whoever holds the role of
 * the log's writer. Private to core. */
#ifndef CORE_LOG_SINK_H
#define CORE_LOG_SINK_H

#include "core/log.h"

struct log_sink {
    int fd;
    bool json, colour;
    bool torn; /* the last write ended within a line */
};

extern const struct log_sink log_sink_stderr;

bool log_sink_open(struct log_sink *s, const struct log_opts *o, struct bw_err *e);
void log_sink_close(struct log_sink *s); /* becomes standard error */
/* *Waits* for a pipe that is read slowly, for a second at most when it is non-blocking. False when
 * not all lines could be written. */
bool log_sink_write(struct log_sink *s, bw_str lines);

#endif
