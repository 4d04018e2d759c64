/* brood_int.h: what a brood is made of, for the files brood*.c. */
#ifndef ANGEL_BROOD_INT_H
#define ANGEL_BROOD_INT_H

#include "angel/brood.h"
#include "angel/spawn.h"
#include "angel/sweep.h"

#define BROOD_BUCKETS  4096
#define BROOD_UNREAPED 32

enum slot_stage {
    SLOT_FREE,
    SLOT_FAILED, /* nothing runs; waits to be released or started again */
    SLOT_BORN,   /* between fork and exec */
    SLOT_RUNS,
    SLOT_ENDED, /* reported or about to be; its tree may live */
    SLOT_GONE   /* released; its group stays for a moment, since a successor is often near */
};

/* One child. No pointers: it is handed over as it is. Numbers of slots are 1 … CHILDREN_MAX, 0 is
 * none. */
struct slot {
    uint32_t child;
    uint8_t stage, helper, adopted, zombie; /* zombie: ended, the number is still kept */
    uint8_t limbo;                          /* dead, but its tracer has not let go */
    uint8_t events, failed_step, sweeping;
    int32_t failed_sys;
    pid_t pid;
    uint64_t run;
    int32_t pidfd, errors;          /* -1: none */
    uint32_t record;                /* index + 1 */
    uint32_t next;                  /* in its bucket, or in the free list */
    uint32_t event_next, work_next; /* lists; work: needs the timer */
    uint8_t in_events, in_work;
    uint16_t survivors;
    int64_t deadline, again, pause; /* of the sweep; monotonic ns */
    struct group_ooms ooms;
    int64_t at;
    int32_t status;
    uint8_t known, oom, own_oom, empty;
    uint8_t clean;   /* its group was made for it and nothing was killed there */
    uint8_t grouped; /* its tree is in its group; else /proc is swept for it */
    struct rusage used;
    char unit[ORDER_UNIT];
};

struct brood {
    struct slot slots[CHILDREN_MAX + 1];
    uint32_t buckets[BROOD_BUCKETS];
    uint32_t free, top; /* list; slots over top were never used */
    uint32_t events_first, events_last, work_first;
    size_t count, gone; /* slots in use; those of SLOT_GONE among them */
    /* What follows belongs to this process. */
    int epoll, timer, lock;
    bool keeper;
    bool by_hand;                 /* children join their group themselves */
    int unreaped[BROOD_UNREAPED]; /* pidfds of zombies nobody needs: brood_bury */
    unsigned n_unreaped;
    pid_t spared;
    int64_t timer_at;
    struct children children;
    struct groups groups;
    struct rlimit open_files;
    struct sweep_room room;
    struct spawn_marks marks;
};

struct slot *brood_slot(struct brood *b, uint32_t child); /* NULL: none */
struct slot *brood_new_slot(struct brood *b, uint32_t child);
void brood_free_slot(struct brood *b, struct slot *s);
/* Its number may be given to another from now on; it lives on until it is freed. */
void brood_hide(struct brood *b, struct slot *s);
void brood_put_event(struct brood *b, struct slot *s, enum brood_what what);
struct child_record *brood_record(struct brood *b, const struct slot *s);

bool brood_watch(struct brood *b, struct slot *s); /* its pidfd, from now on */
/* The pidfd says so, or somebody suspects it. */
void brood_check_end(struct brood *b, struct slot *s);
void brood_check_start(struct brood *b, struct slot *s);
/* What its group tells of its end: was it for memory, is all of its tree gone? */
void brood_ask_group(struct brood *b, struct slot *s);
void brood_let_go(struct brood *b, struct slot *s); /* zombie, pidfd, record */

void brood_make_sweep(struct brood *b, const struct slot *s, struct sweep *out);
void brood_add_work(struct brood *b, struct slot *s, int64_t when);
void brood_work(struct brood *b); /* what the timer is for */
void brood_adopt(struct brood *b);
void brood_forget(struct brood *b, struct slot *s); /* SLOT_GONE is over */

#endif
