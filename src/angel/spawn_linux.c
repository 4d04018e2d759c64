/* spawn_linux.c: clone3, which gives the pidfd with the process and puts it into its cgroup before
 * its first instruction. Where the kernel or a container's filter does not let us: fork, pidfd_open
 * (the number cannot mean another while we have not waited for it), and the child joins by hand. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/spawn_int.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

static pid_t clone_3(const struct spawn *s, int *pidfd)
{
    struct clone_args a = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
    if (s->cgroup >= 0 && !s->cgroup_by_hand) {
        a.flags |= CLONE_INTO_CGROUP;
        a.cgroup = (uint64_t)s->cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &a, sizeof a);
}

static bool is_lack(int sys)
{
    return sys == EAGAIN || sys == ENOMEM || sys == EMFILE || sys == ENFILE;
}

pid_t spawn_birth(struct spawn *s, int *pidfd)
{
    *pidfd = -1;
    pid_t pid = clone_3(s, pidfd);
    if (pid >= 0 || is_lack(errno))
        return pid;
    if (s->cgroup >= 0) { /* not into that group from here: by hand then, which may tell why */
        s->cgroup_by_hand = true;
        pid = clone_3(s, pidfd);
        if (pid >= 0 || is_lack(errno))
            return pid;
    }
    pid = fork();
    if (pid > 0)
        *pidfd = identity_hold(pid);
    return pid;
}

bool spawn_into_works(int group)
{
    struct clone_args a = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group};
    int status = 0;
    pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof a);
    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status);
}

/* ---- in the child ---- */

pid_t spawn_own_pid(void)
{
    return (pid_t)syscall(SYS_getpid);
}

void spawn_close_others(int from)
{
    if (syscall(SYS_close_range, from, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) == 0)
        return;
    struct rlimit limit;
    int last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur
                                                                               : 65536;
    for (int fd = from; fd < last; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

bool spawn_join(int group)
{
    int fd = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, "0", 1) == 1;
}

/* glibc's would look for the parent's threads. */
bool spawn_become(uid_t uid, gid_t gid, const uint32_t *groups, unsigned n)
{
    return syscall(SYS_setgroups, (size_t)n, groups) == 0 &&
           syscall(SYS_setresgid, gid, gid, gid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0;
}
