/* cpus.h: how many CPUs this process may keep busy: its affinity mask, narrowed by the CPU quota of
 * its cgroup (v1 or v2) and of the groups above it, as containers and systemd set it. */
#ifndef OS_CPUS_H
#define OS_CPUS_H

unsigned cpus_count(void); /* at least 1; a quota of 1.5 CPUs counts as 2 */

/* Pure: what one cpu.max file says ("max 100000", "150000 100000"), in whole CPUs rounded up; 0 =
 * no limit or not understood. */
unsigned cpus_of_quota(const char *cpu_max);

#endif
