/* logline.h: one line of a log as `burrow logs` sees it: a record as JSON or text, a line of an
 * access log, or a line of something else. Pure. */
#ifndef CLI_LOGLINE_H
#define CLI_LOGLINE_H

#include <burrow/arena.h>
#include <burrow/time.h>

struct logline {
    bw_str text; /* without its end */
    bool json;   /* an object with a "ts" */
    bw_time at;  /* 0 = it does not say */
    int level;   /* enum log_level; info when it does not say */
    bw_str path, route;
};

/* Views into the text or the arena. */
void logline_read(struct logline *l, bw_str text, struct bw_arena *a);
bool logline_level(bw_str name, int *level);
/* Whether it concerns a route or path that begins so. */
bool logline_about(const struct logline *l, bw_str route);
/* For people: "time level area: message key=value", or as it is; never a control character. */
void logline_write_text(const struct logline *l, struct bw_buf *out);
void logline_write_json(const struct logline *l, struct bw_buf *out);

#endif
