/* cgroup.c: see cgroup.h. Within a container the root of what we see is the container's own group,
 * so the walk upwards ends there. */
#include "os/cgroup.h"

#include <limits.h>
#include <stdbool.h>

#define CGROUPS "/sys/fs/cgroup"

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

int64_t cgroup_least(const char *file, int64_t (*read)(const char *line))
{
    char group[PATH_MAX], path[PATH_MAX + 64], line[128];
    int64_t least = 0;
    own_group(group, sizeof group);
    for (;;) {
        snprintf(path, sizeof path, CGROUPS "%s/%s", group, file);
        int64_t here = read_line(path, line, sizeof line) ? read(line) : 0;
        if (here > 0 && (!least || here < least))
            least = here;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

int64_t cgroup_memory_of(const char *memory_max)
{
    char *end;
    if (memory_max[0] < '0' || memory_max[0] > '9')
        return 0;
    unsigned long long bytes = strtoull(memory_max, &end, 10);
    return *end || bytes > INT64_MAX ? 0 : (int64_t)bytes;
}

int64_t cgroup_memory(void)
{
    return cgroup_least("memory.max", cgroup_memory_of);
}
