/* brain_start.c: how a replica is started and ended: its steps, one after another on a fiber, and
 * the process itself. The usual service has no steps but the process: then no fiber is taken, and a
 * restart is one message to the hands. */
#include "angel/brain_int.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_current(const struct steps *s)
{
    return !s->over && s->run == s->r->run;
}

/* ---- the process ---- */

/* The environment of the settings and what only the angel knows. */
static const char *const *environment(struct replica *r, struct bw_arena *a)
{
    const struct brain *b = r->brain;
    size_t n = 0;
    while (r->conf->env[n])
        n++;
    const char **env = BW_NEW_N(a, const char *, n + 3);
    int64_t watchdog = probe_watchdog(r->conf);
    memcpy(env, r->conf->env, n * sizeof *env);
    if (b->notify)
        env[n++] = bw_arena_printf(a, "NOTIFY_SOCKET=%s", notify_socket_path(b->notify)).p;
    if (b->notify && watchdog)
        env[n++] = bw_arena_printf(a, "WATCHDOG_USEC=%lld", (long long)(watchdog / 1000)).p;
    return env;
}

/* What its output goes to: the FIFO that is captured; where nothing is, `own`, a descriptor of this
 * program's. */
static int output(const struct replica *r, int own)
{
    char path[512];
    if (!r->output)
        return fcntl(own, F_DUPFD_CLOEXEC, 3);
    snprintf(path, sizeof path, "%s/out/%s", r->brain->conf->state, r->name);
    return open(path, O_RDWR | O_CLOEXEC);
}

static bool sockets(struct replica *r, struct hands_spec *s, struct bw_err *e)
{
    for (size_t i = 0; i < r->conf->n_listen && i < HANDS_LISTEN; i++) {
        int fd = brain_socket(r->brain, r->conf, i, e);
        if (fd < 0)
            return false;
        s->listen[s->n_listen] = fd;
        s->listen_names[s->n_listen++] = r->conf->listen[i].name;
    }
    return true;
}

bool replica_spawn(struct replica *r, const struct hands_ends *when, struct bw_err *e)
{
    const struct unit_conf *c = r->conf;
    struct bw_arena a;
    bw_arena_init(&a);
    int out = output(r, STDOUT_FILENO), err = r->output ? out : output(r, STDERR_FILENO);
    struct hands_spec s = {.unit = r->name,
                           .child = r->child,
                           .run = r->run + (when != NULL),
                           .argv = c->argv,
                           .env = environment(r, &a),
                           .cwd = c->cwd,
                           .user = c->user,
                           .umask = c->umask,
                           .nice = c->nice,
                           .n_limits = c->n_limits,
                           .memory_max = c->memory_max,
                           .cpu_per_mille = c->cpu_per_mille,
                           .pids_max = c->pids_max,
                           .in = -1,
                           .out = out,
                           .err = err};
    if (c->n_limits)
        memcpy(s.limits, c->limits, c->n_limits * sizeof *c->limits);
    bool ok = sockets(r, &s, e);
    if (r->output && !when)
        capture_life(r->output, r->syncing == 0);
    if (ok && when)
        ok = hands_stand(r->brain->hands, &s, when);
    else if (ok)
        ok = hands_spawn(r->brain->hands, &s, e);
    r->held |= ok;
    for (unsigned i = 0; i < s.n_listen; i++)
        close(s.listen[i]);
    if (err >= 0 && err != out)
        close(err);
    if (out >= 0)
        close(out);
    bw_arena_release(&a);
    return ok;
}

/* ---- steps ---- */

bool replica_signal(struct replica *r, int number, struct bw_err *e)
{
    if (!r->pid)
        return bw_fail(e, BW_CONFLICT, "%s does not run, so nothing can be signalled", r->name);
    hands_signal(r->brain->hands, r->child, number, HANDS_MAIN);
    return true;
}

static bool step_signal(void *arg, int number, struct bw_err *e)
{
    return replica_signal(arg, number, e);
}

/* The process among the start steps: until it is born or is not. */
static bool step_process(struct steps *s, struct bw_err *e)
{
    struct wait w;
    if (!replica_spawn(s->r, NULL, e))
        return false;
    wait_init(&w);
    s->wait = &w;
    enum wait_result how = s->born || s->unborn ? WAIT_WOKEN : wait_for(&w, 0);
    s->wait = NULL;
    return how == WAIT_WOKEN && s->born ? true : bw_fail(e, BW_GONE, "%s", s->r->why);
}

static bool run_step(struct steps *s, const struct action_step *step, struct bw_err *e)
{
    struct replica *r = s->r;
    if (step->kind == &action_start)
        return step_process(s, e);
    if (step->kind == &action_stop) {
        hands_signal(r->brain->hands, r->child, r->conf->stop_signal, HANDS_MAIN);
        return true;
    }
    struct action_world w = {.helpers = r->brain->helpers,
                             .conf = s->conf,
                             .unit = r->name,
                             .patient = s->list == &s->conf->start,
                             .signal = step_signal,
                             .arg = r};
    return action_run(step, &w, e);
}

/* Those of a stop are all attempted: the next one may be what helps. */
static bool run_all(struct steps *s, bool go_on, struct bw_err *e)
{
    bool ok = true;
    for (size_t i = 0; i < s->list->n && is_current(s); i++) {
        const struct action_step *step = &s->list->p[i];
        if (run_step(s, step, e))
            continue;
        ok = false;
        if (!is_current(s))
            break;
        brain_say(s->r->brain, s->r, "step", "step %s: %s", step->text, e->text);
        if (!go_on)
            break;
    }
    return ok;
}

static bool has_process(const struct action_steps *list)
{
    if (!list->n)
        return true;
    for (size_t i = 0; i < list->n; i++)
        if (list->p[i].kind == &action_start)
            return true;
    return false;
}

static struct steps *steps_new(struct replica *r, const struct action_steps *list)
{
    struct steps *s = calloc(1, sizeof *s);
    bw_must(s);
    *s = (struct steps){.r = r, .run = r->run, .list = list, .conf = r->conf};
    list_push_back(&r->steps, &s->node);
    return s;
}

static void steps_free(struct steps *s)
{
    list_remove(&s->node);
    free(s);
}

static void start_on_fiber(void *arg)
{
    struct steps *s = arg;
    struct replica *r = s->r;
    struct bw_err e = {.code = BW_OK};
    s->fiber = fiber_current();
    bool ok = run_all(s, false, &e), current = is_current(s), born = s->born;
    bool unborn = s->unborn;
    steps_free(s);
    if (!current) {
        brain_settle(r->brain); /* who was to be forgotten, or the end, may have waited for it */
        return;
    }
    if (!ok && !unborn) {
        if (!born)
            snprintf(r->why, sizeof r->why, "a start step failed: %.200s", e.text);
        brain_post(r, born ? EVENT_SICK : EVENT_UNBORN);
    } else if (ok) {
        if (r->bare)
            brain_post(r, EVENT_SPAWNED);
        r->steps_done = true;
        replica_look_ready(r);
    }
}

/* Told to end before its process was even asked for. */
static void never_started(struct replica *r)
{
    *vec_push(&r->brain->pending) = (struct pending){r->slot, EVENT_UNBORN};
}

static void fail_to_start(struct replica *r, const struct bw_err *e)
{
    snprintf(r->why, sizeof r->why, "it could not be started: %.200s", e->text);
    brain_tell_people(r->brain, r, NEWS_BAD, "unborn", r->why);
    never_started(r);
}

void replica_start(struct replica *r)
{
    struct bw_err e;
    const struct action_steps *list = &r->conf->start;
    r->run++;
    r->runs++;
    r->empty = r->told = r->steps_done = r->probe_well = false;
    r->bare = !has_process(list);
    if (r->follows) { /* its process is being made already */
        r->follows = false;
        if (r->output)
            capture_life(r->output, false);
        r->steps_done = r->held = true;
        return;
    }
    if (!list->n || (list->n == 1 && !r->bare)) {
        r->steps_done = true;
        if (!replica_spawn(r, NULL, &e))
            fail_to_start(r, &e);
        return;
    }
    struct steps *s = steps_new(r, list);
    if (!fiber_start(start_on_fiber, s, &e)) {
        steps_free(s);
        fail_to_start(r, &e);
    }
}

void replica_born(struct replica *r, bool ok)
{
    for (struct list *n = r->steps.next; n != &r->steps; n = n->next) {
        struct steps *s = (struct steps *)n;
        if (!is_current(s) || s->list != &s->conf->start)
            continue;
        s->born = ok;
        s->unborn = !ok;
        if (s->wait)
            wait_wake(s->wait);
        return;
    }
}

void replica_end_steps(struct replica *r)
{
    for (struct list *n = r->steps.next; n != &r->steps; n = n->next) {
        struct steps *s = (struct steps *)n;
        if (s->over)
            continue;
        s->over = true;
        if (s->fiber)
            fiber_cancel(s->fiber);
    }
}

/* ---- the end ---- */

/* Without a process there is nothing to wait for but the steps. */
static void bare_end(struct replica *r)
{
    r->empty = true;
    *vec_push(&r->brain->pending) = (struct pending){r->slot, EVENT_OVER};
}

static void stop_on_fiber(void *arg)
{
    struct steps *s = arg;
    struct replica *r = s->r;
    struct bw_err e = {.code = BW_OK};
    s->fiber = fiber_current();
    run_all(s, true, &e);
    bool current = is_current(s);
    steps_free(s);
    if (!current) {
        brain_settle(r->brain);
    } else if (r->bare) {
        r->empty = true;
        brain_post(r, EVENT_OVER);
    }
}

static bool start_is_under_way(const struct replica *r)
{
    for (struct list *n = r->steps.next; n != &r->steps; n = n->next) {
        const struct steps *s = (struct steps *)n;
        if (is_current(s) && s->list == &s->conf->start && !r->held && !s->born)
            return true;
    }
    return false;
}

void replica_term(struct replica *r)
{
    const struct action_steps *list = &r->conf->stop;
    struct bw_err e;
    bool early = start_is_under_way(r);
    r->told = true;
    replica_stand_down(r);
    replica_unwatch(r);
    replica_end_steps(r);
    if (early) {
        never_started(r);
        return;
    }
    bool plain = !list->n || (list->n == 1 && list->p[0].kind == &action_stop);
    if (plain && r->bare) {
        bare_end(r);
        return;
    }
    if (plain) {
        hands_signal(r->brain->hands, r->child, r->conf->stop_signal, HANDS_MAIN);
        return;
    }
    struct steps *s = steps_new(r, list);
    if (fiber_start(stop_on_fiber, s, &e))
        return;
    steps_free(s); /* no fiber to be had: the signal alone */
    hands_signal(r->brain->hands, r->child, r->conf->stop_signal, HANDS_MAIN);
}

void replica_sweep(struct replica *r)
{
    replica_stand_down(r);
    if (r->empty || !r->held) {
        *vec_push(&r->brain->pending) = (struct pending){r->slot, EVENT_EMPTY};
        return;
    }
    hands_sweep(r->brain->hands, r->child, clock_mono() + SWEEP_TIME);
}
