/* cgroup.c: see cgroup.h. Within a container the root of what we see is the container's own group,
 * whatever /proc tells of the host's; so the walk upwards passes over folders that are not there
 * and ends at the root. */
#include "os/cgroup.h"

#include <limits.h>

#define CGROUPS  "/sys/fs/cgroup"
#define NO_LIMIT (INT64_MAX - (1 << 20)) /* v1 rounds the largest number down to a page */

bool cgroup_line(const char *folder, const char *file, char *line, size_t n)
{
    char path[PATH_MAX + 96];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(line, (int)n, f) != NULL;
    fclose(f);
    if (ok)
        line[strcspn(line, "\n")] = 0;
    return ok;
}

/* Is it among "cpu,cpuacct"? */
static bool names(const char *controllers, const char *end, const char *one)
{
    size_t n = strlen(one);
    for (const char *p = controllers; p < end; p++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *until = comma ? comma : end;
        if ((size_t)(until - p) == n && !memcmp(p, one, n))
            return true;
        p = until;
    }
    return false;
}

/* Of "4:memory:/a/b" or "0::/a/b": the path, when the line is of that hierarchy. */
static const char *path_of(const char *line, const char *controller)
{
    const char *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    if (!second)
        return NULL;
    bool ours = controller ? names(first + 1, second, controller) : second == first + 1;
    return ours ? second + 1 : NULL;
}

/* Where this process is in a hierarchy, "/user.slice/x"; "" when there is none. */
static void own_group(const char *controller, char *path, size_t n)
{
    char line[PATH_MAX];
    const char *found;
    path[0] = 0;
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        if ((found = path_of(line, controller)))
            snprintf(path, n, "%s", found);
    }
    fclose(f);
}

int64_t cgroup_least(const char *controller, int64_t (*look)(const char *folder))
{
    char group[PATH_MAX], folder[PATH_MAX + 64];
    int64_t least = 0;
    own_group(controller, group, sizeof group);
    for (;;) {
        snprintf(folder, sizeof folder, CGROUPS "%s%s%s", controller ? "/" : "",
                 controller ? controller : "", group);
        int64_t here = look(folder);
        if (here > 0 && (!least || here < least))
            least = here;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

int64_t cgroup_memory_of(const char *line)
{
    char *end;
    if (line[0] < '0' || line[0] > '9')
        return 0;
    unsigned long long bytes = strtoull(line, &end, 10);
    return *end || bytes >= NO_LIMIT ? 0 : (int64_t)bytes;
}

static int64_t look_v2(const char *folder)
{
    char line[128];
    return cgroup_line(folder, "memory.max", line, sizeof line) ? cgroup_memory_of(line) : 0;
}

static int64_t look_v1(const char *folder)
{
    char line[128];
    return cgroup_line(folder, "memory.limit_in_bytes", line, sizeof line) ? cgroup_memory_of(line)
                                                                           : 0;
}

int64_t cgroup_memory(void)
{
    int64_t v2 = cgroup_least(NULL, look_v2);
    return v2 ? v2 : cgroup_least("memory", look_v1);
}
