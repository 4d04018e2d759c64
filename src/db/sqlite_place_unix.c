/* sqlite_place_unix.c: where a database lies: its file and the lock beside it ("<file>.lock", with
 * the holder's process id), taken before the file is opened and kept until it is closed. The lock
 * belongs to the open file, not to the process (flock): so a second opening by the same process is
 * refused too, and closing some other descriptor cannot lose it.
 *
 * An in-memory database is a file in a folder of its own in shared memory, with its lock inside.
 * SQLite's own shared memory databases know no write-ahead log: there a reader would block the
 * writer's commit and a lease would block every reader. Folders of processes that were killed are
 * removed by the next one. */
#include "db/sqlite_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

#define MEMORY_PREFIX "burrow-mem-"
#define MEMORY_FILE   "memory.db"

static char *joined(const char *a, const char *b, const char *c)
{
    size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
    char *s = malloc(n);
    bw_must(s);
    snprintf(s, n, "%s%s%s", a, b, c);
    return s;
}

static void read_holder(int fd, char *out, size_t size)
{
    ssize_t n = pread(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    out[strspn(out, "0123456789")] = '\0';
}

/* Cut only behind the text, and only where there is more: to cut off what another process has just
 * written waits for the disk (7 ms at a start). */
static bool write_holder(int fd)
{
    char text[32];
    struct stat st;
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return pwrite(fd, text, (size_t)n, 0) == n && fstat(fd, &st) == 0 &&
           (st.st_size <= n || ftruncate(fd, n) == 0);
}

static int take_lock(const char *lock, const char *path, struct bw_err *e)
{
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        bw_fail_sys(e, errno, "cannot make the lock file '%s'", lock);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write_holder(fd))
        return fd;
    int sys = errno;
    char holder[32];
    read_holder(fd, holder, sizeof holder);
    if (sys == EWOULDBLOCK)
        bw_fail(e, BW_BUSY,
                "the database '%s' is in use by process %s; stop that one, or give this one "
                "another file",
                path, holder[0] ? holder : "(unknown)");
    else
        bw_fail_sys(e, sys, "cannot lock '%s'", lock);
    close(fd);
    return -1;
}

static void remove_folder(const char *folder)
{
    DIR *d = opendir(folder);
    if (!d)
        return;
    for (struct dirent *f; (f = readdir(d));)
        if (f->d_name[0] != '.')
            unlinkat(dirfd(d), f->d_name, 0);
    closedir(d);
    rmdir(folder);
}

/* A folder is dead when its lock can be had. One without a lock is being made right now. */
static void sweep(const char *base)
{
    DIR *d = opendir(base);
    if (!d)
        return;
    for (struct dirent *f; (f = readdir(d));) {
        if (strncmp(f->d_name, MEMORY_PREFIX, sizeof MEMORY_PREFIX - 1) != 0)
            continue;
        char *folder = joined(base, "/", f->d_name);
        char *lock = joined(folder, "/" MEMORY_FILE, ".lock");
        int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        char pid[32];
        /* An empty lock file is being made right now, too: it is written after it was locked. */
        if (fd >= 0 && pread(fd, pid, sizeof pid, 0) > 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            remove_folder(folder);
        if (fd >= 0)
            close(fd);
        free(lock);
        free(folder);
    }
    closedir(d);
}

static bool make_folder(struct sqlite *s, struct bw_err *e)
{
    const char *tmp = getenv("TMPDIR");
    const char *bases[] = {"/dev/shm", tmp && *tmp ? tmp : "/tmp", "/tmp"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        sweep(bases[i]);
        s->folder = joined(bases[i], "/" MEMORY_PREFIX, "XXXXXX");
        if (mkdtemp(s->folder)) {
            s->path = joined(s->folder, "/", MEMORY_FILE);
            return true;
        }
        free(s->folder);
        s->folder = NULL;
    }
    return bw_fail_sys(e, errno, "cannot make a folder for an in-memory database in '%s'",
                       bases[1]);
}

/* The real name, so that two names of one file meet in one lock. */
static char *real_name(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : joined(path, "", "");
}

bool sqlite_place_take(struct sqlite *s, const char *path, struct bw_err *e)
{
    s->lock = -1;
    if (!*path || strcmp(path, ":memory:") == 0) {
        if (!make_folder(s, e))
            return false;
        s->opts.sync = DB_SYNC_OFF;
    } else {
        s->path = real_name(path);
    }
    char *lock = joined(s->path, ".lock", "");
    s->lock = take_lock(lock, s->path, e);
    free(lock);
    return s->lock >= 0;
}

void sqlite_place_leave(struct sqlite *s)
{
    if (s->folder)
        remove_folder(s->folder);
    if (s->lock >= 0)
        close(s->lock); /* the file stays: removing it would race with the next taker */
    free(s->folder);
    free(s->path);
}
