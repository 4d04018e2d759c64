/* file.c: files on POSIX. The lock is flock(): it belongs to the open file, so it also keeps out a
 * second opening in the same process, and the kernel ends it with the process. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

/* -1 on failure, else the bytes read, at most n. */
static ssize_t read_all(int fd, char *p, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(fd, p + got, n - got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        got += (size_t)r;
    }
    return (ssize_t)got;
}

/* How much to make room for. A pipe or /proc tells no size: one byte more than the bound shows that
 * it is too much. */
static bool room_for(int fd, const char *path, size_t max, size_t *room, struct bw_err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return bw_fail_sys(e, errno, "looking at %s", path);
    if (S_ISDIR(st.st_mode))
        return bw_fail(e, BW_BAD, "%s is a folder, not a file", path);
    if (st.st_size > 0 && (uint64_t)st.st_size > max)
        return bw_fail(e, BW_TOOBIG, "%s has %lld bytes; at most %zu are read", path,
                       (long long)st.st_size, max);
    *room = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : max + 1;
    return true;
}

bool file_read(const char *path, size_t max, struct bw_arena *a, bw_str *text, struct bw_err *e)
{
    size_t room = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return bw_fail_sys(e, errno, "opening %s", path);
    bool ok = room_for(fd, path, max, &room, e);
    char *p = ok ? bw_arena_alloc(a, room + 1) : NULL;
    ssize_t got = ok ? read_all(fd, p, room) : -1;
    int why = errno;
    close(fd);
    if (!ok)
        return false;
    if (got < 0)
        return bw_fail_sys(e, why, "reading %s", path);
    if ((size_t)got > max)
        return bw_fail(e, BW_TOOBIG, "%s has more than the %zu bytes that are read", path, max);
    p[got] = 0;
    *text = bw_str_of(p, (size_t)got);
    return true;
}

static bool write_all(int fd, bw_str s)
{
    for (size_t done = 0; done < s.n;) {
        ssize_t w = write(fd, s.p + done, s.n - done);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return false;
        done += (size_t)w;
    }
    return true;
}

static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static bool replace(const char *path, bw_str content, bool durable, struct bw_err *e)
{
    char temp[PATH_MAX];
    struct stat st;
    if ((size_t)snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= sizeof temp)
        return bw_fail(e, BW_BAD, "the path %.80s… is too long", path);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return bw_fail_sys(e, errno, "making a file beside %s", path);
    bool ok = (stat(path, &st) != 0 || fchmod(fd, st.st_mode & 07777) == 0) &&
              write_all(fd, content) && (!durable || fsync(fd) == 0);
    int why = errno;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temp, path) == 0) {
        if (durable)
            sync_folder(path);
        return true;
    }
    why = ok ? errno : why;
    unlink(temp);
    return bw_fail_sys(e, why, "writing %s (it is unchanged)", path);
}

bool file_replace(const char *path, bw_str content, struct bw_err *e)
{
    return replace(path, content, true, e);
}

bool file_publish(const char *path, bw_str content, struct bw_err *e)
{
    return replace(path, content, false, e);
}

bool file_make_folders(const char *path, struct bw_err *e)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof part)
        return bw_fail(e, BW_BAD, "the path %.80s… is too long", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0750) == 0)
            sync_folder(part); /* a power cut must not take the folder from its files */
        else if (errno != EEXIST)
            return bw_fail_sys(e, errno, "making the folder %s", part);
    }
    return true;
}

int file_nameless(struct bw_err *e)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Some file systems have no O_TMPFILE: a name that is removed at once serves too. */
    char temp[PATH_MAX];
    snprintf(temp, sizeof temp, "%s/burrow.XXXXXX", folder);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd >= 0)
        unlink(temp);
    else
        bw_fail_sys(e, errno, "making a temporary file in %s", folder);
    return fd;
}

bool file_put(int fd, int64_t at, bw_str bytes, struct bw_err *e)
{
    while (bytes.n) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return bw_fail_sys(e, n ? errno : ENOSPC, "writing to a temporary file");
        bytes = bw_str_of(bytes.p + n, bytes.n - (size_t)n);
        at += n;
    }
    return true;
}

bool file_get(int fd, int64_t at, void *out, size_t n, struct bw_err *e)
{
    char *p = out;
    while (n) {
        ssize_t got = pread(fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return bw_fail_sys(e, got ? errno : EIO, "reading back from a temporary file");
        p += got;
        n -= (size_t)got;
        at += got;
    }
    return true;
}

void file_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

static bool held(int fd, const char *path, char by[128], struct bw_err *e)
{
    char who[128] = "";
    ssize_t n = pread(fd, who, sizeof who - 1, 0);
    who[n > 0 ? n : 0] = 0;
    who[strcspn(who, "\n")] = 0;
    if (by)
        memcpy(by, who, sizeof who);
    return bw_fail(e, BW_CONFLICT, "%s is locked by %s", path, *who ? who : "another process");
}

/* The file may be removed by an earlier holder between our open and our lock: then our lock is on a
 * file nobody else will see. */
static bool still_there(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

bool file_lock(struct file_lock *l, const char *path, const char *holder, char by[128],
               struct bw_err *e)
{
    l->fd = -1;
    if ((size_t)snprintf(l->path, sizeof l->path, "%s", path) >= sizeof l->path)
        return bw_fail(e, BW_BAD, "the path %.80s… is too long for a lock file", path);
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return bw_fail_sys(e, errno, "opening the lock file %s", path);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            bool no = why == EWOULDBLOCK ? held(fd, path, by, e)
                                         : bw_fail_sys(e, why, "locking %s", path);
            close(fd);
            return no;
        }
        if (!still_there(fd, path)) {
            close(fd);
            continue;
        }
        /* A full disk must not keep us from the lock: then it names nobody. */
        if (ftruncate(fd, 0) == 0 && write_all(fd, bw_cstr(holder)))
            (void)write_all(fd, BW_LIT("\n"));
        l->fd = fd;
        return true;
    }
}

bool file_is_locked(const char *path, bool *held, struct bw_err *e)
{
    *held = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || bw_fail_sys(e, errno, "opening the lock file %s", path);
    *held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return true;
}

void file_unlock(struct file_lock *l)
{
    if (l->fd < 0)
        return;
    unlink(l->path);
    close(l->fd);
    l->fd = -1;
}
