/* slow_flush.c: preloaded, makes every flush to disk cost SLOW_FLUSH_US more: a disk with slow
 * flushes. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void dawdle(void)
{
    const char *us = getenv("SLOW_FLUSH_US");
    usleep(us ? (useconds_t)strtoul(us, NULL, 10) : 4000);
}

int fdatasync(int fd)
{
    dawdle();
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return real(fd);
}

int fsync(int fd)
{
    dawdle();
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return real(fd);
}
