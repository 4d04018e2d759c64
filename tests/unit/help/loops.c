#include "help/loops.h"

#include "help/t.h"
#include "net/fiber.h"

struct start {
    struct loop_post post;
    void (*fn)(void *arg);
    void *arg;
};

static void start(struct loop_post *p)
{
    struct start *s = LIST_OWNER(p, struct start, post);
    struct bw_err e = {0};
    bw_must(fiber_start(s->fn, s->arg, &e));
    free(s);
}

void t_start_on(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct start *s = calloc(1, sizeof *s);
    bw_must(s);
    *s = (struct start){.post.fn = start, .fn = fn, .arg = arg};
    loop_post(l, &s->post);
}

struct first {
    struct loops *ls;
    void (*fn)(struct loops *ls);
};

static void begin(void *arg)
{
    struct first *f = arg;
    f->fn(f->ls);
    loops_stop(f->ls);
}

void t_on_loops_opts(const struct loops_opts *o, void (*fn)(struct loops *ls))
{
    struct bw_err e = {0};
    struct loops *ls = loops_new(o, &e);
    t_check_ok(ls != NULL, &e, "loops_new", __FILE__, __LINE__);
    struct first f = {.ls = ls, .fn = fn};
    t_start_on(loops_at(ls, 0), begin, &f);
    loops_run(ls);
    loops_free(ls);
}

void t_on_loops(unsigned count, void (*fn)(struct loops *ls))
{
    t_on_loops_opts(&(struct loops_opts){.count = count}, fn);
}
