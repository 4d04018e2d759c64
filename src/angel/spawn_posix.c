/* spawn_posix.c: the parent's part where processes are forked: the pipe by which a child tells why
 * not, signals kept out of it, and its undoing when there is nothing to hold it by. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/spawn_int.h"

/* Born, but nothing to hold it by: it must not run. */
static bool undo(const struct spawned *out, struct spawn_failure *f, int sys)
{
    kill(out->pid, SIGKILL); /* our own child, not waited for: the number is still its */
    waitpid(out->pid, NULL, 0);
    close(out->errors);
    *f = (struct spawn_failure){.sys = sys, .step = SPAWN_DESCRIPTOR};
    return false;
}

static bool make_pipe(int ends[2])
{
#ifdef __APPLE__ /* no pipe2: a fork of another thread in between would keep it open until exec */
    return pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0;
#else
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
#endif
}

bool spawn_start(struct spawn *s, struct spawned *out, struct spawn_failure *f)
{
    int ends[2];
    sigset_t all, before;
    if (!make_pipe(ends)) {
        *f = (struct spawn_failure){.sys = errno, .step = SPAWN_PIPE};
        return false;
    }
    spawn_prepare(s);
    /* No handler of ours may run in the child. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->errors = ends[1];
    out->pid = spawn_birth(s, &out->pidfd);
    int sys = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    out->errors = ends[0];
    if (out->pid < 0) {
        close(ends[0]);
        *f = (struct spawn_failure){.sys = sys, .step = SPAWN_FORK};
        return false;
    }
    return out->pidfd >= 0 || undo(out, f, sys);
}
