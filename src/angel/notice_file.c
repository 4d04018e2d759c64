/* notice_file.c: a line at the end of a file. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "angel/notice_int.h"
#include "os/file.h"

static const char *is(const char *target)
{
    return !strncmp(target, "file:", 5) ? target + 5 : target;
}

struct append {
    const char *path;
    bw_str line;
    bool ok;
    struct bw_err *e;
};

static void append(void *arg)
{
    struct append *a = arg;
    char *slash = strrchr(a->path, '/');
    char folder[4096];
    if (slash && slash != a->path && (size_t)(slash - a->path) < sizeof folder) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - a->path), a->path);
        file_make_folders(folder, NULL);
    }
    int fd = open(a->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    ssize_t n = fd >= 0 ? write(fd, a->line.p, a->line.n) : -1;
    a->ok = n == (ssize_t)a->line.n;
    if (!a->ok)
        bw_fail_sys(a->e, n >= 0 ? ENOSPC : errno, "writing to '%s'", a->path);
    file_close(fd);
}

static bool tell(const struct notice_job *j, struct bw_err *e)
{
    bw_str line = bw_arena_printf(j->arena, "%s\n", notice_line(j));
    struct append a = {.path = j->target, .line = line, .e = e};
    worker_run(append, &a);
    return a.ok;
}

const struct notice_kind notice_file = {
    .name = "file",
    .help = "any other, or file:PATH: a line at the end of that file.",
    .is = is,
    .send = tell,
};
