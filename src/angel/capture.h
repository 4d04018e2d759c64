/* capture.h: what children print, kept. One thread reads every FIFO and writes rotated files
 * (core/logfile.h), so that a slow disk delays no decision; order of standard output and error is
 * kept, since both are one FIFO. A full disk never blocks a child unless its policy says so: what
 * cannot be kept is counted, and the file says "[N bytes lost …]" as soon as it can again. One that
 * does not answer holds up nobody else. What a capture that was killed had in hand is told by the
 * next one, as "up to N bytes". Calls are from the brain's loop; events come on that loop. */
#ifndef ANGEL_CAPTURE_H
#define ANGEL_CAPTURE_H

#include "core/logfile.h"
#include "net/loop.h"

#define CAPTURE_TAIL (64 * 1024)

struct capture;
struct capture_unit;

enum capture_full { CAPTURE_DROP_OLDEST, CAPTURE_DROP_NEW, CAPTURE_BLOCK };

struct capture_policy {
    const char *path; /* NULL: only the tail is kept */
    struct logfile_rotate rotate;
    enum capture_full full; /* when the disk is */
    bool stamp;             /* each line begins with its time (RFC 3339) */
};

struct capture_opts {
    struct loop *loop;
    int64_t total;     /* bytes of all rotated files of all units together; 0 = any */
    const char *hands; /* file that outlives us: what is in hand; NULL = none */
    /* May be NULL. On the loop: so many units' disks do not answer now (capture_stats says whose);
     * also within capture_free. */
    void (*hangs)(void *arg, unsigned n);
    void *arg;
};

struct capture_stats {
    int64_t bytes, lost_bytes, losses, rotations;
    bw_time hangs_since; /* the disk of its file has not answered since then; 0 = it does */
};

struct capture *capture_new(const struct capture_opts *o, struct bw_err *e);
/* Reads what is there, writes it, ends; but waits some seconds at most for a disk that does not
 * answer: what is in such a call is left to itself, as is the process's end (state D). */
void capture_free(struct capture *c);
/* fifo: read end, non-blocking; the capture's own from here on. Texts are copied. */
struct capture_unit *capture_add(struct capture *c, const char *name, int fifo,
                                 const struct capture_policy *p, struct bw_err *e);
bool capture_change(struct capture_unit *u, const struct capture_policy *p, struct bw_err *e);
void capture_remove(struct capture_unit *u); /* after what is there has been written */
/* Everything printed until now is in the file and the tail; then done(arg) on the loop. */
void capture_sync(struct capture_unit *u, void (*done)(void *arg), void *arg);
/* The last CAPTURE_TAIL bytes at most. */
void capture_tail(struct capture_unit *u, struct bw_buf *out);
struct capture_stats capture_stats(const struct capture_unit *u);
/* A life of the unit begins, before its process does. clean: all that the one before has printed is
 * read. */
void capture_life(struct capture_unit *u, bool clean);
/* Calls found(arg) on the loop at the first line of this life that contains text (a log-line
 * probe), also when it is among the last CAPTURE_TAIL bytes already: who is quick prints it before
 * anybody asks. After a capture_life that was not clean: of those that are read from now on. NULL
 * ends it. */
void capture_expect(struct capture_unit *u, const char *text, void (*found)(void *arg), void *arg);
void capture_reopen(struct capture *c); /* SIGUSR1 */

#endif
