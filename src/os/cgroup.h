/* cgroup.h: what the groups of this process (cgroup v2) let it use, as containers and systemd set
 * it. */
#ifndef OS_CGROUP_H
#define OS_CGROUP_H

#include <stdint.h>

/* The least that `file` ("cpu.max") says in our group and those above it, as `read` understands its
 * line; read gives 0 for "no limit", and so does this. */
int64_t cgroup_least(const char *file, int64_t (*read)(const char *line));

/* Bytes of memory we may use, 0 = no limit. */
int64_t cgroup_memory(void);
/* Pure: what one memory.max says ("max", "536870912"). */
int64_t cgroup_memory_of(const char *memory_max);

#endif
