/* worker.c: work that would hold up a loop (password hashes, big sorts) on libuv's thread pool. The
 * request lives on the waiting fiber's stack, so the wait is a sure one. */
#include "core/metric.h"
#include "net/fiber.h"
#include "net/loop_int.h"
#include "net/wait.h"

struct job {
    uv_work_t req;
    void (*fn)(void *);
    void *arg;
    struct wait done;
};

static void work(uv_work_t *req)
{
    struct job *j = req->data;
    j->fn(j->arg);
}

static void finished(uv_work_t *req, int status)
{
    (void)status; /* never cancelled */
    struct job *j = req->data;
    wait_wake(&j->done);
}

void worker_run(void (*fn)(void *arg), void *arg)
{
    struct loop *l = loop_current();
    if (!l) {
        fn(arg);
        return;
    }
    bw_must(fiber_current());
    struct job j = {.fn = fn, .arg = arg};
    j.req.data = &j;
    wait_init(&j.done);
    metric_add(l->metrics.jobs, 1);
    bw_must(uv_queue_work(&l->uv, &j.req, work, finished) == 0);
    wait_for(&j.done, WAIT_SURE);
    metric_add(l->metrics.jobs, -1);
}
