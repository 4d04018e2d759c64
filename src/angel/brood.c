/* brood.c: the table of children and what happens to them. A slot's stage changes here only:
 * BORN when forked, RUNS when exec has succeeded, ENDED when its pidfd says so, FAILED when exec
 * has not succeeded and what was forked has gone. */
#include "angel/brood_int.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/clock.h"

#define LIMBO_PAUSE (20 * CLOCK_MS)
#define BATCH       128

enum { WATCH_END = 1, WATCH_START, WATCH_TIMER };

/* ---- the table ---- */

static uint32_t number_of(const struct brood *b, const struct slot *s)
{
    return (uint32_t)(s - b->slots);
}

struct slot *brood_slot(struct brood *b, uint32_t child)
{
    uint32_t i = b->buckets[child % BROOD_BUCKETS];
    while (i && b->slots[i].child != child)
        i = b->slots[i].next;
    return i ? &b->slots[i] : NULL;
}

struct slot *brood_new_slot(struct brood *b, uint32_t child)
{
    uint32_t i = b->free;
    if (i)
        b->free = b->slots[i].next;
    else if (b->top < CHILDREN_MAX)
        i = ++b->top;
    else
        return NULL;
    struct slot *s = &b->slots[i];
    uint32_t event_next = s->event_next, work_next = s->work_next;
    uint8_t in_events = s->in_events, in_work = s->in_work;
    *s = (struct slot){.child = child,
                       .stage = SLOT_FAILED,
                       .pidfd = -1,
                       .errors = -1,
                       .event_next = event_next, /* the lists are cleaned when they are walked */
                       .work_next = work_next,
                       .in_events = in_events,
                       .in_work = in_work,
                       .next = b->buckets[child % BROOD_BUCKETS]};
    b->buckets[child % BROOD_BUCKETS] = i;
    b->count++;
    return s;
}

void brood_hide(struct brood *b, struct slot *s)
{
    uint32_t *at = &b->buckets[s->child % BROOD_BUCKETS], i = number_of(b, s);
    while (*at && *at != i)
        at = &b->slots[*at].next;
    if (*at)
        *at = s->next;
    s->next = 0;
}

void brood_free_slot(struct brood *b, struct slot *s)
{
    brood_hide(b, s);
    s->stage = SLOT_FREE;
    s->events = s->sweeping = s->limbo = 0;
    s->next = b->free;
    b->free = number_of(b, s);
    b->count--;
}

struct child_record *brood_record(struct brood *b, const struct slot *s)
{
    return s->record ? &b->children.at[s->record - 1] : NULL;
}

/* ---- events ---- */

void brood_put_event(struct brood *b, struct slot *s, enum brood_what what)
{
    if (s->helper > 1) /* nobody waits for it any more */
        return;
    s->events |= (uint8_t)what;
    if (s->in_events)
        return;
    s->in_events = 1;
    s->event_next = 0;
    *(b->events_last ? &b->slots[b->events_last].event_next : &b->events_first) = number_of(b, s);
    b->events_last = number_of(b, s);
}

static void drop_first(struct brood *b)
{
    struct slot *s = &b->slots[b->events_first];
    s->in_events = 0;
    b->events_first = s->event_next;
    if (!b->events_first)
        b->events_last = 0;
}

static void fill_exit(const struct slot *s, struct hands_exit *x)
{
    *x = (struct hands_exit){.pid = s->pid,
                             .run = s->run,
                             .status = s->status,
                             .known = s->known,
                             .oom = s->oom,
                             .own_oom = s->own_oom,
                             .empty = s->empty,
                             .at = s->at,
                             .used = s->used};
}

static void fill_swept(struct brood *b, const struct slot *s, struct brood_event *ev)
{
    struct sweep sweep;
    struct sweep_result r = {.names = ev->names, .size = sizeof ev->names};
    if (!s->survivors)
        return;
    brood_make_sweep(b, s, &sweep);
    sweep_signal(&sweep, 0, &r);
    ev->survivors = r.living;
}

bool brood_event(struct brood *b, struct brood_event *out)
{
    while (b->events_first && !b->slots[b->events_first].events)
        drop_first(b);
    if (!b->events_first)
        return false;
    const struct slot *s = &b->slots[b->events_first];
    *out = (struct brood_event){.what = (enum brood_what)(s->events & -s->events),
                                .child = s->child,
                                .pid = s->pid,
                                .sys = s->failed_sys,
                                .step = spawn_step_name(s->failed_step)};
    if (out->what == BROOD_EXITED)
        fill_exit(s, &out->exit);
    else if (out->what == BROOD_SWEPT)
        fill_swept(b, s, out);
    return true;
}

void brood_taken(struct brood *b, const struct brood_event *ev)
{
    if (b->events_first)
        b->slots[b->events_first].events &= (uint8_t)~ev->what;
}

void brood_tell_again(struct brood *b)
{
    for (uint32_t i = 1; i <= b->top; i++) {
        struct slot *s = &b->slots[i];
        s->events = 0;
        if (s->stage == SLOT_ENDED)
            brood_put_event(b, s, BROOD_EXITED);
        else if (s->stage == SLOT_FAILED)
            brood_put_event(b, s, BROOD_FAILED);
    }
}

/* ---- the end of a child ---- */

/* Reaping takes longer than telling the brain, which then has work to do: who waits for the
 * successor does not wait for this. */
void brood_bury(struct brood *b)
{
    for (; b->n_unreaped; b->n_unreaped--) {
        int pidfd = b->unreaped[b->n_unreaped - 1];
        identity_reap(pidfd);
        identity_close(pidfd); /* leaves the epoll too */
    }
}

/* What is left of its tree is found by its group: nobody needs the pidfd any more. */
static void reap_later(struct brood *b, struct slot *s)
{
    b->unreaped[b->n_unreaped++] = s->pidfd;
    s->pidfd = -1;
    if (!b->keeper || b->n_unreaped == BROOD_UNREAPED)
        brood_bury(b);
}

void brood_let_go(struct brood *b, struct slot *s)
{
    if (s->zombie)
        identity_reap(s->pidfd);
    s->zombie = 0;
    identity_close(s->pidfd);
    if (s->errors >= 0)
        close(s->errors);
    s->pidfd = s->errors = -1;
    children_drop(brood_record(b, s));
    s->record = 0;
}

static void end_failed(struct brood *b, struct slot *s)
{
    s->zombie = 1;
    brood_let_go(b, s);
    s->stage = SLOT_FAILED;
    brood_put_event(b, s, BROOD_FAILED);
}

void brood_ask_group(struct brood *b, struct slot *s)
{
    char group[GROUP_NAME];
    group_name(s->unit, s->child, group);
    struct group_ooms ooms = group_ooms(&b->groups, group);
    s->oom = ooms.killed > s->ooms.killed;
    s->own_oom = s->oom && ooms.own > s->ooms.own;
    s->ooms = ooms;
    s->empty = group_is_empty(&b->groups, group);
}

static void end_ran(struct brood *b, struct slot *s)
{
    s->stage = SLOT_ENDED;
    s->at = clock_mono();
    if (s->grouped) {
        brood_ask_group(b, s);
        reap_later(b, s);
    } else {
        /* Its number names its session and process group: as long as it is a zombie no other can
         * have it, and the sweep may go by it. */
        s->zombie = s->known;
    }
    brood_put_event(b, s, BROOD_EXITED);
}

void brood_check_end(struct brood *b, struct slot *s)
{
    if (s->stage != SLOT_BORN && s->stage != SLOT_RUNS)
        return;
    if (s->errors >= 0)
        brood_check_start(b, s);
    int status = 0;
    enum identity_end end = identity_ended(s->pidfd, &status, &s->used);
    s->limbo = 0;
    if (end == IDENTITY_LIVES) {
        /* The pidfd tells each end once: a tracer's zombie is looked at again from time to time. */
        s->limbo = 1;
        s->pause = s->pause ? s->pause : LIMBO_PAUSE;
        brood_add_work(b, s, clock_mono() + s->pause);
        return;
    }
    s->status = status;
    s->known = end == IDENTITY_ENDED;
    if (s->errors >= 0) { /* it cannot say any more what went wrong */
        close(s->errors);
        s->errors = -1;
    }
    if (s->failed_step)
        end_failed(b, s);
    else
        end_ran(b, s);
}

void brood_spare(struct brood *b, pid_t pid)
{
    b->spared = pid;
}

/* Its number is still its: it runs, or is a zombie of ours. */
static bool is_held(const struct slot *s)
{
    return s->stage == SLOT_BORN || s->stage == SLOT_RUNS || s->zombie;
}

void brood_reap(struct brood *b)
{
    pid_t pid;
    brood_bury(b);
    while ((pid = identity_zombie()) != 0 && pid != b->spared) {
        struct slot *of = NULL;
        for (uint32_t i = 1; i <= b->top && !of; i++)
            of = is_held(&b->slots[i]) && b->slots[i].pid == pid ? &b->slots[i] : NULL;
        if (!of) {
            identity_reap_pid(pid);
            continue;
        }
        brood_check_end(b, of);
        if (of->zombie || of->limbo)
            return; /* kept until it is swept; then we come back */
    }
}

/* ---- the start of a child ---- */

void brood_check_start(struct brood *b, struct slot *s)
{
    struct spawn_failure f;
    if (s->errors < 0)
        return;
    ssize_t n = read(s->errors, &f, sizeof f);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    close(s->errors);
    s->errors = -1;
    if (n == sizeof f) {
        s->failed_step = (uint8_t)f.step;
        s->failed_sys = f.sys;
        return; /* its end is near, and told then */
    }
    if (s->stage == SLOT_BORN) {
        s->stage = SLOT_RUNS;
        brood_put_event(b, s, BROOD_SPAWNED);
    }
}

static bool watch(struct brood *b, const struct slot *s, int fd, unsigned kind)
{
    struct epoll_event ev = {.events = EPOLLIN | (kind == WATCH_END ? EPOLLONESHOT : 0),
                             .data.u64 = (uint64_t)kind << 32 | number_of(b, s)};
    return epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

bool brood_watch(struct brood *b, struct slot *s)
{
    return watch(b, s, s->pidfd, WATCH_END) &&
           (s->errors < 0 || watch(b, s, s->errors, WATCH_START));
}

static void refuse(struct brood *b, struct slot *s, unsigned step, int sys)
{
    s->stage = SLOT_FAILED;
    s->failed_step = (uint8_t)step;
    s->failed_sys = sys;
    brood_put_event(b, s, BROOD_FAILED);
}

/* The group it is born into; -1 with *wanted: there should have been one. */
static int prepare_group(struct brood *b, struct slot *s, const struct order_head *h)
{
    char name[GROUP_NAME];
    group_name(s->unit, s->child, name);
    if (!s->clean) /* see spawn_into_works */
        group_remove(&b->groups, name);
    int fd = group_open(&b->groups, name, &s->clean);
    const struct group_limits l = {
        .memory_max = h->memory_max, .cpu_per_mille = h->cpu_per_mille, .pids_max = h->pids_max};
    if (fd >= 0 && b->groups.limits && !group_limit(&b->groups, fd, &l)) {
        int why = errno;
        group_close(fd);
        errno = why;
        return -1;
    }
    s->ooms = group_ooms(&b->groups, name);
    return fd;
}

static bool make_record(struct brood *b, struct slot *s, struct bw_err *e)
{
    struct child_record like = {.at = clock_wall_ms(),
                                .run = s->run,
                                .child = s->child,
                                .helper = s->helper,
                                .ooms = s->ooms.killed,
                                .own_ooms = s->ooms.own};
    memcpy(like.unit, s->unit, sizeof like.unit);
    struct child_record *r = children_take(&b->children, &like, e);
    s->record = r ? (uint32_t)(r - b->children.at) + 1 : 0;
    return r != NULL;
}

static void start(struct brood *b, struct slot *s, struct order *o, struct spawn *spawn)
{
    struct bw_err e = {.code = BW_OK};
    struct spawned born;
    struct spawn_failure f;
    int group = -1;
    s->grouped = b->groups.base >= 0;
    if (s->grouped && (group = prepare_group(b, s, &o->head)) < 0) {
        refuse(b, s, SPAWN_CGROUP, errno);
        return;
    }
    struct child_record *record = make_record(b, s, &e) ? brood_record(b, s) : NULL;
    *spawn = (struct spawn){.room = spawn->room,
                            .order = o,
                            .record = record,
                            .id = b->children.head->id,
                            .lock = b->lock,
                            .cgroup = group,
                            .cgroup_by_hand = group >= 0 && (b->by_hand || !s->clean),
                            .open_files = b->open_files};
    bool ok = record && spawn_start(spawn, &born, &f);
    if (group >= 0)
        group_close(group);
    if (!ok) {
        children_drop(record);
        s->record = 0;
        refuse(b, s, record ? f.step : SPAWN_RECORD, record ? f.sys : e.sys);
        return;
    }
    s->stage = SLOT_BORN;
    s->pid = born.pid;
    s->pidfd = born.pidfd;
    s->errors = born.errors;
    bw_must(brood_watch(b, s));
}

/* The slot for an order; NULL when it runs already or there is no room. */
static struct slot *slot_for(struct brood *b, const struct order *o)
{
    struct slot *s = brood_slot(b, o->head.child);
    if (s && (s->stage == SLOT_BORN || s->stage == SLOT_RUNS)) {
        if (s->stage == SLOT_RUNS)
            brood_put_event(b, s, BROOD_SPAWNED); /* never a second one: this is it */
        return NULL;
    }
    if (s && s->stage == SLOT_GONE && strncmp(s->unit, o->unit, sizeof s->unit) != 0) {
        brood_forget(b, s);
        s = NULL;
    }
    if (s) {
        bool held = s->zombie;
        b->gone -= s->stage == SLOT_GONE;
        brood_let_go(b, s);
        if (held && b->keeper)
            brood_reap(b);
    } else {
        s = brood_new_slot(b, o->head.child);
    }
    if (!s)
        return NULL;
    s->events = s->sweeping = s->failed_step = s->adopted = s->oom = s->own_oom = s->empty = 0;
    s->survivors = 0;
    s->pause = 0;
    s->pid = 0;
    s->run = o->head.run;
    s->helper = o->head.helper != 0;
    snprintf(s->unit, sizeof s->unit, "%s", o->unit);
    return s;
}

void brood_spawn(struct brood *b, struct order *o, struct spawn *spawn)
{
    struct spawn own = {.room = NULL};
    struct slot *s = slot_for(b, o);
    if (s)
        start(b, s, o, spawn ? spawn : &own);
}

void brood_refuse(struct brood *b, const struct order *o, int sys)
{
    struct slot *s = slot_for(b, o);
    if (s)
        refuse(b, s, SPAWN_DESCRIPTOR, sys);
}

/* ---- turns ---- */

static void happened(struct brood *b, const struct epoll_event *ev)
{
    struct slot *s = &b->slots[(uint32_t)ev->data.u64];
    uint64_t expirations;
    switch (ev->data.u64 >> 32) {
    case WATCH_START:
        brood_check_start(b, s);
        break;
    case WATCH_END:
        brood_check_end(b, s);
        break;
    default:
        (void)!read(b->timer, &expirations, sizeof expirations);
        b->timer_at = 0;
        brood_work(b);
    }
}

void brood_turn(struct brood *b)
{
    struct epoll_event ev[BATCH];
    int n;
    do {
        n = epoll_wait(b->epoll, ev, BATCH, 0);
        for (int i = 0; i < n; i++)
            happened(b, &ev[i]);
    } while (n == BATCH);
}
