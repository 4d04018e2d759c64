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
        return bw_fail_sys(e, f->sys = errno, "opening the log file '%s'", f->path);
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
    logfile_pack_init(f);
}

bool logfile_open(struct logfile *f, const char *path, const struct logfile_rotate *r,
                  struct bw_err *e)
{
    init(f, path, -1);
    f->rotate = *r;
    if (!logfile_reach(f, e))
        return false;
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
}

void logfile_reopen(struct logfile *f)
{
    atomic_store(&f->reopen, true);
}

void logfile_forked(struct logfile *f)
{
    f->rotate.count = 0;
    f->next = 0;
    logfile_pack_forked(f);
}

/* A file of the right name is open: its size. Or f->fd is -1. */
static int64_t find(struct logfile *f)
{
    struct stat st;
    struct bw_err e;
    if (atomic_exchange(&f->reopen, false))
        logfile_leave(f);
    bool same = f->fd >= 0 && stat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
    if (same)
        return st.st_size;
    logfile_leave(f);
    return logfile_reach(f, &e) && fstat(f->fd, &st) == 0 ? st.st_size : 0;
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

static size_t put(struct logfile *f, bw_str bytes)
{
    size_t done = 0;
    while (done < bytes.n) {
        ssize_t n = write(f->fd, bytes.p + done, bytes.n - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR && !(errno == EAGAIN && wait_writable(f->fd))) {
            f->sys = errno;
            break;
        }
    }
    return done;
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
    size_t done, whole;
    int64_t size = f->path ? find(f) : 0;
    if (f->fd >= 0 && logfile_is_due(f, size))
        logfile_rotate(f);
    if (f->fd < 0)
        return 0;
    if (f->torn && write(f->fd, "\n", 1) != 1)
        return 0;
    f->torn = false;
    done = put(f, lines);
    for (whole = done; whole && lines.p[whole - 1] != '\n'; whole--)
        ;
    if (whole < done)
        take_back(f, done - whole);
    return whole;
}

/* So much of a stream goes into the file as it is now: through the line that fills it. */
static size_t until_full(const struct logfile *f, bw_str bytes, int64_t size)
{
    const struct logfile_rotate *r = &f->rotate;
    if (r->count < 2 || !r->size || size + (int64_t)bytes.n < r->size)
        return bytes.n;
    size_t room = size < r->size ? (size_t)(r->size - size) - 1 : 0;
    const char *lf = memchr(bytes.p + room, '\n', bytes.n - room);
    return lf ? (size_t)(lf + 1 - bytes.p) : bytes.n;
}

static bool is_current(const struct logfile *f)
{
    struct stat st;
    return stat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
}

/* A file that others have set aside within a line gets the rest of that line. */
static size_t finish_line(struct logfile *f, bw_str bytes)
{
    struct stat st;
    if (!f->mid || f->fd < 0 || is_current(f) || fstat(f->fd, &st) != 0 || !st.st_nlink)
        return 0;
    const char *lf = memchr(bytes.p, '\n', bytes.n);
    return put(f, bw_str_of(bytes.p, lf ? (size_t)(lf + 1 - bytes.p) : 0));
}

size_t logfile_stream(struct logfile *f, bw_str bytes)
{
    size_t done = finish_line(f, bytes);
    if (done)
        f->mid = bytes.p[done - 1] != '\n';
    while (done < bytes.n) {
        int64_t size = find(f);
        bool long_line = f->rotate.size && size >= 2 * f->rotate.size;
        if (f->fd >= 0 && (!f->mid || long_line) && logfile_is_due(f, size)) {
            logfile_rotate(f);
            size = 0;
        }
        if (f->fd < 0)
            break;
        bw_str left = bw_str_of(bytes.p + done, bytes.n - done);
        left.n = until_full(f, left, size);
        size_t n = put(f, left);
        done += n;
        if (n)
            f->mid = bytes.p[done - 1] != '\n';
        if (n < left.n)
            break;
    }
    return done;
}
