/* angel.h: a program that supervises programs of its own: started, watched, captured, started again
 * with backoff, stopped with all they have started, as `burrow angel run` does it, from the same
 * settings (docs/angel.md). It works on a thread of its own; calls come from any other thread or
 * fiber, and *wait* for that thread.
 *
 * The services are children of this program and end with the angel, at bw_angel_close. The program
 * leaves them to it: it does not wait for children it did not start (no waitpid(-1)) and does not
 * ignore SIGCHLD. */
#ifndef BURROW_ANGEL_H
#define BURROW_ANGEL_H

#include <burrow/time.h>

struct bw_angel;

/* Something has happened. Texts are valid during the call. */
struct bw_angel_event {
    uint64_t seq; /* counts up by one */
    bw_time at;
    const char *unit; /* "api", "api#2"; "" = of the angel itself */
    const char *kind; /* "started", "ready", "exited", "stopped", "failed", … */
    const char *text; /* a sentence */
};

struct bw_angel_opts {
    const char *file; /* settings: a file, or a folder of them; NULL: `settings` is their text */
    bw_str settings;  /* {"Services": [ … ]}; paths start at the current folder */
    /* A folder for captured output, crash reports and queued notices, made when it is missing; no
     * two angels share one. NULL: none of these, the services write where this program writes. */
    const char *state;
    /* On the angel's thread, in order; must not call the angel. NULL: events go to the log. */
    void (*event)(void *arg, const struct bw_angel_event *ev);
    void *arg;
};

/* *Waits* until the settings are found good and the services are being started. */
BW_API struct bw_angel *bw_angel_open(const struct bw_angel_opts *o, struct bw_err *e);
/* *Waits* until all services have been stopped, in order and with all they have started. No other
 * call may be under way. NULL is fine. */
BW_API void bw_angel_close(struct bw_angel *a);

/* By name: a unit with all of its replicas, or one of them ("api#2"). These come back before it is
 * done; what is stopped stays so until it is started. */
BW_API bool bw_angel_start(struct bw_angel *a, const char *name, struct bw_err *e);
BW_API bool bw_angel_stop(struct bw_angel *a, const char *name, struct bw_err *e);
BW_API bool bw_angel_restart(struct bw_angel *a, const char *name, struct bw_err *e);
BW_API bool bw_angel_signal(struct bw_angel *a, const char *name, int signal, struct bw_err *e);

/* *Waits*; name NULL: all. False (BW_LATE) after so many ms, and at once (BW_CONFLICT) when it is
 * not to come; e says where things stand. */
BW_API bool bw_angel_wait_ready(struct bw_angel *a, const char *name, int64_t ms, struct bw_err *e);
/* Until nothing of it runs and it is not to be started again. */
BW_API bool bw_angel_wait_ended(struct bw_angel *a, const char *name, int64_t ms, struct bw_err *e);

/* One replica. */
struct bw_angel_unit {
    char name[64], unit[64]; /* "api#2", "api" */
    const char *state;       /* constant: "ready", "backoff", "stopped", … */
    bool ready, wanted;
    int64_t pid;             /* 0: none */
    uint64_t runs, restarts; /* so many starts; those after it had ended by itself */
    bw_time since, next;     /* in this state; of its next start, 0 = none is due */
    char why[256];           /* a sentence */
    char last_exit[128];     /* "exit code 7"; "" = it never ended */
};
BW_API bool bw_angel_look(struct bw_angel *a, const char *name, struct bw_angel_unit *out,
                          struct bw_err *e);
/* Copies the first n; how many there are. */
BW_API size_t bw_angel_list(struct bw_angel *a, struct bw_angel_unit *out, size_t n);
/* Appends why it is as it is: the chain of causes in sentences, one a line. */
BW_API bool bw_angel_why(struct bw_angel *a, const char *name, struct bw_buf *out,
                         struct bw_err *e);

/* *Waits.* Puts other settings in force: only what differs is started, stopped or restarted, and
 * what does not get ready with them gets its old ones back (BW_CONFLICT). text.p NULL: the file is
 * read again. */
BW_API bool bw_angel_apply(struct bw_angel *a, bw_str text, struct bw_err *e);

#endif
