/* capture_int.h: between the parts of capture: the loop's calls (capture.c), the thread
 * (capture_thread.c), what it is told (capture_obey.c), the file (capture_write.c), disks that do
 * not answer (capture_guard.c, capture_away.c), the tail (capture_tail.c), what is in hand
 * (capture_hand.c).
 * Whoever moves `disk` from an odd number owns all that is "the thread's": the worker whose call
 * comes back, or the guard, which gives it to another worker. The disk side of a unit that is away
 * stays with the stuck worker until that one tells CAPTURE_BACK. */
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
    size_t seen, n; /* bytes looked at, at most n; of text */
    int64_t from;   /* of u->bytes: what has been read since counts */
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

/* Of a unit whose disk does not answer; the thread's. */
struct capture_away {
    struct list node; /* of c->stuck, if a worker is stuck in its call */
    struct capture_unit *u;
    struct capture_unit *behind; /* NULL: it is; else it waits for that one's call to come back */
    char *kept;                  /* what it has printed since, as far as there is room */
    size_t kept_n;
    int64_t lost; /* the rest */
    bw_time lost_since;
    bool reopen;
    struct capture_command *first, **last; /* what it is told meanwhile */
};

struct capture_unit {
    struct list mine;                /* the loop's: of c->units */
    struct list all, ready, trouble; /* the thread's: of all; may be read; must be tried again */
    struct capture *c;
    struct capture_away *away; /* NULL: its disk answers */
    int fifo;
    int room;    /* of the pipe; 0: not made greater yet */
    bool hot;    /* printing much: not watched, read at each turn */
    int calm;    /* turns in a row that gave little */
    bool within; /* a line: of what is stamped */
    dev_t dev;   /* of its file, when it was last written; 0: not yet */
    /* The disk side; name, path and policy are constant while it is away. */
    char *name, *path; /* path NULL: no file */
    struct capture_policy policy;
    struct logfile file;
    bool is_open; /* the file has been opened once */
    struct capture_gap gap, late;
    struct capture_hand *hand; /* NULL: it has printed nothing yet */
    char *held;                /* to be written first: CAPTURE_BLOCK, or kept while it was away */
    size_t held_n;
    struct capture_ring tail;        /* under c->tails */
    struct capture_expect *expect;   /* the thread's */
    struct capture_expect *expected; /* the loop's */
    int64_t life;                    /* the loop's: its bytes when this life began; -1: not known */
    _Atomic int64_t bytes, lost_bytes, losses, rotations;
    _Atomic bw_time hangs_since; /* 0: its disk answers */
};

enum capture_verb {
    CAPTURE_CHANGE,
    CAPTURE_REMOVE,
    CAPTURE_SYNC,
    CAPTURE_EXPECT,
    CAPTURE_REOPEN,
    CAPTURE_ADD,
    CAPTURE_BACK, /* from a stuck worker: its call has come back, the unit is yours again */
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

/* A thread that reads. */
struct capture_worker {
    struct capture *c;
    pthread_t thread;
    uint64_t ticket;        /* of its disk call */
    struct capture_unit *u; /* it is for */
    char *piece;
    struct bw_buf out; /* stamped lines */
};

struct capture_guard { /* the loop's; outlives the capture while its post is on its way */
    struct loop_post post;
    struct loop_timer timer;
    struct capture *c; /* NULL: has gone */
    uint64_t seen;     /* disk, at the last look; */
    int looks;         /* so often the same odd number */
    bw_time since;     /* when it was seen first */
    unsigned told;     /* so many units hang */
    bool armed;
};

struct capture {
    struct loop *loop;
    void (*hangs)(void *arg, unsigned n);
    void *arg;
    struct list units; /* the loop's */
    struct logfile_budget budget;
    struct capture_worker *worker; /* at work; the guard's */
    struct capture_guard *guard;
    int epoll, wake;
    _Atomic uint64_t disk;   /* odd: the worker is in a disk call */
    _Atomic bool guarded;    /* somebody looks at it */
    _Atomic unsigned away_n; /* units */
    pthread_mutex_t lock;    /* of the next lines */
    pthread_cond_t changed;  /* ended, ending, stuck_n */
    struct capture_command *first, **last;
    unsigned stuck_n; /* workers in a call that has been given up */
    bool ending;      /* CAPTURE_END has been seen: who is not away has gone */
    bool ended;       /* the worker is, or is about to be */
    bool given_up;    /* it is to end though some are away */
    bool left;        /* by the loop: the last stuck worker clears away */
    pthread_mutex_t tails;
    /* the thread's: */
    struct list all, ready, trouble;
    struct list now, tried;          /* of this turn, of this retry */
    struct list stuck;               /* struct capture_away */
    struct capture_command *obeying; /* not done yet */
    struct capture_unit *taken;      /* the unit of the call that was given up */
    struct capture_hands *hands;     /* NULL: not noted */
    int64_t retry_at;
    bool hurry; /* a pipe was nearly full in the last turn */
    bool told;  /* there may be commands */
};

/* capture.c */
struct capture_command *capture_command_new(enum capture_verb verb, struct capture_unit *u);
void capture_tell(struct capture *c, struct capture_command *k);
void capture_wake(struct capture *c);
void capture_release(struct capture *c); /* nobody is at work, nothing is left in it */

/* capture_thread.c */
bool capture_worker_start(struct capture *c, struct bw_err *e); /* it is c->worker then */
void capture_worker_free(struct capture_worker *w);
void capture_make_ready(struct capture_unit *u);
void capture_expect_back(struct capture_unit *u); /* to the loop */
/* False: the call was given up, nothing may be touched any more. */
bool capture_drain(struct capture_worker *w, struct capture_unit *u);
bool capture_try(struct capture_worker *w, struct capture_unit *u);
bool capture_shut(struct capture_worker *w, struct capture_unit *u); /* its file */
void capture_tell_soon(struct capture_unit *u);                      /* tried again at once */

/* capture_obey.c */
bool capture_obey_all(struct capture_worker *w);
void capture_command_free(struct capture_command *k);
/* All there is of commands and units, when nobody is at work. */
void capture_clear(struct capture *c);

/* capture_guard.c */
struct capture_guard *capture_guard_new(struct capture *c);
void capture_disk_enter(struct capture_worker *w, struct capture_unit *u);
bool capture_disk_leave(struct capture_worker *w); /* ours */
/* By the loop. *Waits* until the worker has ended, or what is away is given up. True: nobody is
 * left in a call. */
bool capture_guard_end(struct capture *c);
bool capture_is_over(struct capture *c); /* by the worker: it is to end */
/* By a worker whose call was given up, when it has come back. */
void capture_stuck_back(struct capture_worker *w);

/* capture_away.c */
/* By the new worker: c->taken, and who shares its disk. */
void capture_away_begin(struct capture *c);
void capture_away_look(struct capture_unit *u); /* it is new, or has a new path */
void capture_away_end(struct capture_unit *stuck);
void capture_away_forget(struct capture_unit *u);
/* Around a read of max bytes at most. bytes: as they would be written. */
void capture_away_reads(struct capture_unit *u, size_t max);
void capture_away_keep(struct capture_unit *u, bw_str bytes, size_t max);
void capture_away_later(struct capture_unit *u, struct capture_command *k);

/* Each line begins with its time, if the policy says so. In out, or bytes as they are. */
bw_str capture_stamped(struct capture_unit *u, bw_str bytes, struct bw_buf *out);
/* Bytes of a unit: into its file, or counted as lost. */
void capture_write(struct capture_unit *u, bw_str bytes);
/* Once more, what could not be written. */
void capture_retry(struct capture_unit *u);
void capture_close(struct capture_unit *u); /* its file */
/* A hole: n bytes lost since then. */
void capture_gap_add(struct capture_gap *g, int64_t n, bw_time since, int sys);
static inline bool capture_owes(const struct capture_unit *u)
{
    return u->held || u->gap.since || u->late.since;
}

/* capture_hand.c: figures are sums of the disk side's part and what is kept or lost meanwhile. */
struct capture_hands *capture_hands_open(const char *path);
void capture_hands_close(struct capture_hands *h); /* NULL is fine */
void capture_hand_inherit(struct capture_unit *u);
void capture_hand_reads(struct capture_unit *u, size_t n);  /* n at most are being read; 0: done */
void capture_hand_take(struct capture_unit *u);             /* a slot, if it has none */
void capture_hand_holds(struct capture_unit *u, int64_t n); /* so many more, or fewer */
void capture_hand_loses(struct capture_unit *u, int64_t n, bw_time since, int sys); /* the same */
void capture_hand_removed(struct capture_unit *u, int64_t n);
void capture_hand_told(struct capture_unit *u, const struct capture_gap *g);
void capture_hand_leave(struct capture_unit *u);

void capture_tail_add(struct capture_ring *r, bw_str bytes);
/* Is it in the last n bytes already? */
bool capture_tail_has(const struct capture_ring *r, struct capture_expect *x, int64_t n);
/* Before they are added to the tail: do they end what is waited for? */
bool capture_tail_meets(const struct capture_ring *r, struct capture_expect *x, bw_str bytes);

#endif
