/* stand_in.c: what FreeBSD has and this machine has not, so that the files for it can be run:
 * kqueue over epoll and pidfds, sysctl over /proc, wait6 over waitid. As its manual pages say it.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static bool look(long pid, struct kinfo_proc *k);

/* ---- kqueue: one process and one event of the user's in each ---- */

#define QUEUES 4096

static struct queue {
    int process, user; /* descriptors + 1 */
    uintptr_t pid, ident;
} queues[QUEUES];

static void drop(int *one)
{
    if (*one)
        close(*one - 1);
    *one = 0;
}

int kqueue(void)
{
    int fd = epoll_create1(0);
    if (fd < 0 || fd >= QUEUES)
        return -1;
    drop(&queues[fd].process); /* of one that was closed */
    drop(&queues[fd].user);
    return fd;
}

static int add(int queue, int *one, int fd, unsigned tag)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = tag};
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    *one = fd + 1;
    return epoll_ctl(queue, EPOLL_CTL_ADD, fd, &ev);
}

static int change(int queue, const struct kevent *c)
{
    struct queue *q = &queues[queue];
    const uint64_t one = 1;
    if (c->filter == EVFILT_PROC) {
        struct kinfo_proc k;
        q->pid = c->ident;
        if (getenv("ZOMBIES_UNSEEN") && look((long)c->ident, &k) && k.ki_stat == SZOMB) {
            errno = ESRCH;
            return -1;
        }
        return add(queue, &q->process, (int)syscall(SYS_pidfd_open, (pid_t)c->ident, 0),
                   EVFILT_PROC);
    }
    q->ident = c->ident;
    if (c->flags & EV_ADD && !q->user &&
        add(queue, &q->user, eventfd(0, EFD_NONBLOCK), EVFILT_USER) != 0)
        return -1;
    if (c->fflags & NOTE_TRIGGER)
        return write(q->user - 1, &one, sizeof one) == sizeof one ? 0 : -1;
    return 0;
}

int kevent(int queue, const struct kevent *changes, int n, struct kevent *events, int room,
           const struct timespec *wait)
{
    struct epoll_event ev;
    for (int i = 0; i < n; i++)
        if (change(queue, &changes[i]) != 0)
            return -1;
    if (room == 0)
        return 0;
    if (!wait || wait->tv_sec || wait->tv_nsec || epoll_wait(queue, &ev, 1, 0) != 1)
        return 0;
    struct queue *q = &queues[queue];
    bool process = (int)ev.data.u32 == EVFILT_PROC;
    *events = (struct kevent){.ident = process ? q->pid : q->ident,
                              .filter = process ? EVFILT_PROC : EVFILT_USER,
                              .fflags = process ? NOTE_EXIT : NOTE_TRIGGER};
    if (process) /* told once */
        drop(&q->process);
    return 1;
}

/* ---- wait6 ---- */

pid_t wait6(idtype_t kind, id_t id, int *status, int options, struct __wrusage *used,
            siginfo_t *info)
{
    memset(used, 0, sizeof *used);
    memset(info, 0, sizeof *info);
    if (syscall(SYS_waitid, kind, id, info, options, &used->wru_self) != 0)
        return -1;
    *status = info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8
                                          : info->si_status | (info->si_code == CLD_DUMPED) << 7;
    return info->si_pid;
}

/* ---- sysctl ---- */

#define BOOTED INT64_C(1700000000) /* whatever: starts count from it */

static size_t read_all(long pid, const char *file, char *out, size_t size)
{
    char path[64];
    size_t had = 0;
    ssize_t n = 0;
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && had < size && (n = read(fd, out + had, size - had)) > 0)
        had += (size_t)n;
    if (fd >= 0)
        close(fd);
    return had;
}

static bool look(long pid, struct kinfo_proc *k)
{
    char text[1024], state;
    int parent, group, session;
    unsigned long long ticks;
    size_t n = read_all(pid, "stat", text, sizeof text - 1);
    text[n] = 0;
    const char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!n || !name || !end ||
        sscanf(end + 2,
               "%c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &state, &parent, &group, &session, &ticks) != 5)
        return false;
    *k = (struct kinfo_proc){
        .ki_pid = (pid_t)pid, .ki_ppid = parent, .ki_pgid = group, .ki_sid = session};
    k->ki_start.tv_sec = BOOTED + (time_t)(ticks / 100);
    k->ki_start.tv_usec = (long)(ticks % 100) * 10000;
    k->ki_stat = (char)(state == 'Z' ? SZOMB : state == 'T' ? SSTOP : state == 'R' ? SRUN : 3);
    size_t length = (size_t)(end - name - 1);
    memcpy(k->ki_comm, name + 1, length < 19 ? length : 19);
    return true;
}

static int list(char *out, size_t *n)
{
    size_t had = 0;
    DIR *d = opendir("/proc");
    const struct dirent *e;
    while (d && (e = readdir(d))) {
        struct kinfo_proc k;
        long pid = strtol(e->d_name, NULL, 10);
        if (pid <= 0 || !look(pid, &k) || had + sizeof k > *n)
            continue;
        memcpy(out + had, &k, sizeof k);
        had += sizeof k;
    }
    if (d)
        closedir(d);
    *n = had;
    return 0;
}

int sysctl(const int *name, unsigned depth, void *old, size_t *n, const void *new, size_t n_new)
{
    (void)new;
    (void)n_new;
    if (depth == 2 && name[1] == KERN_BOOTTIME) {
        *(struct timeval *)old = (struct timeval){.tv_sec = BOOTED};
        return 0;
    }
    if (depth == 3 && name[2] == KERN_PROC_PROC)
        return list(old, n);
    if (depth == 4 && name[2] == KERN_PROC_PID) {
        bool is = look(name[3], old);
        *n = is ? sizeof(struct kinfo_proc) : 0; /* none is no error */
        return 0;
    }
    if (depth == 4 && name[2] == KERN_PROC_ENV) {
        *n = read_all(name[3], "environ", old, *n);
        return 0;
    }
    errno = ENOENT;
    return -1;
}
