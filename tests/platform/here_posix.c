/* here_posix.c: see here.h. */
#include "here.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

void here_program(char *out, size_t n)
{
    ssize_t got = readlink("/proc/self/exe", out, n - 1);
    out[got > 0 ? got : 0] = 0;
}

void *here_shared(size_t n)
{
    return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void here_nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

int64_t here_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool here_pipe(int ends[2])
{
    return pipe(ends) == 0;
}

long here_read(int end, void *out, size_t n)
{
    return read(end, out, n);
}

void here_close(int end)
{
    close(end);
}

bool here_is_open(int end)
{
    return fcntl(end, F_GETFD) >= 0;
}

void here_write(const void *bytes, size_t n)
{
    if (write(1, bytes, n) != (ssize_t)n)
        _exit(9);
}

void here_start(const char *program, const char *role)
{
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        execl(program, program, role, (char *)NULL);
        _exit(9);
    }
}

char **here_words(char **argv)
{
    return argv;
}

const char *here_variable(const char *name)
{
    return getenv(name);
}
