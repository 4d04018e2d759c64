/* control_file.c: the page of control_page.c as a file for another web server, as Angelize writes
 * StateFile.html: replaced as a whole, at most once a second, by a worker thread. A file that
 * cannot be written is told once and tried again. */
#include "angel/control_int.h"

#include "core/clock.h"
#include "core/log.h"
#include "net/fiber.h"
#include "os/file.h"

struct control_file {
    struct control *c;
    struct brain_listener listener;
    struct loop_timer timer;
    bool due;     /* the timer runs */
    bool writing; /* a fiber is at it */
    bool freed;   /* meanwhile */
    bool told;
    /* of the writing */
    struct bw_buf text;
    char path[512];
    struct bw_err e;
    bool ok;
};

static void write_it(void *arg)
{
    struct control_file *f = arg;
    f->ok = file_replace(f->path, bw_buf_str(&f->text), &f->e);
}

static void give_back(struct control_file *f)
{
    bw_buf_release(&f->text);
    free(f);
}

static void write_on_fiber(void *arg)
{
    struct control_file *f = arg;
    bw_buf_clear(&f->text);
    control_page(f->c->o.brain, &f->text);
    snprintf(f->path, sizeof f->path, "%s", brain_conf(f->c->o.brain)->state_page);
    worker_run(write_it, f);
    f->writing = false;
    if (!f->ok && !f->told)
        log_warn("angel", "StateFile cannot be written", LOG_CSTR("error", f->e.text));
    f->told = !f->ok;
    if (f->freed)
        give_back(f);
}

static void write_now(struct loop_timer *t)
{
    struct control_file *f = LIST_OWNER(t, struct control_file, timer);
    f->due = false;
    if (f->writing || !brain_conf(f->c->o.brain)->state_page)
        return;
    f->writing = true;
    f->writing = fiber_start(write_on_fiber, f, NULL);
}

static void soon(struct brain_listener *l, const struct brain_event *ev)
{
    struct control_file *f = LIST_OWNER(l, struct control_file, listener);
    (void)ev;
    if (f->due)
        return;
    f->due = true;
    loop_timer_set(loops_at(f->c->o.loops, 0), &f->timer, clock_mono() + CLOCK_SECOND);
}

struct control_file *control_file_new(struct control *c)
{
    if (!brain_conf(c->o.brain)->state_page)
        return NULL;
    struct control_file *f = calloc(1, sizeof *f);
    bw_must(f);
    f->c = c;
    f->listener.fn = soon;
    bw_buf_init(&f->text, 64u << 20);
    loop_timer_init(&f->timer, write_now);
    brain_listen(c->o.brain, &f->listener);
    soon(&f->listener, NULL);
    return f;
}

void control_file_free(struct control_file *f)
{
    if (!f)
        return;
    list_remove(&f->listener.node);
    loop_timer_set(loops_at(f->c->o.loops, 0), &f->timer, 0);
    f->freed = true;
    if (!f->writing)
        give_back(f);
}
