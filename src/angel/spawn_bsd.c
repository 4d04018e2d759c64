/* spawn_bsd.c: BSD and macOS: fork, then a kqueue on the child, whose number cannot mean another
 * while we have not waited for it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include "angel/spawn_int.h"

#define FDS_MOST 65536

pid_t spawn_birth(struct spawn *s, int *handle)
{
    *handle = -1;
    pid_t pid = fork();
    if (pid == 0)
        spawn_child(s);
    if (pid > 0)
        *handle = identity_hold(pid);
    return pid;
}

bool spawn_into_works(int group)
{
    (void)group;
    return false;
}

pid_t spawn_own_pid(void)
{
    return getpid();
}

uint64_t spawn_own_start(pid_t self)
{
    struct identity id;
    return identity_look(self, &id) ? id.started : 0;
}

void spawn_close_others(int from)
{
    struct rlimit limit;
    bool told = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FDS_MOST;
    int last = told ? (int)limit.rlim_cur : FDS_MOST;
    for (int fd = from; fd < last; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int spawn_join(int group)
{
    (void)group;
    return -ENOTSUP;
}

/* As root setgid and setuid change real, effective and saved. */
int spawn_become(uid_t uid, gid_t gid, const uint32_t *groups, unsigned n)
{
    bool ok = setgroups((int)n, (const gid_t *)groups) == 0 && setgid(gid) == 0 && setuid(uid) == 0;
    return ok ? 0 : -errno;
}
