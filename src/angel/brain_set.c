/* brain_set.c: settings → sets and replicas of the crew. A set belongs to a name for good, so that
 * new settings change it in place. */
#include "angel/brain_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct replica *brain_replica(const struct brain *b, uint32_t slot)
{
    return slot < b->replicas.n ? b->replicas.p[slot] : NULL;
}

struct replica *brain_by_child(const struct brain *b, uint32_t child)
{
    return child < b->by_child.n ? b->by_child.p[child] : NULL;
}

struct replica *brain_named(const struct brain *b, const char *name)
{
    for (size_t i = 0; i < b->in_order.n; i++)
        if (strcmp(b->in_order.p[i]->name, name) == 0)
            return b->in_order.p[i];
    return NULL;
}

const struct unit_conf *brain_unit_conf(const struct angel_conf *c, const char *name)
{
    for (size_t i = 0; i < c->n_units; i++)
        if (strcmp(c->units[i].name, name) == 0)
            return &c->units[i];
    return NULL;
}

/* ---- sets ---- */

uint32_t brain_set(struct brain *b, const char *unit)
{
    for (size_t i = 0; i < b->set_names.n; i++)
        if (strcmp(b->set_names.p[i], unit) == 0)
            return (uint32_t)i;
    *vec_push(&b->set_names) = strdup(unit);
    *vec_push(&b->crew.sets) = (struct crew_set){0};
    return (uint32_t)(b->set_names.n - 1);
}

static const uint32_t *set_list(struct brain *b, struct bw_arena *a, const char *const *names,
                                uint32_t *n)
{
    size_t count = 0;
    while (names && names[count])
        count++;
    uint32_t *list = BW_NEW_N(a, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++)
        list[i] = brain_set(b, names[i]);
    *n = (uint32_t)count;
    return list;
}

/* Groups are numbers to the crew: that of the first unit in it, from 1. */
static uint32_t group_of(const struct angel_conf *c, const char *group)
{
    for (size_t i = 0; group && *group && i < c->n_units; i++)
        if (c->units[i].group && strcmp(c->units[i].group, group) == 0)
            return (uint32_t)i + 1;
    return 0;
}

void brain_make_set(struct brain *b, struct angel_conf *c, const struct unit_conf *u)
{
    uint32_t at = brain_set(b, u->name), n_needs, n_after;
    const uint32_t *needs = set_list(b, &c->arena, u->needs, &n_needs);
    const uint32_t *after = set_list(b, &c->arena, u->after, &n_after);
    struct crew_set *s = &b->crew.sets.p[at]; /* after the others: the list may have moved */
    *s = (struct crew_set){.level = u->level,
                           .needs = needs,
                           .after = after,
                           .n_needs = n_needs,
                           .n_after = n_after,
                           .group = group_of(c, u->group),
                           .strategy = (enum crew_strategy)u->strategy,
                           .backoff = u->backoff,
                           .budget = {.n = u->budget, .window = u->budget_window},
                           .stable = u->stable,
                           .start_timeout = u->start_timeout,
                           .grace = u->stop_grace,
                           .serving = s->serving,
                           .unsettled = s->unsettled};
}

void brain_make_sets(struct brain *b, struct angel_conf *c)
{
    for (size_t i = 0; i < c->n_units; i++)
        brain_make_set(b, c, &c->units[i]);
    b->crew.budget.n = c->budget;
    b->crew.budget.window = c->budget_window;
    b->crew.guard_share = c->guard_share;
    b->crew.guard_window = c->guard_window;
}

/* ---- replicas ---- */

const struct replica_end brain_no_end;

bool replica_log_policy(struct replica *r, struct bw_err *e)
{
    struct bw_arena a;
    bw_arena_init(&a);
    struct capture_policy p = r->conf->log;
    p.path = angel_conf_log_path(r->conf, r->number, &a);
    bool ok = !r->output || capture_change(r->output, &p, e);
    bw_arena_release(&a);
    return ok;
}

static bool make_output(struct replica *r, struct bw_err *e)
{
    struct brain *b = r->brain;
    char path[512];
    if (!b->capture)
        return true;
    snprintf(path, sizeof path, "%s/out/%s", b->conf->state, r->name);
    if (mkfifo(path, 0600) != 0 && errno != EEXIST)
        return bw_fail_sys(e, errno, "making %s for the output of %s", path, r->name);
    /* Read and write: there is always a writer, so no end of file ever. */
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return bw_fail_sys(e, errno, "opening %s for the output of %s", path, r->name);
    struct bw_arena a;
    bw_arena_init(&a);
    struct capture_policy p = r->conf->log;
    p.path = angel_conf_log_path(r->conf, r->number, &a);
    r->output = capture_add(b->capture, r->name, fd, &p, e);
    bw_arena_release(&a);
    return r->output != NULL;
}

static void timer_due(struct loop_timer *t)
{
    struct replica *r = (struct replica *)((char *)t - offsetof(struct replica, timer));
    brain_post(r, EVENT_DUE);
}

static void watch_idle(struct loop_timer *t)
{
    (void)t;
}

void brain_replica_name(const struct unit_conf *u, uint32_t number, char out[BRAIN_NAME])
{
    if (number == 1) /* also when there are more: changing how many renames none */
        snprintf(out, BRAIN_NAME, "%.63s", u->name);
    else
        snprintf(out, BRAIN_NAME, "%.52s#%u", u->name, number);
}

static uint32_t child_number(struct brain *b, const struct hands_found *found)
{
    if (found)
        return found->child;
    size_t i = 0;
    while (i < b->by_child.n && b->by_child.p[i])
        i++;
    return (uint32_t)i;
}

static void enter(struct replica *r)
{
    struct brain *b = r->brain;
    while (b->replicas.n <= r->slot)
        *vec_push(&b->replicas) = NULL;
    while (b->by_child.n <= r->child)
        *vec_push(&b->by_child) = NULL;
    b->replicas.p[r->slot] = r;
    b->by_child.p[r->child] = r;
    *vec_push(&b->in_order) = r;
}

struct replica *replica_new(struct brain *b, const struct unit_conf *u, uint32_t number,
                            const struct hands_found *found, struct bw_err *e)
{
    struct replica *r = calloc(1, sizeof *r);
    bw_must(r);
    *r = (struct replica){
        .brain = b, .conf = u, .number = number, .since = clock_wall_ms(), .last = &brain_no_end};
    list_init(&r->steps);
    loop_timer_init(&r->timer, timer_due);
    loop_timer_init(&r->watch_timer, watch_idle);
    brain_replica_name(u, number, r->name);
    snprintf(r->why, sizeof r->why, "never started");
    if (!make_output(r, e)) {
        free(r);
        return NULL;
    }
    r->slot = crew_add(&b->crew, brain_set(b, u->name));
    r->child = child_number(b, found);
    enter(r);
    if (found) {
        r->run = found->run;
        r->pid = found->pid;
        r->started = found->started;
        r->held = r->steps_done = true;
    }
    return r;
}

static void leave_list(struct brain *b, const struct replica *r)
{
    size_t k = 0;
    for (size_t i = 0; i < b->in_order.n; i++)
        if (b->in_order.p[i] != r)
            b->in_order.p[k++] = b->in_order.p[i];
    b->in_order.n = k;
}

void replica_drop(struct replica *r)
{
    if (r->last != &brain_no_end)
        free((void *)r->last);
    free(r);
}

/* It has no child, and no steps of it are under way. */
void replica_free(struct replica *r)
{
    struct brain *b = r->brain;
    char path[512];
    replica_unwatch(r);
    loop_timer_set(b->loop, &r->timer, 0);
    leave_list(b, r);
    crew_remove(&b->crew, r->slot);
    b->replicas.p[r->slot] = NULL;
    b->by_child.p[r->child] = NULL;
    if (r->output) {
        capture_remove(r->output);
        if (r->removed) { /* else the next angel goes on with it */
            snprintf(path, sizeof path, "%s/out/%s", b->conf->state, r->name);
            unlink(path);
        }
    }
    replica_drop(r);
}

static size_t place_of(const struct brain *b, const struct replica *r)
{
    for (size_t i = 0; i < b->conf->n_units; i++)
        if (&b->conf->units[i] == r->conf || strcmp(b->conf->units[i].name, r->conf->name) == 0)
            return i;
    return b->conf->n_units;
}

void brain_put_in_order(struct brain *b)
{
    size_t *places = calloc(b->in_order.n + 1, sizeof *places);
    bw_must(places);
    for (size_t i = 0; i < b->in_order.n; i++)
        places[i] = place_of(b, b->in_order.p[i]);
    for (size_t i = 1; i < b->in_order.n; i++) { /* nearly sorted: insertion is linear */
        struct replica *r = b->in_order.p[i];
        size_t at = places[i], k = i;
        for (; k > 0 && (places[k - 1] > at ||
                         (places[k - 1] == at && b->in_order.p[k - 1]->number > r->number));
             k--) {
            b->in_order.p[k] = b->in_order.p[k - 1];
            places[k] = places[k - 1];
        }
        b->in_order.p[k] = r;
        places[k] = at;
    }
    free(places);
}
