/* spawn.h: one process from an order. spawn.c is what the parent prepares, spawn_child.c what the
 * child does between fork and exec on every POSIX system; how it is born is the platform's:
 * spawn_linux.c (clone3 with a pidfd, into its cgroup), spawn_windows.c (CreateProcess, suspended
 * until it is recorded and in its job).
 *
 * The parent comes back at once. The child tells through `errors` which step failed and why; the
 * end of that pipe without a word is a successful exec, or a death before it. Windows says so at
 * birth: there is no pipe then. */
#ifndef ANGEL_SPAWN_H
#define ANGEL_SPAWN_H

#include "angel/children.h"
#include "angel/order.h"

/* id, what people read */
#define SPAWN_STEPS(X)          \
    X(FORK, "fork")             \
    X(PIPE, "pipe")             \
    X(RECORD, "record")         \
    X(DESCRIPTOR, "descriptor") \
    X(SESSION, "session")       \
    X(CGROUP, "cgroup")         \
    X(LIMIT, "limit")           \
    X(NICE, "nice")             \
    X(USER, "user")             \
    X(CHDIR, "chdir")           \
    X(EXEC, "exec")

enum spawn_step {
#define X(id, name) SPAWN_##id,
    SPAWN_STEPS(X)
#undef X
        SPAWN_STEP_COUNT
};

const char *spawn_step_name(unsigned step);

/* "BURROW_UNIT=api", "BURROW_ANGEL=0123….7": by the two a process is known as the child's (a helper
 * has the unit's name as well). */
struct spawn_marks {
    char unit[16 + ORDER_UNIT], id[32 + CHILDREN_ID];
};

/* Where a child that lives in its parent's memory has its stack, and how it says that it does not
 * any more. */
struct spawn_room {
    _Atomic uint32_t busy;
    _Alignas(16) char stack[32 * 1024];
};

struct spawn {
    /* Linux: with a room the child is born without a copy of our memory, which takes longer than
     * all else (decision 030), where that is safe. Until `busy` is 0 again (it runs, or has gone)
     * the room, *this and what this points to are the child's. NULL: always with a copy. */
    struct spawn_room *room;
    struct order *order; /* its word lists get the variables below */
    struct child_record *record;
    const char *id;           /* of the state folder */
    int lock;                 /* kept open until exec; -1: none */
    int cgroup;               /* group_open's, to be born into; -1: none */
    bool cgroup_by_hand;      /* the child joins it itself */
    struct rlimit open_files; /* the child's, unless ordered otherwise */
    int errors;               /* the child's end of the pipe: spawn_start's */
    struct spawn_marks marks;
    char fds[32], pid[32], names[HANDS_LISTEN * 65 + 32];
};

struct spawned {
    pid_t pid;
    int pidfd, errors; /* identity.h's handle; errors -1: it runs, or never will */
};

/* What the child sends when it cannot go on. */
struct spawn_failure {
    int32_t sys;
    uint32_t step;
};

/* False: nothing was started, *f says why. */
bool spawn_start(struct spawn *s, struct spawned *out, struct spawn_failure *f);
/* Is a child born into this group alive? Linux 6.18 compares how often the parent's group was
 * killed with how often the child's was, and kills the child when they differ: of groups that were
 * killed once nothing can be born into, and nothing into any when we ourselves live in one. Such
 * children join by hand. */
bool spawn_into_works(int group);
/* Fills in the variables the child gets besides those ordered. spawn_start calls it. */
void spawn_prepare(struct spawn *s);
void spawn_mark(struct spawn_marks *m, const char *unit, const char *id, uint32_t child);

#endif
