/* notice.h: telling people: e-mail, HTTP, a program, a file, syslog (notices.def, a file each).
 * Kept on disk until they are sent, tried again, the same one not twice in a while. Nothing here
 * ever holds up a restart. */
#ifndef ANGEL_NOTICE_H
#define ANGEL_NOTICE_H

#include "angel/helpers.h"

struct notices;

struct notices *notices_open(struct helpers *hs, const struct angel_conf *c, struct bw_err *e);
void notices_close(struct notices *n); /* what is not sent yet is so by the next */
void notices_conf(struct notices *n, const struct angel_conf *c); /* settings have changed */

struct notice {
    const char *unit; /* "" = the angel itself */
    const char *kind; /* constant: "exited", "failed", "sick", "recovered", "degraded" … */
    const char *text; /* a sentence */
    const char *const *targets; /* as in Notify */
    bool good;                  /* all is well again: what was told before is over */
};
/* Comes back at once. */
void notices_send(struct notices *n, const struct notice *what);
/* Something bad was told of it last. */
bool notices_is_wrong(const struct notices *n, const char *unit);
/* *Waits.* Sends a test to these; a line for each target of how it went. False: one failed. */
bool notices_test(struct notices *n, const char *const *targets, struct bw_buf *lines,
                  struct bw_err *e);

/* ---- what is left of a process that ended badly (crash_report.c) ---- */
struct crash_report {
    const char *folder; /* <state>/crash */
    const char *unit;
    const char *command;
    struct hands_exit exit;
    int64_t started; /* wall ms */
    bw_str output;   /* the last of it */
    unsigned keep;   /* so many per unit */
};
bool crash_report_write(const struct crash_report *r, char path[512], struct bw_err *e);
/* "exit code 3", "signal 9 (SIGKILL), out of memory". */
void crash_words(const struct hands_exit *x, char out[128]);

#endif
