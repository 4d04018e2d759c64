/* log_child.c: what loggers are fed with in bench/: writes TOTAL bytes in writes of SIZE (lines of
 * 128 bytes), then appends "NS CPU_NS" to FILE and sleeps for good. usage: log_child FILE SIZE
 * TOTAL */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (long long)t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    size_t size = strtoul(argv[2], NULL, 10);
    long long total = strtoll(argv[3], NULL, 10);
    char *piece = malloc(size), line[80];
    memset(piece, 'x', size);
    for (size_t i = 127; i < size; i += 128)
        piece[i] = '\n';
    piece[size - 1] = '\n';
    long long from = now(CLOCK_MONOTONIC);
    for (long long done = 0; done < total;) {
        ssize_t n = write(STDOUT_FILENO, piece, size);
        if (n < 0)
            return 3;
        done += n;
    }
    int n = snprintf(line, sizeof line, "%lld %lld\n", now(CLOCK_MONOTONIC) - from,
                     now(CLOCK_PROCESS_CPUTIME_ID));
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line, (size_t)n) != n)
        return 4;
    for (;;)
        pause();
}
