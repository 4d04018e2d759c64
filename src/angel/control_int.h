/* control_int.h: what the files of the control API share. Private to angel. */
#ifndef ANGEL_CONTROL_INT_H
#define ANGEL_CONTROL_INT_H

#include <burrow/json.h>

#include "angel/control.h"
#include "net/http_server.h"
#include "net/wait.h"

struct control {
    struct control_opts o;
    struct http_server *local, *tcp; /* tcp: NULL = not asked for */
    struct tls_context *tls;         /* of tcp; NULL = none */
    char local_url[256], tcp_url[256];
    int64_t began;             /* wall ms */
    struct list waiters;       /* control_waiter */
    struct control_file *file; /* the page as a file; NULL = not asked for */
    bool ending;
    unsigned undrained;
    void (*done)(void *arg);
    void *done_arg;
};

/* One request. */
struct control_ask {
    struct control *c;
    struct brain *b;
    struct http_req *rq;
    struct http_res *rs;
    const char *name; /* what stood for "*", decoded; NULL = none */
    struct bw_json_writer w;
};

typedef bool control_fn(struct control_ask *k, struct bw_err *e);

struct control_endpoint {
    const char *method, *path, *help;
    control_fn *run;
};
extern const struct control_endpoint control_endpoints[]; /* ended by method == NULL */

#define ENDPOINT(id, method, path, help) control_fn control_at_##id;
#include "angel/control.def"
#undef ENDPOINT

/* control_file.c: writes the page to where StateFile says, a second after something has happened.
 */
struct control_file *control_file_new(struct control *c);
void control_file_free(struct control_file *f);

/* ---- helpers of endpoints ---- */

/* A parameter of the query, decoded, NUL behind it; NULL when not given ("" without a value). */
const char *control_param(struct control_ask *k, const char *name);
/* A whole number of seconds as ns; false with an error when it is none. */
bool control_seconds(struct control_ask *k, const char *name, int64_t otherwise, int64_t *ns,
                     struct bw_err *e);
/* The answer is JSON, written by k->w. */
struct bw_json_writer *control_json(struct control_ask *k);
/* The replicas that k->name means; BW_MISSING names the nearest. */
bool control_find(struct control_ask *k, size_t *first, size_t *n, struct bw_err *e);
void control_write_unit(struct bw_json_writer *w, const struct brain_unit *u);
void control_write_event(struct bw_json_writer *w, const struct brain_event *ev);

/* Waits for the next event. */
struct control_waiter {
    struct brain_listener listener;
    struct list node; /* of the control */
    struct wait wait;
    bool waiting, woken;
};
void control_wait_begin(struct control_ask *k, struct control_waiter *w);
/* *Waits.* For an event since the last call; false at the deadline, when the client has gone, or
 * when the angel ends. */
bool control_wait(struct control_ask *k, struct control_waiter *w, int64_t deadline);
void control_wait_end(struct control_waiter *w);

#endif
