/* identity_kqueue.c: BSD and macOS: a kqueue for each process, with EVFILT_PROC in it, which is
 * readable from the process's end on, as a pidfd is. What the system says of processes:
 * identity_sysctl.c.
 *
 * These systems signal by number only. The number of a child that nobody has waited for is its own;
 * of others the start is looked at right before. Between that look and the signal the process would
 * have to end and all numbers to go round once. */
#include "angel/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/event.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANDLES 65536
#define ENDED   1 /* ident of the event that keeps a handle readable */

/* By descriptor. */
static struct held {
    pid_t pid; /* 0: none */
    bool gone; /* its end has been told */
    uint64_t started;
} held[HANDLES];

static struct held *held_of(int handle)
{
    bool is = handle >= 0 && handle < HANDLES && held[handle].pid > 0;
    errno = is ? errno : EBADF;
    return is ? &held[handle] : NULL;
}

static void stay_readable(int handle)
{
    struct kevent ev[2];
    EV_SET(&ev[0], ENDED, EVFILT_USER, EV_ADD, 0, 0, NULL);
    EV_SET(&ev[1], ENDED, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
    kevent(handle, ev, 2, NULL, 0, NULL);
    held[handle].gone = true;
}

static int watch(pid_t pid)
{
    struct kevent ev;
    int handle = kqueue();
    if (handle < 0)
        return -1;
    if (handle >= HANDLES) {
        close(handle);
        errno = EMFILE;
        return -1;
    }
    fcntl(handle, F_SETFD, FD_CLOEXEC);
    held[handle] = (struct held){.pid = pid};
    EV_SET(&ev, (uintptr_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
    if (kevent(handle, &ev, 1, NULL, 0, NULL) == 0)
        return handle;
    if (errno == ESRCH) { /* a zombie, or nothing: the caller knows which may be */
        stay_readable(handle);
        return handle;
    }
    identity_close(handle);
    return -1;
}

static bool has_gone(int handle)
{
    struct kevent ev;
    const struct timespec now = {0};
    struct held *h = &held[handle];
    if (!h->gone && kevent(handle, NULL, 0, &ev, 1, &now) == 1)
        stay_readable(handle);
    return h->gone;
}

/* Its number still means it: it lives, or is a zombie. */
static bool is_there(const struct held *h)
{
    struct identity now;
    return identity_look(h->pid, &now) && now.started == h->started;
}

int identity_open(pid_t pid, uint64_t started)
{
    struct identity now;
    int handle = pid > 0 ? watch(pid) : -1;
    if (handle < 0)
        return -1;
    held[handle].started = started;
    /* Looked at after it is watched: what is seen now is this very process, or it has ended. */
    if (identity_look(pid, &now) && now.started == started && now.state != 'Z' && !has_gone(handle))
        return handle;
    identity_close(handle);
    return -1;
}

int identity_hold(pid_t child)
{
    struct identity now;
    int handle = watch(child);
    if (handle >= 0 && identity_look(child, &now))
        held[handle].started = now.started;
    return handle;
}

void identity_close(int handle)
{
    int why = errno;
    if (handle < 0)
        return;
    if (handle < HANDLES)
        held[handle].pid = 0;
    close(handle);
    errno = why;
}

bool identity_signal(int handle, int signal)
{
    const struct held *h = held_of(handle);
    if (!h)
        return false;
    if (has_gone(handle) || !is_there(h)) {
        errno = ESRCH;
        return false;
    }
    return kill(h->pid, signal) == 0;
}

/* waitpid's status with what was used, and it stays a zombie; 0: it lives, -1: no child of ours. */
static pid_t look_at_end(pid_t pid, int *status, struct rusage *used)
{
    siginfo_t si = {.si_pid = 0};
#ifdef __APPLE__ /* tells what was used only when it is reaped */
    int got = waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT);
    *status = si.si_code == CLD_EXITED ? (si.si_status & 0xff) << 8
                                       : si.si_status | (si.si_code == CLD_DUMPED ? 0x80 : 0);
    memset(used, 0, sizeof *used);
    return got != 0 ? -1 : si.si_pid;
#else
    struct __wrusage all;
    pid_t got = wait6(P_PID, (id_t)pid, status, WEXITED | WNOHANG | WNOWAIT, &all, &si);
    if (got > 0)
        *used = all.wru_self;
    return got;
#endif
}

enum identity_end identity_ended(int handle, int *status, struct rusage *used)
{
    const struct held *h = held_of(handle);
    if (!h)
        return IDENTITY_FOREIGN;
    /* One that has gone and was reaped may have left its number to another child of ours. */
    pid_t got = has_gone(handle) && !is_there(h) ? -1 : look_at_end(h->pid, status, used);
    if (got > 0)
        return IDENTITY_ENDED;
    return got == 0 || !has_gone(handle) ? IDENTITY_LIVES : IDENTITY_FOREIGN;
}

void identity_reap(int handle)
{
    const struct held *h = held_of(handle);
    if (!h || !is_there(h))
        return;
    waitpid(h->pid, NULL, WNOHANG);
    if (!is_there(h))
        stay_readable(handle);
}

pid_t identity_zombie(void)
{
    siginfo_t si = {.si_pid = 0};
    return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 ? si.si_pid : 0;
}

void identity_reap_pid(pid_t zombie)
{
    waitpid(zombie, NULL, WNOHANG);
}
