/* serve.c: see serve.h. Everything is made and ended on the loop; what may wait runs on a fiber.
 * Without a keeper the signals come here. */
#include "angel/serve.h"

#include <signal.h>

#include "angel/control.h"
#include "angel/hands.h"
#include "core/clock.h"
#include "core/log.h"
#include "net/fiber.h"
#include "net/signal.h"
#include "os/heap.h"
#include "os/file.h"

#define DRAIN (5 * CLOCK_SECOND) /* for what is in hand at the end */

#define CALM_AFTER CLOCK_SECOND

struct serve {
    struct angel_serve o;
    struct loops *loops;
    struct loop *loop;
    struct loop_post begin;
    struct hands *hands;
    struct brain *brain;
    struct control *control;
    struct signal_watch *signals[4];
    bool reading; /* settings are being read anew */
    bool leaving; /* children stay */
    bool failed;
    int status;
    struct bw_err e;
    struct loop_timer calm;
};

/* ---- the end ---- */

static void end(void *arg)
{
    struct serve *s = arg;
    for (size_t i = 0; i < 4; i++)
        signal_watch_free(s->signals[i]);
    memset(s->signals, 0, sizeof s->signals);
    if (s->brain && !s->leaving && !s->failed) {
        s->status = brain_status(s->brain);
        hands_done(s->hands, s->status);
    }
    brain_close(s->brain);
    s->brain = NULL;
    if (s->hands)
        hands_close(s->hands);
    s->hands = NULL;
    loops_stop(s->loops);
}

static void stop_serving(struct serve *s)
{
    if (s->control)
        control_stop(s->control, clock_mono() + DRAIN, end, s);
    else
        end(s);
}

static void stopped(void *arg)
{
    stop_serving(arg);
}

static void leave(void *arg)
{
    struct serve *s = arg;
    s->leaving = true;
    stop_serving(s);
}

/* ---- settings anew ---- */

struct read_job {
    struct serve *s;
    struct angel_conf conf;
    struct bw_err e;
    bool read, ok;
};

static void read_settings(void *arg)
{
    struct read_job *j = arg;
    j->read = j->ok = angel_conf_load_at(&j->conf, j->s->o.settings, j->s->o.state, &j->e);
}

static void tell_reloaded(struct serve *s, const struct read_job *j)
{
    const char *said = j->ok ? "the settings are in force" : j->e.text;
    if (j->ok)
        log_info("angel", "the settings were read again and are in force");
    else if (j->read &&
             j->e.code == BW_CONFLICT) /* brain_apply: what has its old ones back is named */
        log_error("angel", "the settings were read again and are in force, but not all of them",
                  LOG_CSTR("why", j->e.text));
    else
        log_error("angel", "the settings are not taken, all stays as it is",
                  LOG_CSTR("why", j->e.text));
    if (s->hands)
        hands_ready(s->hands, said);
    if (s->o.reloaded)
        s->o.reloaded(s->o.arg, j->ok, said);
}

static void reload_on_fiber(void *arg)
{
    struct serve *s = arg;
    struct read_job *j = calloc(1, sizeof *j);
    bw_must(j);
    j->s = s;
    worker_run(read_settings, j);
    if (j->ok && s->brain)
        j->ok = brain_apply(s->brain, angel_conf_own(&j->conf), &j->e);
    tell_reloaded(s, j);
    s->reading = false;
    free(j);
}

static void reload(void *arg)
{
    struct serve *s = arg;
    if (s->reading)
        return;
    s->reading = true;
    s->reading = fiber_start(reload_on_fiber, s, NULL);
}

static void signalled(int number, void *arg)
{
    struct serve *s = arg;
    if (number == SIGHUP)
        reload(s);
    else if (number == SIGUSR1)
        brain_reopen(s->brain);
    else
        brain_stop(s->brain);
}

/* ---- the beginning ---- */

/* What reading the settings and starting everything at once took. */
static void give_back(struct loop_timer *t)
{
    (void)t;
    heap_give_back();
}

static bool begin(struct serve *s, struct bw_err *e)
{
    static const int numbers[4] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct angel_conf conf;
    if (!angel_conf_load_at(&conf, s->o.settings, s->o.state, e))
        return false;
    struct angel_conf *own = angel_conf_own(&conf);
    struct hands_opts ho = {.state = own->state, .socket = s->o.socket, .leave = leave, .arg = s};
    if (!file_make_folders(own->state, e) || !file_make_folders(own->log_folder, e) ||
        !(s->hands = hands_open(s->loop, &ho, e))) {
        angel_conf_release(own);
        free(own);
        return false;
    }
    struct brain_opts bo = {.loop = s->loop,
                            .hands = s->hands,
                            .conf = own,
                            .stopped = stopped,
                            .reload = reload,
                            .arg = s};
    s->brain = brain_open(&bo, e);
    if (!s->brain)
        return false;
    struct control_opts co = {
        .loops = s->loops, .brain = s->brain, .settings = s->o.settings, .state = s->o.state};
    if (!control_open(&co, &s->control, e))
        return false;
    for (size_t i = 0; s->o.socket < 0 && i < 4; i++)
        s->signals[i] = signal_watch_new(s->loop, numbers[i], signalled, s);
    brain_begin(s->brain);
    loop_timer_init(&s->calm, give_back);
    loop_timer_set(s->loop, &s->calm, clock_mono() + CALM_AFTER);
    return true;
}

static void begin_on_fiber(void *arg)
{
    struct serve *s = arg;
    if (begin(s, &s->e)) {
        log_info("angel", "services are watched", LOG_NUM("services", brain_count(s->brain)));
        hands_ready(s->hands, "Services are watched");
        if (s->o.ready)
            s->o.ready(s->o.arg);
        return;
    }
    s->failed = true;
    end(s);
}

static void begin_on_loop(struct loop_post *p)
{
    struct serve *s = LIST_OWNER(p, struct serve, begin);
    if (!fiber_start(begin_on_fiber, s, &s->e)) {
        s->failed = true;
        end(s);
    }
}

bool angel_serve(const struct angel_serve *o, int *status, struct bw_err *e)
{
    struct serve s = {.o = *o, .begin.fn = begin_on_loop};
    s.loops = loops_new(&(struct loops_opts){.count = 1}, e);
    if (!s.loops)
        return false;
    s.loop = loops_at(s.loops, 0);
    loop_post(s.loop, &s.begin);
    loops_run(s.loops);
    control_free(s.control);
    loops_free(s.loops);
    if (s.failed && e)
        *e = s.e;
    *status = s.status;
    return !s.failed;
}
