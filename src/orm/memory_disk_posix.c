/* memory_disk_posix.c: the memory store's file. A new state is written beside it, synced, and takes
 * its name; then the folder is synced, so that a power cut leaves the old or the new file, whole. A
 * lock file keeps a second process away. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "orm/store_memory_int.h"

struct mem_disk {
    char *path, *aside, *lock_path, *folder;
    int lock, out;
    bool sync;
};

static char *join(const char *a, const char *b)
{
    char *p = NULL;
    bw_must(asprintf(&p, "%s%s", a, b) >= 0);
    return p;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *p = join(slash ? path : ".", "");
    if (slash)
        p[slash == path ? 1 : slash - path] = 0;
    return p;
}

static bool take_lock(struct mem_disk *d, struct bw_err *e)
{
    d->lock = open(d->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock < 0)
        return bw_fail_sys(e, errno, "cannot open %s", d->lock_path);
    if (flock(d->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return bw_fail(e, BW_BUSY, "%s is served by another process: stop that one first", d->path);
    return bw_fail_sys(e, errno, "cannot lock %s", d->lock_path);
}

struct mem_disk *mem_disk_open(const char *path, bool sync, struct bw_err *e)
{
    struct mem_disk *d = calloc(1, sizeof *d);
    bw_must(d);
    d->path = join(path, "");
    d->aside = join(path, ".new");
    d->lock_path = join(path, ".lock");
    d->folder = folder_of(path);
    d->lock = d->out = -1;
    d->sync = sync;
    if (take_lock(d, e))
        return d;
    mem_disk_close(d);
    return NULL;
}

void mem_disk_close(struct mem_disk *d)
{
    if (!d)
        return;
    mem_disk_abandon(d);
    if (d->lock >= 0)
        close(d->lock);
    free(d->path);
    free(d->aside);
    free(d->lock_path);
    free(d->folder);
    free(d);
}

bool mem_disk_read(struct mem_disk *d, struct bw_buf *out, struct bw_err *e)
{
    int fd = open(d->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || bw_fail_sys(e, errno, "cannot open %s", d->path);
    ssize_t n;
    do {
        char *room = bw_buf_room(out, 64 * 1024);
        if (!room) {
            close(fd);
            return bw_fail(e, BW_TOOBIG, "%s is too big for the memory store", d->path);
        }
        n = read(fd, room, 64 * 1024);
        if (n > 0)
            out->n += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    int error = errno;
    close(fd);
    return n == 0 || bw_fail_sys(e, error, "cannot read %s", d->path);
}

bool mem_disk_begin(struct mem_disk *d, struct bw_err *e)
{
    d->out = open(d->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return d->out >= 0 || bw_fail_sys(e, errno, "cannot create %s", d->aside);
}

bool mem_disk_write(struct mem_disk *d, bw_str bytes, struct bw_err *e)
{
    while (bytes.n) {
        ssize_t n = write(d->out, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return bw_fail_sys(e, n < 0 ? errno : ENOSPC, "cannot write %s", d->aside);
        bytes = bw_str_of(bytes.p + n, bytes.n - (size_t)n);
    }
    return true;
}

static bool sync_folder(struct mem_disk *d, struct bw_err *e)
{
    int fd = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return bw_fail_sys(e, errno, "cannot open the folder %s", d->folder);
    int r = fsync(fd), error = errno;
    close(fd);
    return r == 0 || bw_fail_sys(e, error, "cannot sync the folder %s", d->folder);
}

bool mem_disk_commit(struct mem_disk *d, struct bw_err *e)
{
    if (d->sync && fsync(d->out) != 0)
        return bw_fail_sys(e, errno, "cannot sync %s", d->aside);
    int r = close(d->out);
    d->out = -1;
    if (r != 0 || rename(d->aside, d->path) != 0)
        return bw_fail_sys(e, errno, "cannot replace %s", d->path);
    return !d->sync || sync_folder(d, e);
}

void mem_disk_abandon(struct mem_disk *d)
{
    if (d->out >= 0) {
        close(d->out);
        unlink(d->aside);
    }
    d->out = -1;
}
