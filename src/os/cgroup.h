/* cgroup.h: what the groups of this process let it use, as containers and systemd set it: cgroup
 * v2, and the hierarchies of v1 by their controller. */
#ifndef OS_CGROUP_H
#define OS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The least that `look` finds in the folders of our group and those above it; it gives 0 for "no
 * limit", and so does this. controller: "memory", "cpu" of v1; NULL: v2. */
int64_t cgroup_least(const char *controller, int64_t (*look)(const char *folder));
/* The first line of a group's file; false when there is none. */
bool cgroup_line(const char *folder, const char *file, char *line, size_t n);

/* Bytes of memory we may use, 0 = no limit. */
int64_t cgroup_memory(void);
/* Pure: what one memory.max says ("max", "536870912"), or v1's memory.limit_in_bytes, which has a
 * number for no limit, too. */
int64_t cgroup_memory_of(const char *line);

#endif
