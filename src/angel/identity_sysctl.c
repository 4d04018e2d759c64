/* identity_sysctl.c: what BSD and macOS say of processes, by sysctl: plain system calls into memory
 * that is there, so identity_look may be called between fork and exec. Holding a process fast is
 * identity_kqueue.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/user.h>
#include <unistd.h>

#include "angel/identity.h"

#define TABLE_BYTES (8 << 20)   /* of all processes; touched as far as it is used */
#define WORDS_BYTES (256 << 10) /* words and environment of one */

/* ---- one process, as each system has it ---- */

#ifdef __APPLE__
#define ALL KERN_PROC_ALL

static void fill(const struct kinfo_proc *k, int64_t booted, struct identity *out)
{
    const struct timeval *t = &k->kp_proc.p_starttime; /* is not moved when the clock is set */
    (void)booted;
    out->pid = k->kp_proc.p_pid;
    out->parent = k->kp_eproc.e_ppid;
    out->group = k->kp_eproc.e_pgid;
    out->session = getsid(out->pid);
    out->started = (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
    out->state = k->kp_proc.p_stat == SZOMB ? 'Z' : k->kp_proc.p_stat == SSTOP ? 'T' : 'S';
    snprintf(out->name, sizeof out->name, "%s", k->kp_proc.p_comm);
}

static pid_t number_of(const struct kinfo_proc *k)
{
    return k->kp_proc.p_pid;
}
#else
#define ALL KERN_PROC_PROC

/* The start is told by the wall clock, from the time of booting on, which is moved when the clock
 * is set: the difference of the two is not. */
static void fill(const struct kinfo_proc *k, int64_t booted, struct identity *out)
{
    const struct timeval *t = &k->ki_start;
    out->pid = k->ki_pid;
    out->parent = k->ki_ppid;
    out->group = k->ki_pgid;
    out->session = k->ki_sid;
    out->started = (uint64_t)((int64_t)t->tv_sec * 1000000 + t->tv_usec - booted);
    out->state = k->ki_stat == SZOMB   ? 'Z'
                 : k->ki_stat == SSTOP ? 'T'
                 : k->ki_stat == SRUN  ? 'R'
                                       : 'S';
    size_t n = strnlen(k->ki_comm, sizeof out->name - 1);
    memcpy(out->name, k->ki_comm, n);
    out->name[n] = 0;
}

static pid_t number_of(const struct kinfo_proc *k)
{
    return k->ki_pid;
}
#endif

/* Microseconds of the wall clock. */
static int64_t boot_time(void)
{
    int name[] = {CTL_KERN, KERN_BOOTTIME};
    struct timeval t = {0};
    size_t n = sizeof t;
    if (sysctl(name, 2, &t, &n, NULL, 0) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

bool identity_look(pid_t pid, struct identity *out)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
    struct kinfo_proc k;
    size_t n = sizeof k;
    if (pid <= 0 || sysctl(name, 4, &k, &n, NULL, 0) != 0 || n < sizeof k || number_of(&k) != pid)
        return false;
    fill(&k, boot_time(), out);
    return true;
}

/* To the second: a clock that is slewed moves it by less. */
void identity_boot(char out[IDENTITY_BOOT])
{
    int64_t at = boot_time();
    out[0] = 0;
    if (at)
        snprintf(out, IDENTITY_BOOT, "%lld", (long long)(at / 1000000));
}

void identity_each(bool (*fn)(void *arg, pid_t pid), void *arg)
{
    static _Alignas(16) char table[TABLE_BYTES];
    int name[] = {CTL_KERN, KERN_PROC, ALL, 0};
    size_t n = sizeof table;
    if (sysctl(name, ALL == KERN_PROC_PID ? 4 : 3, table, &n, NULL, 0) != 0 && errno != ENOMEM)
        return; /* ENOMEM: there are more than that, and these are the first of them */
    const struct kinfo_proc *k = (const void *)table;
    for (size_t i = 0; i < n / sizeof *k; i++)
        if (!fn(arg, number_of(&k[i])))
            return;
}

/* ---- environment ---- */

/* NUL-ended lines, the environment among them. */
static size_t read_words(pid_t pid, char *out, size_t size)
{
#ifdef __APPLE__
    int name[] = {CTL_KERN, KERN_PROCARGS2, pid};
    unsigned depth = 3;
#else
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ENV, pid};
    unsigned depth = 4;
#endif
    size_t n = size;
    return sysctl(name, depth, out, &n, NULL, 0) == 0 ? n : 0;
}

static bool has_line(const char *text, size_t n, const char *line)
{
    size_t length = strlen(line);
    for (size_t at = 0; at < n; at += strnlen(text + at, n - at) + 1)
        if (n - at > length && memcmp(text + at, line, length + 1) == 0)
            return true;
    return false;
}

bool identity_has_marks(pid_t pid, const char *mark, const char *other)
{
    static char text[WORDS_BYTES];
    size_t n = read_words(pid, text, sizeof text);
    return has_line(text, n, mark) && has_line(text, n, other);
}
