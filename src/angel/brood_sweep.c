/* brood_sweep.c: signals to children and their trees, and sweeps: killed again and again, at first
 * after a millisecond, later every fifty, until nothing lives or the deadline has come. */
#include "angel/brood_int.h"

#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>

#include "core/clock.h"

#define FIRST_PAUSE  CLOCK_MS
#define LONG_PAUSE   (50 * CLOCK_MS)
#define HELPER_GRACE (5 * CLOCK_SECOND)
#define LINGER       (200 * CLOCK_MS)

static const struct groups none = {.base = -1};

void brood_make_sweep(struct brood *b, const struct slot *s, struct sweep *out)
{
    bool known = s->stage == SLOT_BORN || s->stage == SLOT_RUNS || s->zombie;
    *out = (struct sweep){.room = &b->room,
                          .groups = s->grouped ? &b->groups : &none,
                          .unit_mark = b->marks.unit,
                          .id_mark = b->marks.id,
                          .main = known ? s->pid : 0};
    group_name(s->unit, s->child, out->group);
    spawn_mark(&b->marks, s->unit, b->children.head->id, s->child);
}

/* Who is stopped would not hear that it is to end; nor who waits for one that is (a shell for what
 * it has vforked, in state D), so all of the tree goes on. */
static void wake(struct sweep *sweep, int signal)
{
    struct sweep_result r = {.living = 0};
    if (signal == SIGTERM || signal == SIGHUP || signal == SIGINT || signal == SIGQUIT)
        sweep_signal(sweep, SIGCONT, &r);
}

void brood_signal(struct brood *b, uint32_t child, int signal, enum hands_whom whom)
{
    struct slot *s = brood_slot(b, child);
    struct sweep sweep;
    struct sweep_result r = {.living = 0};
    if (!s || s->stage == SLOT_GONE)
        return;
    brood_make_sweep(b, s, &sweep);
    if (whom == HANDS_MAIN) {
        if (s->stage != SLOT_BORN && s->stage != SLOT_RUNS)
            return;
        identity_signal(s->pidfd, signal);
    } else if (signal == SIGKILL) {
        s->clean = 0;
        sweep_kill(&sweep, &r);
    } else {
        sweep_signal(&sweep, signal, &r);
    }
    wake(&sweep, signal);
}

/* ---- the timer ---- */

static void arm(struct brood *b, int64_t when)
{
    if (when == 0 || (b->timer_at && b->timer_at <= when))
        return;
    struct itimerspec t = {
        .it_value = {.tv_sec = when / CLOCK_SECOND, .tv_nsec = when % CLOCK_SECOND}};
    timerfd_settime(b->timer, TFD_TIMER_ABSTIME, &t, NULL);
    b->timer_at = when;
}

void brood_add_work(struct brood *b, struct slot *s, int64_t when)
{
    s->again = when;
    if (!s->in_work) {
        s->in_work = 1;
        s->work_next = b->work_first;
        b->work_first = (uint32_t)(s - b->slots);
    }
    arm(b, when);
}

/* ---- sweeps ---- */

static void end_sweep(struct brood *b, struct slot *s, unsigned survivors)
{
    s->sweeping = 0;
    s->survivors = (uint16_t)(survivors < UINT16_MAX ? survivors : UINT16_MAX);
    if (!survivors && s->stage == SLOT_ENDED && s->zombie) {
        identity_reap(s->pidfd);
        s->zombie = 0;
        if (b->keeper)
            brood_reap(b);
    }
    if (s->helper <= 1) {
        brood_put_event(b, s, BROOD_SWEPT);
        return;
    }
    char group[GROUP_NAME];
    group_name(s->unit, s->child, group);
    group_remove(&b->groups, group);
    brood_let_go(b, s);
    brood_free_slot(b, s);
}

static void sweep_round(struct brood *b, struct slot *s)
{
    struct sweep sweep;
    struct sweep_result r = {.living = 0};
    bool lives = s->stage == SLOT_BORN || s->stage == SLOT_RUNS;
    brood_make_sweep(b, s, &sweep);
    if (lives)
        identity_signal(s->pidfd, SIGKILL);
    if (s->grouped && !group_is_empty(&b->groups, sweep.group))
        s->clean = 0;
    sweep_kill(&sweep, &r);
    /* Its end comes by its pidfd, which the round after this will have seen. */
    if (!lives && !r.living) {
        end_sweep(b, s, 0);
        return;
    }
    int64_t now = clock_mono();
    if (s->deadline && now >= s->deadline) {
        sweep_signal(&sweep, 0, &r);
        end_sweep(b, s, r.living ? r.living : lives);
        return;
    }
    s->pause = s->pause ? s->pause * 2 : FIRST_PAUSE;
    s->pause = s->pause < LONG_PAUSE ? s->pause : LONG_PAUSE;
    int64_t again = now + s->pause;
    brood_add_work(b, s, s->deadline && again > s->deadline ? s->deadline : again);
}

void brood_sweep(struct brood *b, uint32_t child, int64_t deadline)
{
    struct slot *s = brood_slot(b, child);
    if (!s || s->stage == SLOT_GONE)
        return;
    s->sweeping = 1;
    s->deadline = deadline;
    s->pause = 0;
    sweep_round(b, s);
}

void brood_sweep_all(struct brood *b, int64_t deadline)
{
    for (uint32_t i = 1; i <= b->top; i++)
        if (b->slots[i].stage != SLOT_FREE && b->slots[i].helper <= 1)
            brood_sweep(b, b->slots[i].child, deadline);
}

void brood_work(struct brood *b)
{
    int64_t now = clock_mono(), next = 0;
    uint32_t i = b->work_first;
    b->work_first = 0;
    while (i) {
        struct slot *s = &b->slots[i];
        i = s->work_next;
        s->in_work = 0;
        if (!s->sweeping && !s->limbo && s->stage != SLOT_GONE)
            continue;
        if (s->again > now) {
            brood_add_work(b, s, s->again);
            continue;
        }
        if (s->stage == SLOT_GONE) {
            brood_forget(b, s);
            continue;
        }
        if (s->limbo)
            brood_check_end(b, s);
        if (s->sweeping)
            sweep_round(b, s);
    }
    for (i = b->work_first; i; i = b->slots[i].work_next)
        next = !next || b->slots[i].again < next ? b->slots[i].again : next;
    arm(b, next);
}

void brood_forget(struct brood *b, struct slot *s)
{
    char group[GROUP_NAME];
    group_name(s->unit, s->child, group);
    group_remove(&b->groups, group);
    b->gone--;
    brood_free_slot(b, s);
}

void brood_release(struct brood *b, uint32_t child)
{
    struct slot *s = brood_slot(b, child);
    if (!s || s->stage == SLOT_BORN || s->stage == SLOT_RUNS || s->stage == SLOT_GONE)
        return; /* what runs is not forgotten */
    bool held = s->zombie;
    brood_let_go(b, s);
    s->stage = SLOT_GONE;
    s->events = s->sweeping = s->limbo = 0;
    b->gone++;
    if (b->groups.base < 0)
        brood_forget(b, s);
    else
        brood_add_work(b, s, clock_mono() + LINGER);
    if (held && b->keeper)
        brood_reap(b);
}

void brood_end_helpers(struct brood *b)
{
    for (uint32_t i = 1; i <= b->top; i++) {
        struct slot *s = &b->slots[i];
        if (s->stage == SLOT_FREE || s->stage == SLOT_GONE || s->helper != 1)
            continue;
        s->helper = 2;
        s->events = 0;
        s->sweeping = 1;
        s->deadline = clock_mono() + HELPER_GRACE;
        s->pause = 0;
        brood_hide(b, s);
        sweep_round(b, s);
    }
}

unsigned brood_end_orphans(struct brood *b, pid_t spared)
{
    struct sweep_result r = {.living = 0};
    sweep_orphans(&b->room, SIGKILL, spared, &r);
    return r.living;
}
