/* angel_child.c: what process managers run in bench/: appends "NAME NS PID" (monotonic ns) to a
 * file as its first act, tells that it is ready on a descriptor when asked, then sleeps for good.
 * usage: angel_child FILE NAME [READY_FD|-] [EXIT_STATUS] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec t;
    char line[160];
    clock_gettime(CLOCK_MONOTONIC, &t);
    if (argc < 3)
        return 2;
    int n = snprintf(line, sizeof line, "%s %lld %d\n", argv[2],
                     (long long)t.tv_sec * 1000000000LL + t.tv_nsec, (int)getpid());
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line, (size_t)n) != n)
        return 3;
    close(fd);
    if (argc > 3 && argv[3][0] != '-' && write((int)strtol(argv[3], NULL, 10), "\n", 1) != 1)
        return 4;
    if (argc > 4)
        return (int)strtol(argv[4], NULL, 10);
    for (;;)
        pause();
}
