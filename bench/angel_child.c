/* angel_child.c: what process managers run in bench/: appends "NAME NS PID" (monotonic ns) to a
 * file as its first act, tells that it is ready on a descriptor when asked, then sleeps for good.
 * usage: angel_child FILE NAME [READY_FD|-] [EXIT_STATUS]
 *
 * Without a C library: on a virtual machine glibc's start alone takes half a millisecond, since it
 * asks the processor what it is (CPUID, which traps), and that is no manager's time. */
#include <asm/unistd.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>

static long call(long n, long a, long b, long c, long d)
{
#ifdef __x86_64__
    register long r10 __asm__("r10") = d;
    long out;
    __asm__ volatile("syscall"
                     : "=a"(out)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return out;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
                     x2 __asm__("x2") = c, x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#else
#error "a line of assembly for this processor is missing"
#endif
}

static char *put_text(char *o, const char *s)
{
    while (*s)
        *o++ = *s++;
    return o;
}

static char *put_number(char *o, unsigned long v, char end)
{
    char digits[24];
    int n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    while (n)
        *o++ = digits[--n];
    *o++ = end;
    return o;
}

static long number(const char *s)
{
    long v = 0;
    while (*s)
        v = v * 10 + (*s++ - '0');
    return v;
}

static int live(long argc, char **argv)
{
    struct timespec t;
    char line[160], *o = line;
    call(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0);
    if (argc < 3)
        return 2;
    o = put_text(o, argv[2]);
    *o++ = ' ';
    o = put_number(o, (unsigned long)t.tv_sec * 1000000000UL + (unsigned long)t.tv_nsec, ' ');
    o = put_number(o, (unsigned long)call(__NR_getpid, 0, 0, 0, 0), '\n');
    long fd =
        call(__NR_openat, AT_FDCWD, (long)argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || call(__NR_write, fd, (long)line, o - line, 0) != o - line)
        return 3;
    call(__NR_close, fd, 0, 0, 0);
    if (argc > 3 && argv[3][0] != '-' && call(__NR_write, number(argv[3]), (long)"\n", 1, 0) != 1)
        return 4;
    if (argc > 4)
        return (int)number(argv[4]);
    for (;;)
        call(__NR_ppoll, 0, 0, 0, 0);
}

#if __STDC_HOSTED__
int main(int argc, char **argv)
{
    return live(argc, argv);
}
#else
/* The kernel leaves argc and argv on the stack. */
__attribute__((used)) _Noreturn void begin(long *stack);
_Noreturn void begin(long *stack)
{
    int status = live(stack[0], (char **)(stack + 1));
    for (;;)
        call(__NR_exit_group, status, 0, 0, 0);
}
#ifdef __x86_64__
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
__asm__(".globl _start\n_start: mov x0, sp\n b begin\n");
#endif
#endif
