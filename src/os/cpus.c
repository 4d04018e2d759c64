/* cpus.c: reads the affinity mask and the cpu.max files of cgroup v2. Within a container the root
 * of what we see is the container's own group, so the walk upwards ends there. */
#include "os/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>

#define CGROUPS "/sys/fs/cgroup"

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

static bool read_line(const char *path, char *line, size_t n)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(line, (int)n, f) != NULL;
    fclose(f);
    if (ok)
        line[strcspn(line, "\n")] = 0;
    return ok;
}

/* The path of this process in the v2 hierarchy, "/user.slice/x"; "" when there is none. */
static void own_group(char *path, size_t n)
{
    char line[PATH_MAX];
    path[0] = 0;
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "0::", 3) == 0)
            snprintf(path, n, "%s", line + 3);
    }
    fclose(f);
}

/* The tightest quota from our group up to the root of what we see. */
static unsigned quota(void)
{
    char group[PATH_MAX], file[PATH_MAX + 64], line[128];
    unsigned least = 0;
    own_group(group, sizeof group);
    for (;;) {
        snprintf(file, sizeof file, CGROUPS "%s/cpu.max", group);
        unsigned here = read_line(file, line, sizeof line) ? cpus_of_quota(line) : 0;
        if (here && (!least || here < least))
            least = here;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
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
