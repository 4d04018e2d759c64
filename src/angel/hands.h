/* hands.h: the seam between deciding (brain) and doing (keeper): starts processes, signals and
 * sweeps them, keeps descriptors for later brains. Two kinds: hands_keeper.c speaks to the keeper
 * over its socket; hands_here.c does the work in this process. All calls and events are on the
 * brain's loop; events never come from within a call. Nothing waits.
 *
 * A pid is for people and records; what is signalled is always a pidfd. */
#ifndef ANGEL_HANDS_H
#define ANGEL_HANDS_H

#include <sys/resource.h>
#include <sys/types.h>

#include <burrow/str.h>

#include "os/user.h"

#define HANDS_LISTEN 16 /* listening sockets a child may be given */
#define HANDS_LIMITS 16

struct loop;
struct hands;

struct hands_limit {
    int what; /* RLIMIT_… */
    struct rlimit value;
};

/* One process to start. Everything is borrowed until hands_spawn returns. */
struct hands_spec {
    const char *unit;        /* "api", "api#2": names record, cgroup and marker */
    uint32_t child;          /* the brain's number, unique among all that live */
    uint64_t run;            /* which life of it; counts up */
    bool helper;             /* of an action, probe or notice: killed with the angel, not adopted */
    const char *const *argv; /* argv[0] with a '/': that file; else looked up in PATH of env */
    const char *const
        *env;        /* complete, NULL-terminated; the keeper adds BURROW_UNIT and LISTEN_… */
    const char *cwd; /* NULL: "/" */
    const struct user_ids *user; /* NULL: as the angel */
    mode_t umask;
    int nice;
    struct hands_limit limits[HANDS_LIMITS];
    unsigned n_limits;
    int64_t memory_max, cpu_per_mille, pids_max; /* cgroup, where delegated; 0 = none */
    int in, out, err;                            /* descriptors; -1: /dev/null. Not consumed */
    int listen[HANDS_LISTEN];                    /* become 3, 4, … (LISTEN_FDS) */
    const char *listen_names[HANDS_LISTEN];
    unsigned n_listen;
};

/* Ways to end: exit codes and signals, a bit each. */
struct hands_ends {
    uint64_t signals;
    uint8_t codes[32];
};

struct hands_exit {
    pid_t pid;
    uint64_t run;
    int status;   /* as of waitpid: WIFEXITED, WIFSIGNALED … */
    bool known;   /* false: it was adopted and ended while no angel was its parent: no status */
    bool oom;     /* its cgroup says so */
    bool empty;   /* nothing of its tree lives: there is nothing to sweep */
    bool own_oom; /* and by its own limit */
    int64_t at;   /* monotonic ns */
    struct rusage used;
    bool followed; /* by the standing order: the next run is being started */
};

enum hands_asked {
    HANDS_STOP,   /* SIGTERM, SIGINT: stop everything in order, then hands_done */
    HANDS_RELOAD, /* SIGHUP */
    HANDS_REOPEN, /* SIGUSR1: log files */
    HANDS_STAYS   /* no upgrade: the new program could not take over */
};

struct hands_events {
    /* exec has succeeded */
    void (*spawned)(void *arg, uint32_t child, pid_t pid);
    /* It has not; nothing runs. what: "fork", "exec", "chdir", "user", "cgroup" …; sys: errno */
    void (*failed)(void *arg, uint32_t child, int sys, const char *what);
    /* The main process has ended; others of its tree may live. */
    void (*exited)(void *arg, uint32_t child, const struct hands_exit *x);
    /* A sweep is over: survivors == 0, or so many could not be killed; `names` tells them ("1234
     * (D) dd, …"). */
    void (*swept)(void *arg, uint32_t child, unsigned survivors, const char *names);
    void (*asked)(void *arg, enum hands_asked what);
};

/* Events queue up until hands_listen. */
void hands_listen(struct hands *h, const struct hands_events *ev, void *arg);

/* False: the specification is beyond its bounds (128 KiB of text); all else comes as `failed`. */
bool hands_spawn(struct hands *h, const struct hands_spec *s, struct bw_err *e);
/* Standing orders: when the main process of s->child ends in one of these ways and nothing of its
 * tree is left, s is started at once, before anybody has heard of it: the exit says `followed`,
 * `spawned` or `failed` comes as ever. One per child; it is over with a sweep, release or spawn of
 * the child, when it was carried out, and with the brain. Not kept where something is lacking for
 * it (cgroups, memory, descriptors): then the exit does not say `followed`, and that is all. False:
 * it is beyond its bounds, or there is no keeper. */
bool hands_stand(struct hands *h, const struct hands_spec *s, const struct hands_ends *when);
void hands_stand_down(struct hands *h, uint32_t child);
/* So many more of them may be carried out. */
void hands_credit(struct hands *h, unsigned n);
enum hands_whom { HANDS_MAIN, HANDS_TREE };
/* To a child that has gone: nothing. */
void hands_signal(struct hands *h, uint32_t child, int signal, enum hands_whom whom);
/* KILL to all of its tree, again and again until it is empty or `deadline` (monotonic ns); then
 * `swept`. Also after the main process has ended. */
void hands_sweep(struct hands *h, uint32_t child, int64_t deadline);
/* The number may be used again; its record and cgroup go. After `swept`. */
void hands_release(struct hands *h, uint32_t child);
/* Nothing runs any more: the keeper ends with this exit status. */
void hands_done(struct hands *h, int status);
/* So many logs hang in disk calls: while some do, this process may not end by any signal. */
void hands_hang(struct hands *h, unsigned n);
/* It serves: at first, and after each HANDS_RELOAD (true, or why not). Told to the service manager;
 * status is a sentence for people. */
void hands_ready(struct hands *h, const char *status);
/* A new program was put in the place of ours: the keeper becomes it, children untouched, and this
 * brain is told to leave; or HANDS_STAYS. False: there is no keeper. */
bool hands_upgrade(struct hands *h, struct bw_err *e);
/* GROUP_MEMORY …: what of a child can be limited here (cgroup v2, delegated). */
unsigned hands_limits(const struct hands *h);

/* ---- what outlives a brain ---- */

/* What befell the brain before this one. */
struct hands_before {
    unsigned brains; /* so many of this keeper have ended unasked */
    int status;      /* of the last, as of waitpid */
};
struct hands_before hands_before(const struct hands *h);

/* A child that is there already: of an earlier brain, or adopted. One that has ended, or could not
 * be started, and was not released is among them too: its `exited` or `failed` comes, also when the
 * brain before has heard it. */
struct hands_found {
    char unit[64];
    uint32_t child;
    uint64_t run;
    pid_t pid;
    int64_t started; /* wall ms */
    bool adopted;    /* no angel was there for a while */
};
size_t hands_found(const struct hands *h, const struct hands_found **list);
/* Keeps a duplicate under a name; replaces what was there. */
bool hands_keep(struct hands *h, const char *name, int fd, struct bw_err *e);
/* A duplicate of what is kept, close-on-exec; -1 = nothing under that name. */
int hands_kept(const struct hands *h, const char *name);
void hands_forget(struct hands *h, const char *name);
/* A few bytes per unit the next brain wants to know (backoff, want): at most 256 each. */
bool hands_note(struct hands *h, const char *unit, bw_str bytes, struct bw_err *e);
bw_str hands_noted(const struct hands *h, const char *unit); /* until the next call; n == 0: none */

/* ---- making one ---- */

struct hands_opts {
    const char
        *state;     /* folder: children, out/, lock; NULL, only here: children do not outlive us */
    int socket;     /* to the keeper; -1: do it here */
    bool no_groups; /* here: leave cgroups alone */
    /* This brain is to end at once, its children stay: the keeper has gone or starts a new brain.
     * On the loop, once; never called here. */
    void (*leave)(void *arg);
    void *arg;
};
struct hands *hands_open(struct loop *l, const struct hands_opts *o, struct bw_err *e);
void hands_close(
    struct hands *h); /* children go on where a keeper holds them; here they are swept */

#endif
