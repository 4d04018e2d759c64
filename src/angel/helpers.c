/* helpers.c: each helper is a slot by number; who waits for it parks on its own stack. The hands
 * keep order, so a sweep that is asked for always finds what was spawned. A slot is free again only
 * when nothing of the tree is left. */
#include "angel/helpers.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/vec.h"
#include "net/fiber.h"
#include "net/wait.h"

#define SWEEP_TIME (10 * CLOCK_SECOND)

enum helper_state { HELPER_FREE, HELPER_RUNS, HELPER_SWEPT };

/* What a waiter is told, on its own stack: when it goes on, the slot may be another's or gone. */
struct outcome {
    struct wait wait;
    bool gone; /* the angel ends */
    bool failed;
    int status, sys;
    const char *what;
};

struct helper {
    struct helpers *hs;
    enum helper_state state;
    uint32_t child;
    uint64_t run;
    struct outcome *out; /* NULL: nobody waits (any more) */
    struct loop_timer deadline;
};

struct helpers {
    struct hands *hands;
    uint64_t run;
    bool closing;
    VEC(struct helper *) all;
};

struct helpers *helpers_new(struct hands *h)
{
    struct helpers *hs = calloc(1, sizeof *hs);
    bw_must(hs);
    hs->hands = h;
    /* Those of an earlier brain may still be on their way out. */
    hs->run = (uint64_t)clock_wall_ms() << 10;
    return hs;
}

static void wake(struct helper *h)
{
    struct outcome *out = h->out;
    h->out = NULL;
    if (out)
        wait_wake(&out->wait);
}

void helpers_free(struct helpers *hs)
{
    if (!hs)
        return;
    hs->closing = true;
    for (size_t i = 0; i < hs->all.n; i++) {
        struct helper *h = hs->all.p[i];
        if (h->state == HELPER_RUNS)
            hands_sweep(hs->hands, h->child, clock_mono() + SWEEP_TIME);
        if (loop_current())
            loop_timer_set(loop_current(), &h->deadline, 0);
        if (h->out)
            h->out->gone = true;
        wake(h);
        free(h);
    }
    vec_release(&hs->all);
    free(hs);
}

static void sweep(struct helper *h)
{
    if (h->state != HELPER_RUNS)
        return;
    h->state = HELPER_SWEPT;
    hands_sweep(h->hs->hands, h->child, clock_mono() + SWEEP_TIME);
}

static void is_late(struct loop_timer *t)
{
    sweep((struct helper *)((char *)t - offsetof(struct helper, deadline)));
}

static struct helper *take(struct helpers *hs)
{
    struct helper *h = NULL;
    size_t i = 0;
    while (i < hs->all.n && hs->all.p[i]->state != HELPER_FREE)
        i++;
    if (i == hs->all.n) {
        h = calloc(1, sizeof *h);
        bw_must(h);
        loop_timer_init(&h->deadline, is_late);
        *vec_push(&hs->all) = h;
    }
    h = hs->all.p[i];
    h->hs = hs;
    h->child = HELPERS_FIRST + (uint32_t)i;
    h->run = ++hs->run;
    h->state = HELPER_RUNS;
    h->out = NULL;
    return h;
}

/* The settings' environment and more, the later of one name wins with exec's readers. */
static const char *const *environment(const struct helper_spec *s, struct bw_arena *a)
{
    static const char *const bare[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
                                       NULL};
    const char *const *first = s->conf ? s->conf->env : bare;
    size_t n = 0, k = 0;
    while (first[n])
        n++;
    while (s->env && s->env[k])
        k++;
    const char **all = BW_NEW_N(a, const char *, n + k + 1);
    for (size_t i = 0; i < k; i++)
        all[i] = s->env[i];
    memcpy(all + k, first, n * sizeof *all);
    return all;
}

static struct helper *spawn(struct helpers *hs, const struct helper_spec *s, struct bw_err *e)
{
    const struct unit_conf *c = s->conf;
    struct bw_arena a;
    if (hs->closing) {
        bw_fail(e, BW_GONE, "the angel ends");
        return NULL;
    }
    struct helper *h = take(hs);
    bw_arena_init(&a);
    struct hands_spec spec = {.unit = s->unit,
                              .child = h->child,
                              .run = h->run,
                              .helper = true,
                              .argv = s->argv,
                              .env = environment(s, &a),
                              .cwd = c ? c->cwd : NULL,
                              .user = c ? c->user : NULL,
                              .umask = c ? c->umask : 022,
                              .in = -1,
                              .out = s->out,
                              .err = s->out};
    bool ok = hands_spawn(hs->hands, &spec, e);
    bw_arena_release(&a);
    if (!ok) {
        h->state = HELPER_FREE;
        return NULL;
    }
    if (s->deadline)
        loop_timer_set(loop_current(), &h->deadline, s->deadline);
    return h;
}

bool helper_begin(struct helpers *hs, const struct helper_spec *s, struct bw_err *e)
{
    return spawn(hs, s, e) != NULL;
}

bool helper_run(struct helpers *hs, const struct helper_spec *s, int *status, struct bw_err *e)
{
    struct helper *h = spawn(hs, s, e);
    struct outcome out = {.gone = false};
    if (!h)
        return false;
    wait_init(&out.wait);
    h->out = &out;
    enum wait_result r = wait_for(&out.wait, s->deadline);
    if (out.gone)
        return bw_fail(e, BW_GONE, "'%s' is not waited for any more: the angel ends", s->argv[0]);
    if (r != WAIT_WOKEN && h->out == &out) { /* it goes on its own way: out */
        h->out = NULL;
        sweep(h);
        return r == WAIT_DEADLINE
                   ? bw_fail(e, BW_LATE, "'%s' did not end in time, so it was killed", s->argv[0])
                   : bw_fail(e, BW_GONE, "'%s' is not waited for any more", s->argv[0]);
    }
    if (out.failed)
        return bw_fail_sys(e, out.sys, "starting '%s' (%s)", s->argv[0], out.what);
    *status = out.status;
    return true;
}

/* ---- from the brain's events ---- */

static struct helper *of_child(struct helpers *hs, uint32_t child)
{
    size_t i = child - HELPERS_FIRST;
    if (child < HELPERS_FIRST || i >= hs->all.n || hs->all.p[i]->state == HELPER_FREE)
        return NULL;
    return hs->all.p[i];
}

static void set_free(struct helper *h)
{
    loop_timer_set(loop_current(), &h->deadline, 0);
    h->state = HELPER_FREE;
}

void helpers_failed(struct helpers *hs, uint32_t child, int sys, const char *what)
{
    struct helper *h = of_child(hs, child);
    if (!h)
        return;
    if (h->out) {
        h->out->failed = true;
        h->out->sys = sys;
        h->out->what = what;
    }
    set_free(h);
    wake(h);
}

void helpers_exited(struct helpers *hs, uint32_t child, const struct hands_exit *x)
{
    struct helper *h = of_child(hs, child);
    if (!h || h->run != x->run)
        return;
    if (h->out)
        h->out->status = x->status;
    if (x->empty && h->state == HELPER_RUNS) {
        hands_release(hs->hands, h->child);
        set_free(h);
    } else {
        sweep(h); /* what it has left behind is nobody's */
    }
    wake(h);
}

void helpers_swept(struct helpers *hs, uint32_t child)
{
    struct helper *h = of_child(hs, child);
    if (!h)
        return;
    hands_release(hs->hands, h->child);
    set_free(h);
    wake(h);
}
