/* group_none.c: where the system has nothing like a control group (BSD, macOS): trees are swept by
 * ancestry, session and marks (sweep.c), and limits cannot be set. */
#include <errno.h>
#include <stdio.h>

#include "angel/group.h"

void groups_open(struct groups *g, const char *id)
{
    (void)id;
    *g = (struct groups){.base = -1};
}

void groups_close(struct groups *g)
{
    g->base = -1;
}

int group_open(const struct groups *g, const char *name, uint8_t *fresh)
{
    (void)g;
    (void)name;
    *fresh = 0;
    errno = ENOTSUP;
    return -1;
}

void group_close(int group)
{
    (void)group;
}

bool group_limit(const struct groups *g, int group, const struct group_limits *l)
{
    (void)g;
    (void)group;
    (void)l;
    errno = ENOTSUP;
    return false;
}

bool group_is_empty(const struct groups *g, const char *name)
{
    (void)g;
    (void)name;
    return true;
}

void group_kill(const struct groups *g, const char *name)
{
    (void)g;
    (void)name;
}

void group_each(const struct groups *g, const char *name, void (*fn)(void *arg, pid_t pid),
                void *arg)
{
    (void)g;
    (void)name;
    (void)fn;
    (void)arg;
}

bool group_has(const struct groups *g, const char *name, pid_t pid)
{
    (void)g;
    (void)name;
    (void)pid;
    return false;
}

struct group_ooms group_ooms(const struct groups *g, const char *name)
{
    (void)g;
    (void)name;
    return (struct group_ooms){0};
}

void group_remove(const struct groups *g, const char *name)
{
    (void)g;
    (void)name;
}
