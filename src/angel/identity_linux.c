/* identity_linux.c: pidfds and waitid(P_PIDFD). What the system says of processes: identity_proc.c.
 */
#include "angel/identity.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int identity_open(pid_t pid, uint64_t started)
{
    struct identity now;
    int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (fd < 0)
        return -1;
    /* Looked at after the pidfd is there: what /proc shows now is this very process, or it has
     * ended. */
    if (identity_look(pid, &now) && now.started == started && identity_signal(fd, 0) &&
        now.state != 'Z' && now.state != 'X')
        return fd;
    close(fd);
    return -1;
}

int identity_hold(pid_t child)
{
    return (int)syscall(SYS_pidfd_open, child, 0);
}

void identity_close(int pidfd)
{
    if (pidfd >= 0)
        close(pidfd);
}

bool identity_signal(int pidfd, int signal)
{
    return pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0;
}

/* As of waitpid, of what waitid says. */
static int status_of(const siginfo_t *si)
{
    if (si->si_code == CLD_EXITED)
        return (si->si_status & 0xff) << 8;
    return si->si_status | (si->si_code == CLD_DUMPED ? 0x80 : 0);
}

enum identity_end identity_ended(int pidfd, int *status, struct rusage *used)
{
    siginfo_t si = {.si_pid = 0};
    /* glibc's waitid does not hand out the kernel's fifth value. */
    long r = syscall(SYS_waitid, P_PIDFD, pidfd, &si, WEXITED | WNOHANG | WNOWAIT, used);
    if (r == 0 && si.si_pid != 0) {
        *status = status_of(&si);
        return IDENTITY_ENDED;
    }
    if (r == 0)
        return IDENTITY_LIVES; /* also a zombie that its tracer has not let go yet */
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 ? IDENTITY_FOREIGN : IDENTITY_LIVES;
}

void identity_reap(int pidfd)
{
    siginfo_t si;
    syscall(SYS_waitid, P_PIDFD, pidfd, &si, WEXITED | WNOHANG, NULL);
}

pid_t identity_zombie(void)
{
    siginfo_t si = {.si_pid = 0};
    return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 ? si.si_pid : 0;
}

void identity_reap_pid(pid_t zombie)
{
    siginfo_t si;
    waitid(P_PID, (id_t)zombie, &si, WEXITED | WNOHANG);
}
