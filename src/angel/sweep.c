/* sweep.c: see sweep.h. The look over all processes takes the tree from its root down, round by
 * round, until a round finds nothing new: parents may stand behind their children. */
#include "angel/sweep.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct search {
    const struct sweep *s;
    int signal;
    struct sweep_result *r;
    bool grew;
    pid_t self;
};

static void name_it(struct sweep_result *r, const struct identity *id)
{
    if (!r->names || r->n >= r->size)
        return;
    int n = snprintf(r->names + r->n, r->size - r->n, "%s%ld (%c) %s", r->n ? ", " : "",
                     (long)id->pid, id->state, id->name);
    r->n += n > 0 ? (size_t)n : 0;
}

static bool is_dead(const struct identity *id)
{
    return id->state == 'Z' || id->state == 'X';
}

static void hit(const struct identity *id, int signal, struct sweep_result *r)
{
    r->living++;
    name_it(r, id);
    int fd = signal ? identity_open(id->pid, id->started) : -1;
    if (fd < 0)
        return;
    identity_signal(fd, signal);
    identity_close(fd);
}

/* ---- by group ---- */

static void hit_member(void *arg, pid_t pid)
{
    struct search *x = arg;
    struct identity id;
    /* Looked at before it is asked for its group, and opened with that start time: a pid that has
     * come to mean another meanwhile is not hit. */
    if (identity_look(pid, &id) && !is_dead(&id) && group_has(x->s->groups, x->s->group, pid))
        hit(&id, x->signal, x->r);
}

/* ---- by looking at all there are ---- */

static bool is_found(const struct search *x, pid_t pid)
{
    const struct sweep_room *room = x->s->room;
    for (unsigned i = 0; i < room->n; i++)
        if (room->found[i].pid == pid)
            return true;
    return false;
}

static bool belongs(const struct search *x, const struct identity *id)
{
    const struct sweep *s = x->s;
    if (s->main && (id->pid == s->main || id->session == s->main || id->group == s->main))
        return true;
    return is_found(x, id->parent) ||
           (s->unit_mark && identity_has_marks(id->pid, s->unit_mark, s->id_mark));
}

static bool consider(void *arg, pid_t pid)
{
    struct search *x = arg;
    struct identity id;
    struct sweep_room *room = x->s->room;
    if (pid == x->self || is_found(x, pid) || !identity_look(pid, &id) || !belongs(x, &id))
        return true;
    if (room->n == SWEEP_FOUND)
        return false;
    room->found[room->n].pid = pid;
    room->found[room->n++].started = id.started;
    x->grew = true;
    return true;
}

static void search(struct search *x)
{
    do {
        x->grew = false;
        identity_each(consider, x);
    } while (x->grew && x->s->room->n < SWEEP_FOUND);
    for (unsigned i = 0; i < x->s->room->n; i++) {
        struct identity id;
        if (identity_look(x->s->room->found[i].pid, &id) &&
            id.started == x->s->room->found[i].started && !is_dead(&id))
            hit(&id, x->signal, x->r);
    }
}

void sweep_signal(const struct sweep *s, int signal, struct sweep_result *r)
{
    struct search x = {.s = s, .signal = signal, .r = r, .self = getpid()};
    r->living = 0;
    r->n = 0;
    s->room->n = 0;
    if (s->groups->base >= 0)
        group_each(s->groups, s->group, hit_member, &x);
    else
        search(&x);
}

void sweep_kill(const struct sweep *s, struct sweep_result *r)
{
    r->living = 0;
    r->n = 0;
    if (s->groups->base < 0) {
        sweep_signal(s, 9, r);
        return;
    }
    if (group_is_empty(s->groups, s->group))
        return;
    group_kill(s->groups, s->group);
    if (!group_is_empty(s->groups, s->group))
        r->living = 1; /* so many the caller's next look tells */
}

void sweep_orphans(struct sweep_room *room, int signal, pid_t spared, struct sweep_result *r)
{
    const struct sweep none = {.room = room};
    struct search x = {.s = &none, .signal = signal, .r = r, .self = getpid()};
    r->living = 0;
    r->n = 0;
    room->found[0].pid = x.self; /* its children are of the tree, it is not */
    room->found[0].started = 0;
    room->n = 1;
    if (spared > 0) { /* 0 would stand for the parent of process 1 */
        room->found[1].pid = spared;
        room->found[1].started = 0;
        room->n = 2;
    }
    search(&x);
}
