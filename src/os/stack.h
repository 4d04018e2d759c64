/* stack.h: memory for a fiber's stack, with a guard area below it that no access survives, and the
 * signal handler that turns a hit on a guard into a sentence and an abort. */
#ifndef OS_STACK_H
#define OS_STACK_H

#include <burrow/err.h>

struct stack {
    void *base; /* lowest usable byte; STACK_GUARD bytes below it are out of bounds */
    size_t size;
};

#define STACK_GUARD (64 * 1024) /* wide: a frame larger than a page must not jump over it */

/* size: a multiple of the page size. BW_BUSY when memory or mappings are out. */
bool stack_map(struct stack *s, size_t size, struct bw_err *e);
void stack_unmap(struct stack *s);
/* Bytes from the top down to the lowest page ever touched. */
size_t stack_touched(const struct stack *s);

/* From here to stack_watch_end this thread handles stack overflow on an alternate signal stack:
 * *now is the stack the thread runs on (NULL: its own). The handler is process-wide; a fault that
 * is no overflow of ours goes to the handler that was there before. */
struct stack_watch {
    void *signal_stack;
    const struct stack *const *now;
};
void stack_watch_begin(struct stack_watch *w, const struct stack *const *now);
void stack_watch_end(struct stack_watch *w);

#endif
