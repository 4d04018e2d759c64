#include "help/angel_hands.h"

#include "core/clock.h"
#include "net/wait.h"

static void spawned(void *arg, uint32_t child, pid_t pid)
{
    (void)arg, (void)child, (void)pid;
}

static void failed(void *arg, uint32_t child, int sys, const char *what)
{
    struct t_hands *t = arg;
    helpers_failed(t->helpers, child, sys, what);
}

static void exited(void *arg, uint32_t child, const struct hands_exit *x)
{
    struct t_hands *t = arg;
    helpers_exited(t->helpers, child, x);
}

static void swept(void *arg, uint32_t child, unsigned survivors, const char *names)
{
    struct t_hands *t = arg;
    (void)survivors, (void)names;
    helpers_swept(t->helpers, child);
}

static void asked(void *arg, enum hands_asked what)
{
    (void)arg, (void)what;
}

static const struct hands_events events = {spawned, failed, exited, swept, asked};

void t_hands_open(struct t_hands *t)
{
    struct bw_err e;
    t->hands = hands_open(loop_current(),
                          &(struct hands_opts){.state = NULL, .socket = -1, .no_groups = true}, &e);
    check_ok(t->hands != NULL, &e);
    t->helpers = helpers_new(t->hands);
    hands_listen(t->hands, &events, t);
}

void t_hands_close(struct t_hands *t)
{
    helpers_free(t->helpers);
    hands_close(t->hands);
}

void t_await(const unsigned *n, unsigned least)
{
    int64_t end = clock_mono() + 20 * CLOCK_SECOND;
    while (*n < least) {
        check(clock_mono() < end);
        wait_until(clock_mono() + CLOCK_MS);
    }
}
