/* crash.c: see crash.h. In the handler nothing takes memory or a lock; backtrace() is called once
 * before, since its first call loads a library. A fault in the handler itself, or ten seconds,
 * end the process. */
#include "os/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "os/symbols.h"

#define FRAMES 64

static const char *program;
static void (*tell_more)(int fd);
static int (*find_fd)(void);

static const struct {
    int number;
    const char *name;
} deadly[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
    {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"},
};

static void put(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));
    (void)n;
}

static void put_number(int fd, uintptr_t v, unsigned base)
{
    char text[24];
    size_t at = sizeof text - 1;
    text[at] = 0;
    do
        text[--at] = "0123456789abcdef"[v % base];
    while (v /= base);
    put(fd, text + at);
}

/* "#3 epoll_wait+0x56 (libc.so.6+0x108f36)": a return address may be the next function's first, so
 * the call before it is looked up. */
static void put_frame(int fd, unsigned i, uintptr_t at)
{
    struct symbol s;
    put(fd, "#");
    put_number(fd, i, 10);
    if (symbols_find(at - 1, &s) && s.name) {
        put(fd, " ");
        put(fd, s.name);
        put(fd, "+0x");
        put_number(fd, s.offset + 1, 16);
    }
    put(fd, " (");
    put(fd, s.module);
    put(fd, "+0x");
    put_number(fd, s.at + 1, 16);
    put(fd, ")\n");
}

static void tell(int fd, int number, const siginfo_t *info)
{
    void *frames[FRAMES];
    put(fd, program);
    put(fd, " (pid ");
    put_number(fd, (uintptr_t)getpid(), 10);
    put(fd, ") crashed: ");
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        if (deadly[i].number == number)
            put(fd, deadly[i].name);
    if (info->si_code > 0 && number != SIGABRT) {
        put(fd, " at 0x");
        put_number(fd, (uintptr_t)info->si_addr, 16);
    }
    put(fd, "\nbacktrace:\n");
    int n = backtrace(frames, FRAMES);
    for (int i = 0; i < n; i++)
        put_frame(fd, (unsigned)i, (uintptr_t)frames[i]);
    tell_more(fd);
    put(fd, "end of the crash report\n");
}

static void fall(int number, siginfo_t *info, void *context)
{
    (void)context;
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i].number, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    int other = find_fd();
    if (other >= 0)
        tell(other, number, info);
    tell(STDERR_FILENO, number, info);
    raise(number); /* pending until the handler returns: then the core shows the place */
}

void crash_watch(const char *name, void (*more)(int fd), int (*other_fd)(void))
{
    void *frames[4];
    struct sigaction a = {.sa_sigaction = fall, .sa_flags = SA_SIGINFO | SA_ONSTACK}, now;
    program = name;
    tell_more = more;
    find_fd = other_fd;
    backtrace(frames, 4);
    symbols_load();
    sigemptyset(&a.sa_mask);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        if (sigaction(deadly[i].number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(deadly[i].number, &a, NULL);
}
