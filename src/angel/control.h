/* control.h: the control API of a running angel: HTTP and JSON on a unix socket that only this user
 * and root reach (mode 0600, and the kernel is asked who came), and by TCP for who knows the
 * token. docs/angel-api.md tells every address; control.def is the list they come from. On the
 * brain's loop; requests run on fibers. */
#ifndef ANGEL_CONTROL_H
#define ANGEL_CONTROL_H

#include "angel/brain.h"

struct control;
struct loops;

struct control_opts {
    struct loops *loops;
    struct brain *brain;
    const char *settings; /* the file or folder read; apply reads it again */
    const char *state;    /* --state; NULL = as the settings say */
};

/* Listens where the brain's settings say. On failure too, *made is there until the loops have
 * ended.
 */
bool control_open(const struct control_opts *o, struct control **made, struct bw_err *e);
/* Streams end, what is in hand is answered, then done(arg), at the latest at the deadline. */
void control_stop(struct control *c, int64_t deadline, void (*done)(void *arg), void *arg);
void control_free(struct control *c); /* after the loops have ended; NULL is fine */

/* ---- the same as texts, for other faces ---- */

/* A page of how things are. */
void control_page(const struct brain *b, struct bw_buf *out);
/* OpenMetrics of every unit, without "# EOF". */
void control_metrics(const struct brain *b, struct bw_buf *out);
/* The addresses as a Markdown table. */
void control_markdown(struct bw_buf *out);

#endif
