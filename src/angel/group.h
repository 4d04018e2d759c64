/* group.h: a control group for each child, where the system has them: nothing that runs in it can
 * leave it by fork or setsid, and one call kills all of it. group_linux.c: cgroup v2, delegated to
 * us; group_windows.c: Job objects. Nothing here allocates. */
#ifndef ANGEL_GROUP_H
#define ANGEL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GROUP_NAME 112

/* What of a child can be limited. */
enum { GROUP_MEMORY = 1, GROUP_CPU = 2, GROUP_PIDS = 4, GROUP_ALL = 7 };

struct groups {
    int base;        /* folder of this angel; -1: there are none here, trees are swept */
    unsigned limits; /* of GROUP_MEMORY …: those that were delegated */
    char path[512];
};

struct group_limits {
    int64_t memory_max, cpu_per_mille, pids_max; /* 0: none */
};

/* id: of the state folder, so that a later angel finds the same. */
void groups_open(struct groups *g, const char *id);
void groups_close(struct groups *g); /* removes the folder if it is empty */

/* The file name of a child's group. */
void group_name(const char *unit, uint32_t child, char out[GROUP_NAME]);
/* Made if need be (then *fresh is set); -1 (errno). */
int group_open(const struct groups *g, const char *name, uint8_t *fresh);
void group_close(int group); /* what group_open gave; the group stays */
/* Those that can be set here. */
bool group_limit(const struct groups *g, int group, const struct group_limits *l);
bool group_exists(const struct groups *g, const char *name);
bool group_is_empty(const struct groups *g, const char *name); /* true also when there is none */
void group_kill(const struct groups *g, const char *name);
/* Calls fn for each pid in it and in groups within. */
void group_each(const struct groups *g, const char *name, void (*fn)(void *arg, pid_t pid),
                void *arg);
/* Is the process in it now? */
bool group_has(const struct groups *g, const char *name, pid_t pid);
/* Killed for memory since the group was made: in all, and how often its own limit was why: what the
 * machine or a group above ran out of kills as well. */
struct group_ooms {
    int64_t killed, own;
};
struct group_ooms group_ooms(const struct groups *g, const char *name);
void group_remove(const struct groups *g, const char *name);

#endif
