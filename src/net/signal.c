/* signal.c: signals through libuv, which turns them into events of one loop. A watch belongs to its
 * loop and does not keep it alive. */
#include "net/signal.h"

#include <signal.h>
#include <uv.h>

struct signal_watch {
    uv_signal_t handle;
    void (*fn)(int number, void *arg);
    void *arg;
};

static void caught(uv_signal_t *handle, int number)
{
    struct signal_watch *w = handle->data;
    w->fn(number, w->arg);
}

struct signal_watch *signal_watch_new(struct loop *l, int number, void (*fn)(int number, void *arg),
                                      void *arg)
{
    struct signal_watch *w = calloc(1, sizeof *w);
    bw_must(w);
    w->fn = fn;
    w->arg = arg;
    w->handle.data = w;
    bw_must(uv_signal_init(loop_uv(l), &w->handle) == 0);
    bw_must(uv_signal_start(&w->handle, caught, number) == 0);
    uv_unref((uv_handle_t *)&w->handle);
    return w;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void signal_watch_free(struct signal_watch *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->handle, closed);
}

void signal_ignore_pipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}
