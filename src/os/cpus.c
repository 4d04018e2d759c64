/* cpus.c: the affinity mask and the CPU quota of the cgroups. */
#include "os/cpus.h"

#include <limits.h>
#include <sched.h>

#include "os/cgroup.h"

unsigned cpus_of_quota(const char *cpu_max)
{
    char *end;
    if (cpu_max[0] < '0' || cpu_max[0] > '9')
        return 0;
    unsigned long long quota = strtoull(cpu_max, &end, 10);
    if (*end != ' ')
        return 0;
    unsigned long long period = strtoull(end + 1, NULL, 10);
    if (quota == 0 || period == 0)
        return 0;
    unsigned long long cpus = quota / period + (quota % period != 0);
    return cpus > UINT_MAX ? 0 : (unsigned)cpus;
}

static int64_t quota_of(const char *line)
{
    return cpus_of_quota(line);
}

unsigned cpus_count(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                        : (int)sysconf(_SC_NPROCESSORS_ONLN);
    unsigned limit = (unsigned)cgroup_least("cpu.max", quota_of);
    unsigned cpus = n < 1 ? 1 : (unsigned)n;
    return limit && limit < cpus ? limit : cpus;
}
