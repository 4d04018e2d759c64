/* bad_io.c: preloaded, makes chosen system calls on files fail: a disk with faults. BAD_IO names a
 * file of struct bad that both sides map; the test writes what is to fail and reads how often it
 * did. A call counts only when its file's path holds the word `under`. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum call { FDATASYNC = 1, FSYNC = 2, PWRITE = 4, FTRUNCATE = 8, WRITE = 16 };

struct bad {
    atomic_int calls; /* which fail, enum call */
    atomic_int error;
    atomic_int skip;  /* so many succeed first */
    atomic_int times; /* then so many fail */
    atomic_int hits;
    char under[44];
};

static struct bad *bad;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("BAD_IO");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *p =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *bad, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        fputs("bad_io: BAD_IO names no file to map\n", stderr);
        _exit(70);
    }
    close(fd);
    bad = p;
}

static int fails(enum call call, int fd)
{
    char link[64], path[4096];
    if (!(atomic_load(&bad->calls) & (int)call))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    if (!strstr(path, bad->under) || atomic_fetch_sub(&bad->skip, 1) > 0 ||
        atomic_fetch_sub(&bad->times, 1) <= 0)
        return 0;
    atomic_fetch_add(&bad->hits, 1);
    errno = atomic_load(&bad->error);
    return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, #name))

int fdatasync(int fd)
{
    return fails(FDATASYNC, fd) ? -1 : REAL(fdatasync, int (*)(int))(fd);
}

int fsync(int fd)
{
    return fails(FSYNC, fd) ? -1 : REAL(fsync, int (*)(int))(fd);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return fails(PWRITE, fd)
               ? -1
               : REAL(pwrite, ssize_t(*)(int, const void *, size_t, off_t))(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return fails(PWRITE, fd)
               ? -1
               : REAL(pwrite64, ssize_t(*)(int, const void *, size_t, off64_t))(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    return fails(WRITE, fd) ? -1 : REAL(write, ssize_t(*)(int, const void *, size_t))(fd, p, n);
}

int ftruncate(int fd, off_t size)
{
    return fails(FTRUNCATE, fd) ? -1 : REAL(ftruncate, int (*)(int, off_t))(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(FTRUNCATE, fd) ? -1 : REAL(ftruncate64, int (*)(int, off64_t))(fd, size);
}
