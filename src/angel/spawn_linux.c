/* spawn_linux.c: clone3, which gives the pidfd with the process and puts it into its cgroup before
 * its first instruction. Where the kernel or a container's filter does not let us: fork, pidfd_open
 * (the number cannot mean another while we have not waited for it), and the child joins by hand. */
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "angel/spawn_calls.h"
#include "angel/spawn_int.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* Sanitizers keep books of each stack and each thread. */
#if !CALLS_ARE_OURS || defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define CAN_SHARE 0
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAN_SHARE 0
#endif
#endif
#ifndef CAN_SHARE
#define CAN_SHARE 1
#endif

/* ---- in its parent's memory ---- */

#if CAN_SHARE
static _Noreturn void begin(void *s)
{
    spawn_child(s);
}

/* As vfork's child, but the parent goes on at once: exec may have to wait for a disk. It begins on
 * a stack of its own, with signals blocked; the kernel clears `busy` when it leaves our memory. */
static long clone_shared(struct clone_args *a, struct spawn *s)
{
    struct spawn_room *room = s->room;
    a->flags |= CLONE_VM | CLONE_CHILD_CLEARTID;
    a->stack = (uint64_t)(uintptr_t)room->stack;
    a->stack_size = sizeof room->stack;
    a->child_tid = (uint64_t)(uintptr_t)&room->busy;
    atomic_store_explicit(&room->busy, 1, memory_order_relaxed);
#ifdef __x86_64__
    long r;
    register void (*entry)(void *) __asm__("r12") = begin;
    register struct spawn *arg __asm__("r13") = s;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r13, %%rdi\n\t"
                     "call *%%r12\n\t"
                     "ud2\n"
                     "1:"
                     : "=a"(r)
                     : "0"((long)SYS_clone3), "D"(a), "S"(sizeof *a), "r"(entry), "r"(arg)
                     : "rcx", "r11", "memory");
#else
    register long x8 __asm__("x8") = SYS_clone3;
    register long r __asm__("x0") = CALL_AT(a);
    register long x1 __asm__("x1") = sizeof *a;
    register void (*entry)(void *) __asm__("x9") = begin;
    register struct spawn *arg __asm__("x10") = s;
    __asm__ volatile("svc 0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x30, xzr\n\t"
                     "mov x0, x10\n\t"
                     "blr x9\n\t"
                     "brk 1\n"
                     "1:"
                     : "+r"(r)
                     : "r"(x8), "r"(x1), "r"(entry), "r"(arg)
                     : "memory");
#endif
    if (r < 0)
        atomic_store_explicit(&room->busy, 0, memory_order_relaxed);
    return r;
}
#else
static long clone_shared(struct clone_args *a, struct spawn *s)
{
    (void)a;
    (void)s;
    return -ENOTSUP;
}
#endif

/* Before 5.16 a core dump ended all that shared the memory. */
static bool dumps_alone(void)
{
    static int known;
    struct utsname u;
    if (!known) {
        char *end;
        unsigned long major = uname(&u) == 0 ? strtoul(u.release, &end, 10) : 0;
        unsigned long minor = major && *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
        known = major > 5 || (major == 5 && minor >= 16) ? 1 : -1;
    }
    return known > 0;
}

/* Not one whose memory is limited: out of memory before exec the kernel would end all that share
 * it. Nor one that becomes another user: for a moment the two would hold the same secrets. */
static bool may_share(const struct spawn *s)
{
    const struct order_head *h = &s->order->head;
    return CAN_SHARE && s->room && !h->has_user && !h->memory_max && dumps_alone();
}

/* ---- births ---- */

static pid_t clone_3(struct spawn *s, int *pidfd)
{
    struct clone_args a = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
    if (s->cgroup >= 0 && !s->cgroup_by_hand) {
        a.flags |= CLONE_INTO_CGROUP;
        a.cgroup = (uint64_t)s->cgroup;
    }
    if (may_share(s)) {
        long r = clone_shared(&a, s);
        if (r >= 0)
            return (pid_t)r;
        errno = (int)-r;
        return -1;
    }
    pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof a);
    if (pid == 0)
        spawn_child(s);
    return pid;
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
    if (pid == 0)
        spawn_child(s);
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
    return (pid_t)CALL(getpid, 0, 0, 0, 0, syscall(SYS_getpid)); /* glibc's remembered its own */
}

uint64_t spawn_own_start(pid_t self)
{
    char text[1024];
    struct identity id;
    int fd = call_open(AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC);
    long n = fd < 0 ? fd : call_read(fd, text, sizeof text - 1);
    if (fd >= 0)
        call_close(fd);
    text[n > 0 ? n : 0] = 0;
    return identity_read(text, &id) && id.pid == self ? id.started : 0;
}

void spawn_close_others(int from)
{
    if (CALL(close_range, from, UINT32_MAX, 4 /* CLOSE_RANGE_CLOEXEC */, 0,
             syscall(SYS_close_range, from, ~0U, 4)) == 0)
        return;
    struct rlimit limit = {0};
    int last = CALL(prlimit64, 0, RLIMIT_NOFILE, 0, CALL_AT(&limit),
                    getrlimit(RLIMIT_NOFILE, &limit)) == 0 &&
                       limit.rlim_cur < 65536
                   ? (int)limit.rlim_cur
                   : 65536;
    for (int fd = from; fd < last; fd++)
        call_fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int spawn_join(int group)
{
    int fd = call_open(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    long n = fd < 0 ? fd : call_write(fd, "0", 1);
    return n < 0 ? (int)n : 0;
}

/* glibc's would look for the parent's threads. */
int spawn_become(uid_t uid, gid_t gid, const uint32_t *groups, unsigned n)
{
    long r = CALL(setgroups, n, CALL_AT(groups), 0, 0, syscall(SYS_setgroups, (size_t)n, groups));
    if (r == 0)
        r = CALL(setresgid, gid, gid, gid, 0, syscall(SYS_setresgid, gid, gid, gid));
    if (r == 0)
        r = CALL(setresuid, uid, uid, uid, 0, syscall(SYS_setresuid, uid, uid, uid));
    return (int)r;
}
