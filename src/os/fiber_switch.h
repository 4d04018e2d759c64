/* fiber_switch.h: swapping stacks by hand. One implementation is built (meson option `fiber`):
 * x86-64 and aarch64 assembly (System V: callee-saved registers, FP control), or ucontext.
 * Knows nothing of pools, loops or sanitizers. */
#ifndef OS_FIBER_SWITCH_H
#define OS_FIBER_SWITCH_H

#include <stddef.h>

struct fiber_context {
    void *sp; /* assembly: the saved stack pointer; ucontext: its ucontext_t */
};

/* Prepares a context that begins in fn(arg) on [base, base + size); fn never returns. */
void fiber_context_init(struct fiber_context *c, void *base, size_t size, void (*fn)(void *),
                        void *arg);
void fiber_context_release(struct fiber_context *c);
/* Saves the running state in *from and goes on where *to was saved. */
void fiber_switch(struct fiber_context *from, struct fiber_context *to);

#endif
