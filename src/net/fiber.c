/* fiber.c: fibers of one loop: pool, switch, ready list. The loop's own stack ("host") enters a
 * fiber and gets control back when it parks or is done; fibers never switch to each other. A pooled
 * fiber never returns from its first function: it parks between jobs, so that what sanitizers keep
 * per stack lives as long as the stack, and a job costs one switch pair.
 *
 * The pool is last-in first-out (its top is warm). What was not needed for TRIM_SPAN is unmapped,
 * but for POOL_KEEP. */
#include "net/fiber_int.h"

#include "core/clock.h"
#include "core/metric.h"
#include "net/sanitize_int.h"

#define POOL_KEEP 32
#define TRIM_SPAN (10 * CLOCK_SECOND)
#define LOOK_SPAN CLOCK_SECOND
#define LOOK_MOST 64 /* stacks looked at at once: a system call each */

static void trim(struct loop_timer *t);
static void look(struct loop_timer *t);

void fibers_init(struct fibers *fs, unsigned max)
{
#if defined(TSAN_FIBERS)
    max = max < TSAN_FIBERS ? max : TSAN_FIBERS;
#endif
    fs->max = max;
    fs->ready_end = &fs->ready;
    list_init(&fs->all);
    loop_timer_init(&fs->trim, trim);
    loop_timer_init(&fs->look, look);
}

void fibers_begin(struct loop *l)
{
    l->fibers.host_tsan = tsan_current();
}

/* From the host into f, until f leaves. */
static void enter(struct loop *l, struct fiber *f)
{
    struct fibers *fs = &l->fibers;
    fs->current = f;
    fs->on = &f->stack;
    asan_leave(&fs->host_fake, f->stack.base, f->stack.size);
    tsan_go(f->tsan);
    fiber_switch(&fs->host, &f->context);
    asan_arrive(fs->host_fake, NULL, NULL);
    fs->on = NULL;
    fs->current = NULL;
}

/* From f to the host; returns when the host enters f again. */
static void leave(struct fiber *f)
{
    struct fibers *fs = &f->loop->fibers;
    asan_leave(&f->fake, fs->host_base, fs->host_size);
    tsan_go(fs->host_tsan);
    fiber_switch(&f->context, &fs->host);
    asan_arrive(f->fake, &fs->host_base, &fs->host_size);
}

static void leave_for_ever(struct fiber *f)
{
    struct fibers *fs = &f->loop->fibers;
    asan_leave(NULL, fs->host_base, fs->host_size);
    tsan_go(fs->host_tsan);
    fiber_switch(&f->context, &fs->host);
}

static void live(void *arg)
{
    struct fiber *f = arg;
    asan_arrive(NULL, &f->loop->fibers.host_base, &f->loop->fibers.host_size);
    while (f->fn) {
        f->fn(f->arg);
        bw_must(f->forbidden == 0); /* fiber_forbid_wait without its fiber_allow_wait */
        f->done = true;
        leave(f);
    }
    leave_for_ever(f);
}

static struct fiber *fiber_new(struct loop *l, struct bw_err *e)
{
    struct fibers *fs = &l->fibers;
    struct stack s;
    if (fs->total >= fs->max) {
        bw_fail(e, BW_BUSY, "all %u fibers of the loop are in use", fs->max);
        return NULL;
    }
    if (!stack_map(&s, LIMIT_FIBER_STACK, e))
        return NULL;
    size_t room = (sizeof(struct fiber) + 63) & ~(size_t)63;
    struct fiber *f = (struct fiber *)(void *)((char *)s.base + s.size - room);
    *f = (struct fiber){.loop = l, .stack = s, .tsan = tsan_create()};
    f->valgrind = (unsigned)valgrind_stack(s.base, (char *)s.base + s.size);
    fiber_context_init(&f->context, s.base, s.size - room, live, f);
    list_push_back(&fs->all, &f->all);
    fs->total++;
    return f;
}

static void fiber_free(struct loop *l, struct fiber *f)
{
    f->fn = NULL;
    enter(l, f); /* it returns at once, for ever */
    list_remove(&f->all);
    l->fibers.total--;
    fiber_context_release(&f->context);
    valgrind_unstack(f->valgrind);
    tsan_end(f->tsan);
    struct stack s = f->stack; /* f lives in it */
    stack_unmap(&s);
}

static struct fiber *take(struct loop *l, struct bw_err *e)
{
    struct fibers *fs = &l->fibers;
    struct fiber *f = fs->pool;
    if (!f)
        return fiber_new(l, e);
    fs->pool = f->next;
    f->next = NULL;
    if (--fs->pooled < fs->pooled_least)
        fs->pooled_least = fs->pooled;
    return f;
}

static void give_back(struct loop *l, struct fiber *f)
{
    struct fibers *fs = &l->fibers;
    f->done = f->cancelled = false;
    f->next = fs->pool;
    fs->pool = f;
    fs->in_use--;
    if (fs->look.deadline == 0)
        loop_timer_set(l, &fs->look, loop_now(l) + LOOK_SPAN);
    if (++fs->pooled > POOL_KEEP && fs->trim.deadline == 0) {
        fs->pooled_least = fs->pooled;
        loop_timer_set(l, &fs->trim, loop_now(l) + TRIM_SPAN);
    }
}

static void free_pooled(struct loop *l, struct fiber *f)
{
    while (f) {
        struct fiber *next = f->next;
        fiber_free(l, f);
        f = next;
    }
}

/* The coldest fibers, at the pool's end, as many as were pooled all the time. */
static void trim(struct loop_timer *t)
{
    struct loop *l = loop_current();
    struct fibers *fs = &l->fibers;
    unsigned spare =
        fs->pooled_least < fs->pooled - POOL_KEEP ? fs->pooled_least : fs->pooled - POOL_KEEP;
    if (fs->pooled <= POOL_KEEP)
        return;
    fs->pooled -= spare;
    fs->pooled_least = fs->pooled;
    struct fiber **end = &fs->pool;
    for (unsigned i = 0; i < fs->pooled; i++)
        end = &(*end)->next;
    struct fiber *cold = *end;
    *end = NULL;
    free_pooled(l, cold);
    if (fs->pooled > POOL_KEEP)
        loop_timer_set(l, t, loop_now(l) + TRIM_SPAN);
}

/* How deep the stacks are, in turn, while there is work. */
static void look(struct loop_timer *t)
{
    (void)t;
    struct loop *l = loop_current();
    struct fibers *fs = &l->fibers;
    size_t before = fs->deepest;
    for (unsigned i = 0; i < LOOK_MOST && i < fs->total; i++) {
        struct fiber *f = LIST_OWNER(fs->all.next, struct fiber, all);
        size_t used = stack_touched(&f->stack);
        fs->deepest = used > fs->deepest ? used : fs->deepest;
        list_remove(&f->all);
        list_push_back(&fs->all, &f->all);
    }
    if (fs->deepest != before && l->metrics.stack)
        metric_add(l->metrics.stack, (int64_t)(fs->deepest - before));
}

void fibers_tell(struct loop *l)
{
    struct fibers *fs = &l->fibers;
    if (fs->in_use != fs->told_in_use)
        metric_add(l->metrics.in_use, (int64_t)fs->in_use - fs->told_in_use);
    if (fs->pooled != fs->told_pooled)
        metric_add(l->metrics.pooled, (int64_t)fs->pooled - fs->told_pooled);
    fs->told_in_use = fs->in_use;
    fs->told_pooled = fs->pooled;
}

void fibers_end(struct loop *l)
{
    struct fibers *fs = &l->fibers;
    bw_must(fs->in_use == 0);
    loop_timer_set(l, &fs->trim, 0);
    loop_timer_set(l, &fs->look, 0);
    struct fiber *all = fs->pool;
    fs->pool = NULL;
    fs->pooled = 0;
    fibers_tell(l);
    free_pooled(l, all);
}

static void resume(struct loop *l, struct fiber *f)
{
    enter(l, f);
    if (f->done)
        give_back(l, f);
}

bool fiber_start(void (*fn)(void *arg), void *arg, struct bw_err *e)
{
    struct loop *l = loop_current();
    bw_must(l);
    struct fiber *f = take(l, e);
    if (!f)
        return false;
    l->fibers.in_use++;
    f->fn = fn;
    f->arg = arg;
    if (l->fibers.current)
        fiber_ready(l, f);
    else
        resume(l, f);
    return true;
}

void fiber_ready(struct loop *l, struct fiber *f)
{
    f->next = NULL;
    *l->fibers.ready_end = f;
    l->fibers.ready_end = &f->next;
}

void fibers_run_ready(struct loop *l)
{
    struct fibers *fs = &l->fibers;
    struct fiber *f = fs->ready;
    fs->ready = NULL;
    fs->ready_end = &fs->ready;
    while (f) {
        struct fiber *next = f->next;
        resume(l, f);
        f = next;
    }
}

void fiber_park(struct loop *l)
{
    leave(l->fibers.current);
}

struct fiber *fiber_current(void)
{
    struct loop *l = loop_current();
    return l ? l->fibers.current : NULL;
}

void **fiber_local(void)
{
    static _Thread_local void *outside;
    struct fiber *f = fiber_current();
    return f ? &f->local : &outside;
}

void fiber_cancel(struct fiber *f)
{
    bw_must(f->loop == loop_current());
    f->cancelled = true;
    wait_cancel(f);
}

bool fiber_is_cancelled(void)
{
    struct fiber *f = fiber_current();
    return f && f->cancelled;
}

void fiber_yield(void)
{
    struct fiber *f = fiber_current();
    if (!f || f->forbidden)
        return;
    fiber_ready(f->loop, f);
    leave(f);
}

void fiber_forbid_wait(void)
{
    struct fiber *f = fiber_current();
    if (f)
        f->forbidden++;
}

void fiber_allow_wait(void)
{
    struct fiber *f = fiber_current();
    if (!f)
        return;
    bw_must(f->forbidden > 0);
    f->forbidden--;
}

unsigned fiber_count(const struct loop *l)
{
    return l->fibers.in_use;
}

size_t fiber_stack_used(const struct loop *l)
{
    size_t most = 0;
    for (const struct list *n = l->fibers.all.next; n != &l->fibers.all; n = n->next) {
        const struct fiber *f = LIST_OWNER(n, struct fiber, all);
        size_t used = stack_touched(&f->stack);
        most = used > most ? used : most;
    }
    return most;
}
