/* logfile.c: writing. Before each write the path is looked at: it must still lead to the open file,
 * so that nothing is written where nobody finds it. A file is opened to append, so that several
 * processes do not overwrite each other. */
#include "core/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "core/logfile_int.h"

/* mkdir -p of the file's folder. */
static void make_folder(const char *path)
{
    char folder[4096];
    size_t n = strlen(path);
    if (n >= sizeof folder)
        return;
    memcpy(folder, path, n + 1);
    for (char *p = folder + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        mkdir(folder, 0750);
        *p = '/';
    }
}

/* Non-blocking: a pipe put in the file's place must not hold the writer. */
static int open_path(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

bool logfile_reach(struct logfile *f, struct bw_err *e)
{
    struct stat st;
    f->fd = open_path(f->path);
    if (f->fd < 0 && errno == ENOENT && f->dev) { /* it was there */
        make_folder(f->path);
        f->fd = open_path(f->path);
    }
    if (f->fd < 0)
        return bw_fail_sys(e, errno, "opening the log file '%s'", f->path);
    bw_must(fstat(f->fd, &st) == 0);
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    f->torn = false;
    f->next =
        logfile_next(&f->rotate, st.st_size ? (bw_time)st.st_mtime * BW_TIME_SECOND : bw_now());
    if (!S_ISREG(st.st_mode))
        f->rotate.count = 0;
    return true;
}

void logfile_leave(struct logfile *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static void init(struct logfile *f, const char *path, int fd)
{
    *f = (struct logfile){.path = path, .fd = fd};
    pthread_mutex_init(&f->packer.lock, NULL);
}

bool logfile_open(struct logfile *f, const char *path, const struct logfile_rotate *r,
                  struct bw_err *e)
{
    init(f, path, -1);
    f->rotate = *r;
    if (!logfile_reach(f, e)) {
        pthread_mutex_destroy(&f->packer.lock);
        return false;
    }
    if (f->rotate.count > 1)
        logfile_pack(f); /* what an earlier process left */
    return true;
}

void logfile_of(struct logfile *f, int fd)
{
    init(f, NULL, fd);
}

void logfile_close(struct logfile *f)
{
    logfile_pack_stop(f);
    if (f->path)
        logfile_leave(f);
    f->fd = -1;
    pthread_mutex_destroy(&f->packer.lock);
}

void logfile_reopen(struct logfile *f)
{
    atomic_store(&f->reopen, true);
}

void logfile_forked(struct logfile *f)
{
    f->rotate.count = 0;
    f->next = 0;
    f->packer.started = f->packer.running = f->packer.again = false;
    pthread_mutex_init(&f->packer.lock, NULL);
}

/* A file of the right name is open, or f->fd is -1. */
static void find(struct logfile *f)
{
    struct stat st;
    struct bw_err e;
    if (!f->path)
        return;
    if (atomic_exchange(&f->reopen, false))
        logfile_leave(f);
    bool same = f->fd >= 0 && stat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
    if (!same) {
        logfile_leave(f);
        if (!logfile_reach(f, &e) || fstat(f->fd, &st) != 0)
            return;
    }
    logfile_rotate_due(f, st.st_size);
}

/* A non-blocking pipe that is full. */
static bool wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int n;
    do
        n = poll(&p, 1, 1000);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

/* A failed write may leave half a line. It is taken back; where that cannot be (a pipe), the next
 * line begins with a line break, so that no record is ever joined to another. */
static void take_back(struct logfile *f, size_t part)
{
    struct stat st;
    bool back = f->path && fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode) &&
                st.st_size >= (off_t)part && ftruncate(f->fd, st.st_size - (off_t)part) == 0;
    f->torn = !back;
}

size_t logfile_write(struct logfile *f, bw_str lines)
{
    size_t done = 0, whole;
    find(f);
    if (f->fd < 0)
        return 0;
    if (f->torn && write(f->fd, "\n", 1) != 1)
        return 0;
    f->torn = false;
    while (done < lines.n) {
        ssize_t n = write(f->fd, lines.p + done, lines.n - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR && !(errno == EAGAIN && wait_writable(f->fd)))
            break;
    }
    for (whole = done; whole && lines.p[whole - 1] != '\n'; whole--)
        ;
    if (whole < done)
        take_back(f, done - whole);
    return whole;
}
