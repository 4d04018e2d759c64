/* spawn_calls.h: the system calls a child makes between its birth and exec. They say why not by a
 * negative number: where the child lives in its parent's memory (spawn_linux.c) errno is the
 * parent's, which may look at it in this moment. Elsewhere they are the C library's. */
#ifndef ANGEL_SPAWN_CALLS_H
#define ANGEL_SPAWN_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __linux__ && defined __LP64__ && (defined __x86_64__ || defined __aarch64__)
#define CALLS_ARE_OURS 1
#else
#define CALLS_ARE_OURS 0
#endif

#if CALLS_ARE_OURS
static inline long call(long number, long a, long b, long c, long d)
{
#ifdef __x86_64__
    long r;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return r;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#endif
}
#define CALL_AT(p)                           (long)(uintptr_t)(p)
#define CALL(name, a, b, c, d, of_the_c_lib) call(SYS_##name, a, b, c, d)
#else
static inline long call_said(long r)
{
    return r < 0 ? -errno : r;
}
#define CALL(name, a, b, c, d, of_the_c_lib) call_said(of_the_c_lib)
#endif

static inline int call_open(int folder, const char *path, int flags)
{
    return (int)CALL(openat, folder, CALL_AT(path), flags, 0, openat(folder, path, flags));
}

static inline long call_read(int fd, void *to, size_t n)
{
    return CALL(read, fd, CALL_AT(to), (long)n, 0, read(fd, to, n));
}

static inline long call_write(int fd, const void *p, size_t n)
{
    return CALL(write, fd, CALL_AT(p), (long)n, 0, write(fd, p, n));
}

static inline int call_close(int fd)
{
    return (int)CALL(close, fd, 0, 0, 0, close(fd));
}

static inline int call_fcntl(int fd, int what, int arg)
{
    return (int)CALL(fcntl, fd, what, arg, 0, fcntl(fd, what, arg));
}

/* Two numbers that differ. */
static inline int call_dup(int from, int to)
{
    return (int)CALL(dup3, from, to, 0, 0, dup2(from, to));
}

static inline int call_session(void)
{
    return (int)CALL(setsid, 0, 0, 0, 0, setsid());
}

static inline int call_nice(int n)
{
    return (int)CALL(setpriority, PRIO_PROCESS, 0, n, 0, setpriority(PRIO_PROCESS, 0, n));
}

static inline int call_limit(int what, const struct rlimit *l)
{
    return (int)CALL(prlimit64, 0, what, CALL_AT(l), 0, setrlimit(what, l));
}

static inline void call_umask(mode_t mask)
{
    (void)CALL(umask, (long)mask, 0, 0, 0, umask(mask));
}

static inline int call_chdir(const char *path)
{
    return (int)CALL(chdir, CALL_AT(path), 0, 0, 0, chdir(path));
}

static inline int call_exec(const char *file, char **argv, char **env)
{
    return (int)CALL(execve, CALL_AT(file), CALL_AT(argv), CALL_AT(env), 0,
                     execve(file, argv, env));
}

static inline _Noreturn void call_exit(int status)
{
    for (;;)
        (void)CALL(exit_group, status, 0, 0, 0, (_exit(status), 0));
}

/* To what a program finds at its start; as far as the signal can be set at all. */
static inline void call_default_signal(int number)
{
#if CALLS_ARE_OURS
    static const uint64_t kernels[8]; /* its struct sigaction: SIG_DFL, and nothing else */
    (void)call(SYS_rt_sigaction, number, CALL_AT(kernels), 0, 8);
#else
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(number, &plain, NULL);
#endif
}

static inline void call_unblock_signals(void)
{
#if CALLS_ARE_OURS
    static const uint64_t none;
    (void)call(SYS_rt_sigprocmask, SIG_SETMASK, CALL_AT(&none), 0, 8);
#else
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
#endif
}

#endif
