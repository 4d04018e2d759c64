/* brain_int.h: the brain inside. brain.c: its life; brain_crew.c: what the crew orders;
 * brain_hands.c: what the hands report; brain_start.c: steps and processes; brain_probe.c;
 * brain_set.c: settings → sets and replicas; brain_look.c: what others ask; brain_event.c: the
 * ring; brain_apply.c: new settings; brain_memory.c, brain_spent.c: what the next brain should
 * know. */
#ifndef ANGEL_BRAIN_INT_H
#define ANGEL_BRAIN_INT_H

#include "angel/action.h"
#include "angel/brain.h"
#include "angel/crew.h"
#include "angel/group.h"
#include "angel/mapfile.h"
#include "angel/notice.h"
#include "angel/probe.h"
#include "core/clock.h"
#include "core/list.h"
#include "net/fiber.h"
#include "net/wait.h"

#define BRAIN_NAME   64
#define BRAIN_EVENTS 512
#define SWEEP_TIME   (10 * CLOCK_SECOND)

struct replica;

/* Start, stop or watch steps under way, on a fiber. Outlives the run it was begun for by the moment
 * its cancellation takes. */
struct steps {
    struct list node; /* first: in replica.steps */
    struct replica *r;
    struct fiber *fiber;
    uint64_t run;
    bool over;         /* its run has ended, or is to: it says nothing more */
    struct wait *wait; /* for the process to be born */
    bool born, unborn;
    const struct action_steps *list;
    const struct unit_conf *conf; /* that this is a list of */
};

/* How its last process ended. Most have none: memory is taken for the first. */
struct replica_end {
    struct hands_exit exit;
    int64_t started; /* when what ended had begun */
    char words[128];
};
extern const struct replica_end brain_no_end;

/* One replica of a unit. Its number in the crew is its place in brain.replicas. */
struct replica {
    struct brain *brain;
    const struct unit_conf *conf;
    char name[BRAIN_NAME]; /* "api", or "api#2" */
    uint32_t number;       /* from 1 */
    uint32_t slot, child;  /* in the crew; for the hands */
    uint64_t run;          /* of the process */
    uint64_t runs, restarts;
    uint32_t spent; /* brain_spent.c: its record, from 1; 0: no restart is under way */
    pid_t pid;
    int64_t since, started, next; /* wall ms */
    bool held;                    /* the hands know this child: it must be released */
    bool empty;                   /* nothing of its tree is left */
    bool told;                    /* it is to end: how it ends is no news */
    bool bare;                    /* its steps start no process that stays */
    bool steps_done, probe_well;  /* both: READY */
    bool removed;                 /* to be forgotten when it has stopped */
    bool standing;                /* the hands have a standing order for it */
    bool follows;                 /* they have carried it out: the next start is made already */
    bool troubled;                /* people were told of trouble */
    bool hangs;                   /* told that its log's disk does not answer */
    unsigned unlimited;           /* GROUP_MEMORY …: told that it runs without these limits */
    unsigned syncing;             /* what it printed is being waited for */
    int64_t watch_failures;
    struct list steps; /* struct steps */
    struct capture_unit *output;
    struct prober *prober;
    const struct unit_conf *probed; /* what the prober was begun with */
    struct loop_timer timer, watch_timer;
    char why[256];
    const struct replica_end *last; /* brain_no_end, or its own */
};

struct pending {
    uint32_t slot;
    enum life_event ev; /* LIFE_EVENT_COUNT: leave */
};

struct brain {
    struct loop *loop;
    struct hands *hands;
    struct angel_conf *conf;
    VEC(struct angel_conf *) old; /* settings that some replica may still point into */
    bool applying;
    struct brain_opts opts;
    struct crew crew;
    struct mapfile spent;           /* fd -1: not kept */
    VEC(struct replica *) replicas; /* by slot; NULL: free */
    VEC(struct replica *) by_child; /* by number of child; NULL: none */
    VEC(struct replica *) in_order; /* as people see them */
    VEC(char *) set_names;          /* by set; owned */
    VEC(struct pending) pending;
    bool working; /* pending is being worked off */
    struct helpers *helpers;
    struct capture *capture;
    struct notices *notices;
    struct notify_socket *notify;
    bool stopping, stopped, degraded;
    unsigned credit; /* standing orders the hands may carry out: places reserved in the budget */
    enum brain_upgrade upgrade;
    int status; /* what the angel ends with */
    struct loop_timer stop_timer;
    struct brain_event *ring;
    unsigned syncing, reports; /* crash reports: output waited for, being written */
    uint64_t first, seq;       /* of this brain's first event, of the next one */
    struct list listeners, waiters;
};

struct replica *brain_replica(const struct brain *b, uint32_t slot);
struct replica *brain_by_child(const struct brain *b, uint32_t child);

/* An event of a life, and all that follows from it. From anywhere on the loop. */
void brain_post(struct replica *r, enum life_event ev);
void brain_settle(struct brain *b);   /* what others have put into `pending` */
void brain_let_go(struct replica *r); /* to stop when none leans on it any more */

/* ---- brain_event.c ---- */
void brain_events_begin(struct brain *b);
/* "MemoryMax, PidsMax": of GROUP_MEMORY …. */
const char *brain_limit_names(unsigned which, char out[48]);
void brain_say(struct brain *b, const struct replica *r, const char *kind, const char *fmt, ...)
    BW_PRINTF(4, 5);
/* The same, and to the people of its Notify. */
enum brain_news { NEWS_BAD, NEWS_GOOD };
void brain_tell_people(struct brain *b, struct replica *r, enum brain_news news, const char *kind,
                       const char *text);
void brain_wake(struct brain *b); /* something has changed: waiters look again */

/* ---- brain_crew.c ---- */
void brain_order(void *arg, const struct crew_order *o);

/* ---- brain_hands.c ---- */
extern const struct hands_events brain_hands_events;
/* What the policy of its settings makes of an end: AGAIN, FINAL, OVER. */
enum life_event brain_sense(const struct unit_conf *c, const struct hands_exit *x);

/* ---- brain_start.c ---- */
void replica_start(struct replica *r);         /* CREW_SPAWN */
void replica_term(struct replica *r);          /* CREW_TERM */
void replica_sweep(struct replica *r);         /* CREW_SWEEP */
void replica_born(struct replica *r, bool ok); /* what became of the spawn */
void replica_end_steps(struct replica *r);
/* List done, one after another, on a fiber; done(s, e): e is NULL when all went well. */
bool replica_signal(struct replica *r, int number, struct bw_err *e);

/* The process alone, now; `when`: whenever it has ended so, as a standing order for the next run.
 */
bool replica_spawn(struct replica *r, const struct hands_ends *when, struct bw_err *e);

/* ---- brain_stand.c ---- */
/* It has proved itself: where its next start can be promised, it is. */
void replica_stand(struct replica *r);
void replica_stand_down(struct replica *r); /* it is to end, or its settings are others */
/* It has ended, and its successor is being started: the next start, or, where it is not wanted any
 * more, swept with what is left. */
void replica_is_followed(struct replica *r);
void brain_stand_all(struct brain *b); /* who has proved itself and has none */

/* ---- brain_probe.c ---- */
void replica_watch(struct replica *r);   /* CREW_WATCH */
void replica_unwatch(struct replica *r); /* its process has ended, or is to */
void replica_look_ready(struct replica *r);

/* ---- brain_set.c ---- */
void brain_make_sets(struct brain *b, struct angel_conf *c); /* index lists live in c's arena */
uint32_t brain_set(struct brain *b, const char *unit);       /* made when it is new */
void brain_make_set(struct brain *b, struct angel_conf *c, const struct unit_conf *u);
void brain_replica_name(const struct unit_conf *u, uint32_t number, char out[BRAIN_NAME]);
bool replica_log_policy(struct replica *r, struct bw_err *e); /* as its settings are now */
struct replica *replica_new(struct brain *b, const struct unit_conf *u, uint32_t number,
                            const struct hands_found *found, struct bw_err *e);
void replica_free(struct replica *r);
void replica_drop(struct replica *r); /* its memory alone */
/* Those to be forgotten that have stopped. */
void brain_forget_removed(struct brain *b);
struct replica *brain_named(const struct brain *b, const char *name);
const struct unit_conf *brain_unit_conf(const struct angel_conf *c, const char *name);
void brain_put_in_order(struct brain *b);

/* ---- brain.c ---- */
void brain_not_upgraded(struct brain *b);

/* ---- brain_apply.c ---- */
void brain_own_units(struct angel_conf *c);
/* Settings that nobody points into any more; all: also those in force. */
void brain_free_confs(struct brain *b, bool all);

/* ---- brain_listen.c ---- */
/* The socket of one Listen of a unit, kept by the hands; -1 with e. */
int brain_socket(struct brain *b, const struct unit_conf *u, size_t i, struct bw_err *e);

/* ---- brain_spent.c ---- */
void brain_spent_open(struct brain *b, const char *state);
void brain_spent_recall(struct brain *b); /* into the budgets; when all replicas are there */
void brain_spent_note(struct replica *r); /* its restart may have begun, or happened */

/* ---- brain_memory.c ---- */
void replica_remember(struct replica *r);
/* True when it is to run (also when nothing is known). */
bool replica_recall(struct replica *r);

#endif
