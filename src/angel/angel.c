/* angel.c: burrow/angel.h: a loop on a thread of its own, hands in this process, the brain between.
 * Every call is posted to that loop and runs there on a fiber; the caller waits for its answer. */
#include <burrow/angel.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "angel/brain.h"
#include "angel/hands.h"
#include "core/clock.h"
#include "net/fiber.h"
#include "net/wait.h"
#include "os/file.h"

struct bw_angel {
    struct bw_angel_opts opts;
    char *file, *state; /* of opts, ours */
    struct loops *loops;
    struct loop *loop;
    pthread_t thread;
    struct hands *hands;
    struct brain *brain;
    struct brain_listener listener;
    struct wait *stopping;
};

/* ---- calls ---- */

struct call {
    struct loop_post post;
    struct bw_angel *a;
    bool (*fn)(struct bw_angel *a, struct call *c, struct bw_err *e);
    struct wait done;
    bool ok;
    struct bw_err *e;
    const char *name; /* what it is about: each fn knows which of these it needs */
    int number;
    int64_t deadline;
    bw_str text;
    struct bw_angel_unit *units;
    size_t n;
    struct bw_buf *out;
};

static void run_call(void *arg)
{
    struct call *c = arg;
    c->ok = c->fn(c->a, c, c->e);
    wait_wake(&c->done);
}

static void begin_call(struct loop_post *p)
{
    struct call *c = LIST_OWNER(p, struct call, post);
    if (!fiber_start(run_call, c, c->e))
        wait_wake(&c->done);
}

static bool call(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    struct bw_err none;
    bw_must(loop_current() != a->loop); /* from the event function: it would wait for itself */
    c->a = a;
    c->e = e ? e : &none;
    c->post.fn = begin_call;
    wait_init(&c->done);
    loop_post(a->loop, &c->post);
    wait_for(&c->done, WAIT_SURE);
    return c->ok;
}

/* ---- settings ---- */

static bool read_settings(struct bw_angel *a, bw_str text, struct angel_conf *c, struct bw_err *e)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here - 1))
        return bw_fail_sys(e, errno, "finding the current folder");
    size_t n = strlen(here);
    here[n] = '/';
    here[n + 1] = 0;
    const struct angel_text t = {.file = "settings", .text = text, .base = here};
    bool ok = text.p    ? angel_conf_parse_at(c, &t, a->state, e)
              : a->file ? angel_conf_load_at(c, a->file, a->state, e)
                        : bw_fail(e, BW_BAD, "neither a file nor a text of settings is given");
    if (!ok)
        return false;
    if (!a->state)
        c->state = NULL;
    return true;
}

struct reading {
    struct bw_angel *a;
    bw_str text;
    struct angel_conf *conf;
    struct bw_err *e;
    bool ok;
};

static void read_on_worker(void *arg)
{
    struct reading *r = arg;
    r->ok = read_settings(r->a, r->text, r->conf, r->e);
}

static struct angel_conf *settings(struct bw_angel *a, bw_str text, struct bw_err *e)
{
    struct angel_conf conf;
    struct reading r = {.a = a, .text = text, .conf = &conf, .e = e};
    worker_run(read_on_worker, &r);
    return r.ok ? angel_conf_own(&conf) : NULL;
}

/* ---- life ---- */

static void stopped(void *arg)
{
    struct bw_angel *a = arg;
    if (a->stopping)
        wait_wake(a->stopping);
}

static void tell(struct brain_listener *l, const struct brain_event *ev)
{
    struct bw_angel *a = LIST_OWNER(l, struct bw_angel, listener);
    a->opts.event(a->opts.arg, &(struct bw_angel_event){.seq = ev->seq,
                                                        .at = ev->at * 1000,
                                                        .unit = ev->unit,
                                                        .kind = ev->kind,
                                                        .text = ev->text});
}

static bool begin(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    struct angel_conf *conf = settings(a, c->text, e);
    if (!conf)
        return false;
    struct hands_opts ho = {.state = conf->state, .socket = -1};
    if ((conf->state &&
         !(file_make_folders(conf->state, e) && file_make_folders(conf->log_folder, e))) ||
        !(a->hands = hands_open(a->loop, &ho, e))) {
        angel_conf_release(conf);
        return false;
    }
    a->brain = brain_open(&(struct brain_opts){.loop = a->loop,
                                               .hands = a->hands,
                                               .conf = conf,
                                               .quiet = a->opts.event != NULL,
                                               .stopped = stopped,
                                               .arg = a},
                          e);
    if (!a->brain) {
        hands_close(a->hands);
        return false;
    }
    list_init(&a->listener.node);
    a->listener.fn = tell;
    if (a->opts.event)
        brain_listen(a->brain, &a->listener);
    brain_begin(a->brain);
    return true;
}

static bool finish(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    struct wait w;
    (void)c;
    (void)e;
    wait_init(&w);
    a->stopping = &w;
    brain_stop(a->brain);
    wait_for(&w, WAIT_SURE);
    list_remove(&a->listener.node);
    brain_close(a->brain);
    hands_close(a->hands);
    return true;
}

static void *run(void *arg)
{
    struct bw_angel *a = arg;
    loops_run(a->loops);
    return NULL;
}

/* Signals are the program's affair, not this thread's. */
static bool start_thread(struct bw_angel *a, struct bw_err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int sys = pthread_create(&a->thread, NULL, run, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sys == 0 || bw_fail_sys(e, sys, "starting the angel's thread");
}

static void end_thread(struct bw_angel *a)
{
    loops_stop(a->loops);
    pthread_join(a->thread, NULL);
}

static void release(struct bw_angel *a)
{
    loops_free(a->loops);
    free(a->file);
    free(a->state);
    free(a);
}

struct bw_angel *bw_angel_open(const struct bw_angel_opts *o, struct bw_err *e)
{
    struct bw_angel *a = calloc(1, sizeof *a);
    bw_must(a);
    a->opts = *o;
    a->file = o->file ? strdup(o->file) : NULL;
    a->state = o->state ? strdup(o->state) : NULL;
    a->loops = loops_new(&(struct loops_opts){.count = 1}, e);
    if (!a->loops)
        goto fail;
    a->loop = loops_at(a->loops, 0);
    if (!start_thread(a, e))
        goto fail;
    if (call(a, &(struct call){.fn = begin, .text = o->file ? (bw_str){.p = NULL} : o->settings},
             e))
        return a;
    end_thread(a);
fail:
    release(a);
    return NULL;
}

void bw_angel_close(struct bw_angel *a)
{
    if (!a)
        return;
    call(a, &(struct call){.fn = finish}, NULL);
    end_thread(a);
    release(a);
}

/* ---- commands ---- */

static bool do_tell(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    return brain_tell(a->brain, c->name, (enum brain_command)c->number, e);
}

bool bw_angel_start(struct bw_angel *a, const char *name, struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_tell, .name = name, .number = BRAIN_START}, e);
}

bool bw_angel_stop(struct bw_angel *a, const char *name, struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_tell, .name = name, .number = BRAIN_STOP}, e);
}

bool bw_angel_restart(struct bw_angel *a, const char *name, struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_tell, .name = name, .number = BRAIN_RESTART}, e);
}

static bool do_signal(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    return brain_signal(a->brain, c->name, c->number, e);
}

bool bw_angel_signal(struct bw_angel *a, const char *name, int signal, struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_signal, .name = name, .number = signal}, e);
}

static bool do_apply(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    struct angel_conf *conf = settings(a, c->text, e);
    return conf && brain_apply(a->brain, conf, e);
}

bool bw_angel_apply(struct bw_angel *a, bw_str text, struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_apply, .text = text}, e);
}

/* ---- waiting ---- */

static bool do_wait_ready(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    return brain_wait_ready(a->brain, c->name, c->deadline, e);
}

static bool do_wait_ended(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    return brain_wait_ended(a->brain, c->name, c->deadline, e);
}

bool bw_angel_wait_ready(struct bw_angel *a, const char *name, int64_t ms, struct bw_err *e)
{
    struct call c = {.fn = do_wait_ready, .name = name, .deadline = clock_mono() + ms * CLOCK_MS};
    return call(a, &c, e);
}

bool bw_angel_wait_ended(struct bw_angel *a, const char *name, int64_t ms, struct bw_err *e)
{
    struct call c = {.fn = do_wait_ended, .name = name, .deadline = clock_mono() + ms * CLOCK_MS};
    return call(a, &c, e);
}

/* ---- looking ---- */

static void copy(const struct brain_unit *u, struct bw_angel_unit *out)
{
    *out = (struct bw_angel_unit){.state = life_state_name(u->state),
                                  .ready = u->ready,
                                  .wanted = u->wanted,
                                  .pid = u->pid,
                                  .runs = u->runs,
                                  .restarts = u->restarts,
                                  .since = u->since * 1000,
                                  .next = u->next * 1000};
    snprintf(out->name, sizeof out->name, "%s", u->name);
    snprintf(out->unit, sizeof out->unit, "%s", u->unit);
    snprintf(out->why, sizeof out->why, "%s", u->why);
    snprintf(out->last_exit, sizeof out->last_exit, "%s", u->last_exit);
}

static bool do_look(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    struct brain_unit u;
    size_t first;
    if (!brain_find(a->brain, c->name, &first))
        return bw_fail(e, BW_MISSING, "no service '%s'", c->name);
    brain_look(a->brain, first, &u);
    copy(&u, c->units);
    return true;
}

bool bw_angel_look(struct bw_angel *a, const char *name, struct bw_angel_unit *out,
                   struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_look, .name = name, .units = out}, e);
}

static bool do_list(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    struct brain_unit u;
    size_t n = brain_count(a->brain);
    (void)e;
    for (size_t i = 0; i < n && i < c->n; i++) {
        brain_look(a->brain, i, &u);
        copy(&u, &c->units[i]);
    }
    c->n = n;
    return true;
}

size_t bw_angel_list(struct bw_angel *a, struct bw_angel_unit *out, size_t n)
{
    struct call c = {.fn = do_list, .units = out, .n = n};
    return call(a, &c, NULL) ? c.n : 0;
}

static bool do_why(struct bw_angel *a, struct call *c, struct bw_err *e)
{
    return brain_why(a->brain, c->name, c->out, e);
}

bool bw_angel_why(struct bw_angel *a, const char *name, struct bw_buf *out, struct bw_err *e)
{
    return call(a, &(struct call){.fn = do_why, .name = name, .out = out}, e);
}
