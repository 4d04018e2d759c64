/* file.h: files as Burrow uses them: read whole with a bound, replaced atomically, locked with the
 * holder's name inside, or nameless. POSIX; Windows gets a sibling file. Calls block the thread. */
#ifndef OS_FILE_H
#define OS_FILE_H

#include <burrow/arena.h>
#include <burrow/err.h>

/* The whole file in the arena, NUL behind it; BW_TOOBIG over max. */
bool file_read(const char *path, size_t max, struct bw_arena *a, bw_str *text, struct bw_err *e);
/* Old or new content, never a mix, whatever happens: temporary file beside it, fsync, rename, fsync
 * of the folder. Keeps the mode of a file that is there; else 0600. */
bool file_replace(const char *path, bw_str content, struct bw_err *e);
/* The same to every process that looks, but it does not wait for the disk: for what means nothing
 * after a power cut, as a pid file. */
bool file_publish(const char *path, bw_str content, struct bw_err *e);
/* mkdir -p with mode 0750. */
bool file_make_folders(const char *path, struct bw_err *e);
/* A nameless file that dies with its descriptor, in $TMPDIR or /tmp. -1 on failure. */
int file_nameless(struct bw_err *e);
/* All of the bytes at a place of an open file, or failure. */
bool file_put(int fd, int64_t at, bw_str bytes, struct bw_err *e);
bool file_get(int fd, int64_t at, void *out, size_t n, struct bw_err *e);
void file_close(int fd); /* -1 is fine */

/* An exclusive lock that ends with the process, however it ends. */
struct file_lock {
    int fd; /* -1 = not held */
    char path[256];
};
/* Writes `holder` ("blog (pid 1234)") into the lock file. When another process holds it:
 * BW_CONFLICT, and `by` (may be NULL) gets what that one wrote. */
bool file_lock(struct file_lock *l, const char *path, const char *holder, char by[128],
               struct bw_err *e);
/* Does a process hold it? (Not when there is no such file.) A file_lock of that very moment may
 * fail: who cannot bear that tries again. */
bool file_is_locked(const char *path, bool *held, struct bw_err *e);
void file_unlock(struct file_lock *l); /* removes the file; fine when not held */

#endif
