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

static int64_t look_v2(const char *folder)
{
    char line[128];
    return cgroup_line(folder, "cpu.max", line, sizeof line) ? cpus_of_quota(line) : 0;
}

/* v1 has the two numbers in two files. */
static int64_t look_v1(const char *folder)
{
    char quota[64], period[64], both[130];
    if (!cgroup_line(folder, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !cgroup_line(folder, "cpu.cfs_period_us", period, sizeof period))
        return 0;
    snprintf(both, sizeof both, "%s %s", quota, period);
    return cpus_of_quota(both);
}

static unsigned quota(void)
{
    int64_t v2 = cgroup_least(NULL, look_v2);
    return (unsigned)(v2 ? v2 : cgroup_least("cpu", look_v1));
}

unsigned cpus_count(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                        : (int)sysconf(_SC_NPROCESSORS_ONLN);
    unsigned limit = quota();
    unsigned cpus = n < 1 ? 1 : (unsigned)n;
    return limit && limit < cpus ? limit : cpus;
}
