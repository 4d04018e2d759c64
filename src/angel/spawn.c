/* spawn.c: what the parent prepares, the same on every system: marks, and the variables a child
 * gets besides those ordered. */
#include "angel/spawn.h"

#include <stdio.h>

const char *spawn_step_name(unsigned step)
{
    static const char *const names[] = {
#define X(id, name) name,
        SPAWN_STEPS(X)
#undef X
    };
    return step < SPAWN_STEP_COUNT ? names[step] : "start";
}

void spawn_mark(struct spawn_marks *m, const char *unit, const char *id, uint32_t child)
{
    snprintf(m->unit, sizeof m->unit, "BURROW_UNIT=%s", unit);
    snprintf(m->id, sizeof m->id, "BURROW_ANGEL=%s.%u", id, child);
}

/* What the angel itself got must not reach the child: an outer angel's marks, sockets of systemd's.
 */
static bool is_ours(const char *line)
{
    return !strncmp(line, "BURROW_UNIT=", 12) || !strncmp(line, "BURROW_ANGEL=", 13) ||
           !strncmp(line, "LISTEN_FDS=", 11) || !strncmp(line, "LISTEN_PID=", 11) ||
           !strncmp(line, "LISTEN_FDNAMES=", 15);
}

static void name_sockets(struct spawn *s)
{
    const struct order *o = s->order;
    size_t n = (size_t)snprintf(s->names, sizeof s->names, "LISTEN_FDNAMES=");
    for (unsigned i = 0; i < o->head.n_listen && n < sizeof s->names; i++)
        n += (size_t)snprintf(s->names + n, sizeof s->names - n, "%s%.64s", i ? ":" : "",
                              o->listen_names[i]);
}

void spawn_prepare(struct spawn *s)
{
    struct order *o = s->order;
    char **to = o->env;
    for (char **from = o->env; *from; from++)
        if (!is_ours(*from))
            *to++ = *from;
    spawn_mark(&s->marks, o->unit, s->id, o->head.child);
    *to++ = s->marks.unit;
    *to++ = s->marks.id;
    if (o->head.n_listen) {
        snprintf(s->fds, sizeof s->fds, "LISTEN_FDS=%u", o->head.n_listen);
        name_sockets(s);
        *to++ = s->fds;
        *to++ = s->names;
        *to++ = s->pid; /* the child's own to write */
    }
    *to = NULL;
}
