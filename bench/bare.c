/* bare.c: the least that starting a child again can cost on this machine: a loop that waits for
 * children to end and calls posix_spawn. No log, no tree, no settings, no second life of its own.
 *
 *   bench_bare N PROGRAM FILE      keeps N children "PROGRAM FILE sI -" alive until SIGTERM */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct child {
    pid_t pid;
    int fd;
};

static void must(int ok)
{
    if (ok)
        return;
    perror("bare");
    exit(1);
}

static void start(int loop, struct child *c, char **words, unsigned i)
{
    char name[16];
    struct epoll_event on = {.events = EPOLLIN, .data.u32 = i};
    snprintf(name, sizeof name, "s%u", i);
    char ready[] = "-", *argv[] = {words[0], words[1], name, ready, NULL};
    must(posix_spawn(&c->pid, argv[0], NULL, NULL, argv, environ) == 0);
    c->fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    must(c->fd >= 0 && epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &on) == 0);
}

int main(int argc, char **argv)
{
    must(argc == 4);
    unsigned n = (unsigned)strtoul(argv[1], NULL, 10);
    struct child *all = calloc(n, sizeof *all);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    must(all && loop >= 0);
    for (unsigned i = 0; i < n; i++)
        start(loop, &all[i], argv + 2, i);
    for (;;) {
        struct epoll_event e;
        if (epoll_wait(loop, &e, 1, -1) != 1)
            continue;
        struct child *c = &all[e.data.u32];
        must(waitpid(c->pid, NULL, 0) == c->pid);
        close(c->fd);
        start(loop, c, argv + 2, e.data.u32);
    }
}
