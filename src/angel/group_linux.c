/* group_linux.c: cgroup v2 by hand. On a machine where v2 is one mount beside v1 hierarchies it has
 * no controllers, but cgroup.kill and cgroup.events are what we need most. */
#include "angel/group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/peek.h"

#define DEEPEST 32 /* groups a child may have made within each other */

static bool write_at(int folder, const char *path, const char *text)
{
    int fd = openat(folder, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = write(fd, text, strlen(text));
    int why = errno;
    close(fd);
    errno = why;
    return n == (ssize_t)strlen(text);
}

/* ---- finding the place ---- */

/* "36 25 0:31 / /sys/fs/cgroup rw,nosuid … - cgroup2 cgroup2 rw": where v2 is mounted. */
static bool mount_point(char *out, size_t n)
{
    char line[1024], where[512];
    bool found = false;
    FILE *f = fopen("/proc/self/mountinfo", "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        const char *kind = strstr(line, " - ");
        found = kind && !strncmp(kind + 3, "cgroup2 ", 8) &&
                sscanf(line, "%*s %*s %*s %*s %511s", where) == 1;
    }
    if (f)
        fclose(f);
    return found && (size_t)snprintf(out, n, "%s", where) < n;
}

static bool own_path(char *out, size_t n)
{
    char line[PATH_MAX];
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        found = !strncmp(line, "0::", 3) && (size_t)snprintf(out, n, "%s", line + 3) < n;
    }
    if (f)
        fclose(f);
    return found && !strstr(out, "..");
}

static const struct {
    const char *name;
    unsigned bit;
} controllers[] = {{"cpu", GROUP_CPU}, {"memory", GROUP_MEMORY}, {"pids", GROUP_PIDS}};
#define CONTROLLERS (sizeof controllers / sizeof controllers[0])

/* "cpuset cpu io memory pids": cpuset is not cpu. */
static unsigned controllers_of(int folder)
{
    char text[256], *rest = NULL;
    unsigned found = 0;
    peek_file(folder, "cgroup.controllers", text, sizeof text);
    for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
        for (size_t i = 0; i < CONTROLLERS; i++)
            found |= strcmp(word, controllers[i].name) == 0 ? controllers[i].bit : 0;
    }
    return found;
}

/* For groups below: "+cpu +pids". */
static bool enable(int folder, unsigned which)
{
    char text[64] = "";
    size_t n = 0;
    for (size_t i = 0; i < CONTROLLERS; i++) {
        if (which & controllers[i].bit)
            n += (size_t)snprintf(text + n, sizeof text - n, "+%s ", controllers[i].name);
    }
    return write_at(folder, "cgroup.subtree_control", text);
}

/* Has it processes of its own? In the root group they do not matter. */
static bool is_peopled(int folder)
{
    char text[16];
    return faccessat(folder, "cgroup.type", F_OK, 0) == 0 &&
           peek_file(folder, "cgroup.procs", text, sizeof text) > 0;
}

/* Controllers can be handed down only by a group without processes of its own: when we are alone in
 * it (as a service of systemd with Delegate=yes) we move down, beside our children. The kernel
 * takes cpu and pids alone from a peopled group too, but nothing can live in the groups below then.
 */
static bool hand_down(int parent, const char *below, unsigned which)
{
    char procs[64];
    snprintf(procs, sizeof procs, "%s/cgroup.procs", below);
    if (!is_peopled(parent))
        return enable(parent, which);
    if (mkdirat(parent, below, 0755) != 0 && errno != EEXIST)
        return false;
    if (write_at(parent, procs, "0") && !is_peopled(parent) && enable(parent, which))
        return true;
    write_at(parent, "cgroup.procs", "0");
    unlinkat(parent, below, AT_REMOVEDIR);
    return false;
}

/* Where a keeper of this state folder made groups before: in its own group, or, when it moved down,
 * in the one above. */
static void settle(char *own, const char *below)
{
    char *last = strrchr(own, '/');
    if (last && !strcmp(last + 1, below))
        *last = 0;
}

void groups_open(struct groups *g, const char *id)
{
    char mount[512], own[512], parent[1100], below[40];
    *g = (struct groups){.base = -1};
    if (!mount_point(mount, sizeof mount) || !own_path(own, sizeof own))
        return;
    snprintf(below, sizeof below, "angel-%s", id);
    settle(own, below);
    snprintf(parent, sizeof parent, "%s%s", mount, strcmp(own, "/") ? own : "");
    if ((size_t)snprintf(g->path, sizeof g->path, "%s/burrow-%s", parent, id) >= sizeof g->path)
        return;
    int above = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return;
    unsigned given = controllers_of(above);
    if (given && !hand_down(above, below, given))
        given = 0;
    if (mkdir(g->path, 0755) == 0 || errno == EEXIST)
        g->base = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(above);
    /* Without cgroup.kill (before Linux 5.14) /proc serves as well. */
    if (g->base >= 0 && faccessat(g->base, "cgroup.kill", W_OK, 0) != 0) {
        close(g->base);
        unlinkat(AT_FDCWD, g->path, AT_REMOVEDIR);
        g->base = -1;
        return;
    }
    given &= g->base >= 0 ? controllers_of(g->base) : 0;
    g->limits = given && enable(g->base, given) ? given : 0;
}

void groups_close(struct groups *g)
{
    if (g->base < 0)
        return;
    close(g->base);
    unlinkat(AT_FDCWD, g->path, AT_REMOVEDIR);
    g->base = -1;
}

/* ---- one group ---- */

int group_open(const struct groups *g, const char *name, uint8_t *fresh)
{
    int fd = openat(g->base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(g->base, name, 0755) == 0)
        *fresh = 1;
    else if (errno != EEXIST)
        return -1;
    return openat(g->base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void group_close(int group)
{
    close(group);
}

static bool put_limit(int group, const char *file, int64_t value)
{
    char text[32] = "max";
    if (value > 0)
        snprintf(text, sizeof text, "%lld", (long long)value);
    return write_at(group, file, text);
}

bool group_limit(const struct groups *g, int group, const struct group_limits *l)
{
    char cpu[48] = "max 100000";
    if (l->cpu_per_mille > 0) /* of one CPU, in microseconds of each 100 ms */
        snprintf(cpu, sizeof cpu, "%lld 100000", (long long)l->cpu_per_mille * 100);
    return (!(g->limits & GROUP_MEMORY) || put_limit(group, "memory.max", l->memory_max)) &&
           (!(g->limits & GROUP_PIDS) || put_limit(group, "pids.max", l->pids_max)) &&
           (!(g->limits & GROUP_CPU) || write_at(group, "cpu.max", cpu));
}

/* The number behind a word in a file of "word number" lines; -1: not there. */
static int64_t number_in(const struct groups *g, const char *name, const char *file,
                         const char *word)
{
    char path[GROUP_NAME + 32], text[512];
    snprintf(path, sizeof path, "%s/%s", name, file);
    if (g->base < 0 || peek_file(g->base, path, text, sizeof text) == 0)
        return -1;
    const char *p = text;
    size_t n = strlen(word);
    while (p && strncmp(p, word, n) != 0)
        p = (p = strchr(p, '\n')) ? p + 1 : NULL;
    return p ? strtoll(p + n, NULL, 10) : -1;
}

bool group_exists(const struct groups *g, const char *name)
{
    return faccessat(g->base, name, F_OK, 0) == 0;
}

bool group_is_empty(const struct groups *g, const char *name)
{
    return number_in(g, name, "cgroup.events", "populated ") != 1;
}

/* "oom" is counted where the limit is (and above), "oom_kill" where the process was. */
struct group_ooms group_ooms(const struct groups *g, const char *name)
{
    bool counted = g->limits & GROUP_MEMORY;
    int64_t killed = counted ? number_in(g, name, "memory.events", "oom_kill ") : 0;
    int64_t own = counted ? number_in(g, name, "memory.events", "oom ") : 0;
    return (struct group_ooms){.killed = killed > 0 ? killed : 0, .own = own > 0 ? own : 0};
}

void group_kill(const struct groups *g, const char *name)
{
    char path[GROUP_NAME + 32];
    snprintf(path, sizeof path, "%s/cgroup.kill", name);
    write_at(g->base, path, "1");
}

bool group_has(const struct groups *g, const char *name, pid_t pid)
{
    char file[64], text[2048], want[GROUP_NAME + 64];
    snprintf(file, sizeof file, "/proc/%ld/cgroup", (long)pid);
    peek_file(AT_FDCWD, file, text, sizeof text);
    const char *line = strstr(text, "0::"), *base = strrchr(g->path, '/');
    snprintf(want, sizeof want, "%s/%s", base, name);
    const char *at = line ? strstr(line, want) : NULL;
    char after = at ? at[strlen(want)] : 'x';
    return after == 0 || after == '\n' || after == '/';
}

static void each_pid(int folder, void (*fn)(void *arg, pid_t pid), void *arg)
{
    char text[4096];
    size_t had = 0;
    ssize_t n = 0;
    int fd = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, text + had, sizeof text - 1 - had)) > 0) {
        char *p = text, *end;
        text[had + (size_t)n] = 0;
        for (; (end = strchr(p, '\n')); p = end + 1)
            fn(arg, (pid_t)strtol(p, NULL, 10));
        had = strlen(p);
        memmove(text, p, had);
    }
    if (fd >= 0)
        close(fd);
}

/* Through groups within groups; as deep as a child may have made them. */
struct walk {
    int folder, depth;
    void (*fn)(void *arg, pid_t pid);
    void *arg;
};

static int open_below(const struct walk *w, const char *name)
{
    return w->depth < DEEPEST ? openat(w->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static bool pids_below(void *arg, const char *name, bool is_folder)
{
    const struct walk *w = arg;
    struct walk below = {.folder = is_folder ? open_below(w, name) : -1,
                         .depth = w->depth + 1,
                         .fn = w->fn,
                         .arg = w->arg};
    if (below.folder < 0)
        return true;
    each_pid(below.folder, w->fn, w->arg);
    peek_folder(below.folder, pids_below, &below);
    close(below.folder);
    return true;
}

void group_each(const struct groups *g, const char *name, void (*fn)(void *arg, pid_t pid),
                void *arg)
{
    struct walk w = {.folder = g->base, .fn = fn, .arg = arg};
    if (g->base >= 0)
        pids_below(&w, name, true);
}

/* What a child made within goes first; its processes have gone. */
static bool remove_below(void *arg, const char *name, bool is_folder)
{
    const struct walk *w = arg;
    struct walk below = {.folder = is_folder ? open_below(w, name) : -1, .depth = w->depth + 1};
    if (below.folder < 0)
        return true;
    peek_folder(below.folder, remove_below, &below);
    close(below.folder);
    unlinkat(w->folder, name, AT_REMOVEDIR);
    return true;
}

void group_remove(const struct groups *g, const char *name)
{
    struct walk w = {.folder = g->base};
    if (g->base >= 0 && unlinkat(g->base, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        remove_below(&w, name, true);
}
