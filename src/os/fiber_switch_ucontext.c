/* fiber_switch_ucontext.c: the portable switch, for machines without assembly of ours. It costs two
 * system calls each time (the signal mask), so it is a fallback. No allocation: the context of a
 * fiber that has not run yet stands at the top of its own stack, and one that has left stands in
 * the frame that left. */
#include "os/fiber_switch.h"

#include <stdint.h>
#include <ucontext.h>

/* makecontext hands over ints only: the first frame finds its start here, at the top of its stack.
 */
struct first {
    ucontext_t context;
    void (*fn)(void *);
    void *arg;
};

static void begin(unsigned high, unsigned low)
{
    uintptr_t at = (uintptr_t)((uint64_t)high << 32 | low);
    struct first *f = (struct first *)at;
    f->fn(f->arg);
    __builtin_trap();
}

void fiber_context_init(struct fiber_context *c, void *base, size_t size, void (*fn)(void *),
                        void *arg)
{
    uintptr_t top = ((uintptr_t)base + size - sizeof(struct first)) & ~(uintptr_t)63;
    struct first *f = (struct first *)top;
    memset(f, 0, sizeof *f);
    getcontext(&f->context);
    f->fn = fn;
    f->arg = arg;
    f->context.uc_stack.ss_sp = base;
    f->context.uc_stack.ss_size = top - (uintptr_t)base;
    uint64_t at = (uint64_t)top;
    makecontext(&f->context, (void (*)(void))(void *)begin, 2, (unsigned)(at >> 32),
                (unsigned)(at & 0xffffffffu));
    c->sp = &f->context;
}

void fiber_context_release(struct fiber_context *c)
{
    c->sp = NULL;
}

void fiber_switch(struct fiber_context *from, struct fiber_context *to)
{
    ucontext_t here;
    from->sp = &here;
    swapcontext(&here, to->sp);
}
