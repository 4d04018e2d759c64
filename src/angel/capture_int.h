/* capture_int.h: between the parts of capture: the loop's calls (capture.c), the thread
 * (capture_thread.c), the file (capture_write.c), the tail (capture_tail.c), what is in hand
 * (capture_hand.c). */
#ifndef ANGEL_CAPTURE_INT_H
#define ANGEL_CAPTURE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "angel/capture.h"
#include "angel/mapfile.h"

#define CAPTURE_PIECE (256 * 1024) /* read at once */

/* A text somebody waits for. The loop's, lent to the thread until it comes back by `post`. */
struct capture_expect {
    struct loop_post post;
    struct capture_unit *u;
    void (*found)(void *arg);
    void *arg;
    bool cancelled; /* the loop's */
    size_t seen;    /* bytes looked at, at most n */
    int64_t from;   /* u->bytes when it was wished for: what has been read since counts */
    size_t n;
    char text[];
};

/* The last bytes, a ring that grows as far as it is used. */
struct capture_ring {
    char *p;
    uint32_t cap, n, at; /* at: the next byte's place once it is full */
};

/* A hole in the file, not told in it yet. */
struct capture_gap {
    int64_t lost;    /* of what the unit printed */
    int64_t removed; /* of older files */
    bw_time since;
    int sys;
    bool inherited; /* from a capture before this one, */
    bool unsure;    /* which was killed: so much at most */
};

/* What of a unit is in this process alone; in a file that outlives it. */
struct capture_hand {
    uint64_t unit;                 /* 0: free */
    _Atomic int64_t reading, held; /* bytes: being read and written; held */
    _Atomic int64_t lost, removed; /* of the gap, which is not told yet */
    _Atomic int64_t since, sys;
};

struct capture_unit {
    struct list mine;                /* the loop's: of c->units */
    struct list all, ready, trouble; /* the thread's: of all; may be read; must be tried again */
    struct capture *c;
    char *name, *path; /* path NULL: no file */
    int fifo;
    int room; /* of the pipe; 0: not made greater yet */
    bool hot; /* printing much: not watched, read at each turn */
    int calm; /* turns in a row that gave little */
    struct capture_policy policy;
    struct logfile file;
    bool is_open; /* the file has been opened once */
    bool within;  /* a line: of what is stamped */
    struct capture_gap gap;
    struct capture_hand *hand; /* NULL: it has printed nothing yet */
    char *held;                /* what a full disk did not take: CAPTURE_BLOCK */
    size_t held_n;
    struct capture_ring tail;        /* under c->tails */
    struct capture_expect *expect;   /* the thread's */
    struct capture_expect *expected; /* the loop's */
    _Atomic int64_t bytes, lost_bytes, losses, rotations;
};

enum capture_verb {
    CAPTURE_CHANGE,
    CAPTURE_REMOVE,
    CAPTURE_SYNC,
    CAPTURE_EXPECT,
    CAPTURE_REOPEN,
    CAPTURE_ADD,
    CAPTURE_END
};

struct capture_command {
    struct capture_command *next;
    enum capture_verb verb;
    struct capture_unit *u;
    struct loop_post post; /* of CAPTURE_SYNC, which comes back to the loop */
    void (*done)(void *arg);
    void *arg;
    struct capture_expect *expect;
    struct capture_policy policy;
    char *path;
};

struct capture {
    struct loop *loop;
    struct list units; /* the loop's */
    struct logfile_budget budget;
    pthread_t thread;
    int epoll, wake;
    pthread_mutex_t lock; /* of the commands */
    struct capture_command *first, **last;
    pthread_mutex_t tails;
    /* the thread's: */
    struct list all, ready, trouble;
    struct capture_hands *hands; /* NULL: not noted */
    int64_t retry_at;
    bool hurry, ended; /* hurry: a pipe was nearly full in the last turn */
    char *piece;
    struct bw_buf out; /* stamped lines */
};

void *capture_thread(void *arg);

/* Bytes of a unit: into its file, or counted as lost. */
void capture_write(struct capture_unit *u, bw_str bytes);
/* Once more, what could not be written. True: nothing is left to be tried. */
bool capture_retry(struct capture_unit *u);
void capture_close(struct capture_unit *u); /* its file */

/* capture_hand.c */
struct capture_hands *capture_hands_open(const char *path);
void capture_hands_close(struct capture_hands *h); /* NULL is fine */
void capture_hand_inherit(struct capture_unit *u);
void capture_hand_reads(struct capture_unit *u, size_t n); /* n at most are being read; 0: done */
void capture_hand_holds(struct capture_unit *u);           /* as u->held_n says */
void capture_hand_owes(struct capture_unit *u);            /* as u->gap says */
void capture_hand_leave(struct capture_unit *u);

void capture_tail_add(struct capture_ring *r, bw_str bytes);
/* Is it in the last n bytes already? */
bool capture_tail_has(const struct capture_ring *r, struct capture_expect *x, int64_t n);
/* Before they are added to the tail: do they end what is waited for? */
bool capture_tail_meets(const struct capture_ring *r, struct capture_expect *x, bw_str bytes);

#endif
