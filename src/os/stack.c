/* stack.c: one mapping per stack, its lowest STACK_GUARD bytes without access (two mappings for the
 * kernel, which allows some 65 000 in all: hence a cap on fibers). The SIGSEGV handler is installed
 * once per process and finds the current stack through a thread-local pointer. */
#include "os/stack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#define SIGNAL_STACK (64 * 1024)

static _Thread_local const struct stack *const *watched;
static struct sigaction before;
static pthread_once_t installed = PTHREAD_ONCE_INIT;

bool stack_map(struct stack *s, size_t size, struct bw_err *e)
{
    char *p = mmap(NULL, STACK_GUARD + size, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (p == MAP_FAILED)
        return bw_fail(e, BW_BUSY, "no memory for another stack of %zu KiB: %s", size / 1024,
                       strerror(errno));
    if (mprotect(p + STACK_GUARD, size, PROT_READ | PROT_WRITE) != 0) {
        int sys = errno;
        munmap(p, STACK_GUARD + size);
        return bw_fail(e, BW_BUSY, "no mapping for another stack: %s; see vm.max_map_count",
                       strerror(sys));
    }
    *s = (struct stack){.base = p + STACK_GUARD, .size = size};
    return true;
}

void stack_unmap(struct stack *s)
{
    if (s->base)
        munmap((char *)s->base - STACK_GUARD, STACK_GUARD + s->size);
    *s = (struct stack){0};
}

size_t stack_touched(const struct stack *s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char present[1024];
    size_t pages = s->size / page;
    if (pages > sizeof present || mincore(s->base, s->size, present) != 0)
        return 0;
    size_t lowest = 0;
    while (lowest < pages && !(present[lowest] & 1))
        lowest++;
    return s->size - lowest * page;
}

/* In a signal handler: only write() and abort(). */
static void say_overflow(size_t size)
{
    static const char text[] = "fiber stack overflow: a handler used more than ";
    static const char unit[] = " KiB of stack\n";
    char line[128], digits[24];
    size_t n = sizeof text - 1, d = 0;
    memcpy(line, text, n);
    for (size_t kib = size / 1024; kib; kib /= 10)
        digits[d++] = (char)('0' + kib % 10);
    while (d)
        line[n++] = digits[--d];
    memcpy(line + n, unit, sizeof unit - 1);
    ssize_t written = write(STDERR_FILENO, line, n + sizeof unit - 1);
    (void)written;
}

static void fault(int sig, siginfo_t *info, void *context)
{
    (void)context;
    const struct stack *s = watched ? *watched : NULL;
    uintptr_t at = (uintptr_t)info->si_addr;
    if (s && info->si_code > 0 && at < (uintptr_t)s->base &&
        at >= (uintptr_t)s->base - STACK_GUARD) {
        say_overflow(s->size);
        abort();
    }
    /* Not ours: the access happens again under the handler that was there before. */
    sigaction(sig, &before, NULL);
    if (info->si_code <= 0)
        raise(sig);
}

static void install(void)
{
    struct sigaction a = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&a.sa_mask);
    sigaction(SIGSEGV, &a, &before);
}

void stack_watch_begin(struct stack_watch *w, const struct stack *const *now)
{
    pthread_once(&installed, install);
    *w = (struct stack_watch){.now = now};
    stack_t there;
    if (sigaltstack(NULL, &there) == 0 && (there.ss_flags & SS_DISABLE)) {
        w->signal_stack = malloc(SIGNAL_STACK);
        bw_must(w->signal_stack);
        sigaltstack(&(stack_t){.ss_sp = w->signal_stack, .ss_size = SIGNAL_STACK}, NULL);
    }
    watched = now;
}

void stack_watch_end(struct stack_watch *w)
{
    watched = NULL;
    if (w->signal_stack)
        sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    free(w->signal_stack);
    *w = (struct stack_watch){0};
}
