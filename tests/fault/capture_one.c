/* capture_one.c: captures a FIFO into a file as the angel does, for fault/test_capture.py and the
 * bench. usage: capture_one FIFO FILE drop-oldest|drop-new|block [COUNT SIZE [TOTAL]]
 * A line on its input → a line of figures: bytes lost_bytes losses rotations. At its end: the same,
 * after all has been written. */
#include <burrow/burrow.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "angel/capture.h"
#include "net/fiber.h"
#include "net/wait.h"

static char **args;
static int n_args;
static struct loops *loops;

static void done(void *arg)
{
    wait_wake(arg);
}

static void tell(struct capture_unit *u)
{
    struct wait w;
    wait_init(&w);
    capture_sync(u, done, &w);
    wait_for(&w, WAIT_SURE);
    struct capture_stats s = capture_stats(u);
    printf("%lld %lld %lld %lld\n", (long long)s.bytes, (long long)s.lost_bytes,
           (long long)s.losses, (long long)s.rotations);
    fflush(stdout);
}

static void read_line(void *arg)
{
    bool *more = arg;
    char line[64];
    *more = fgets(line, sizeof line, stdin) != NULL;
}

static void run(void *arg)
{
    (void)arg;
    struct bw_err e;
    struct capture_policy p = {.path = args[2]};
    p.full = args[3][0] == 'b'   ? CAPTURE_BLOCK
             : args[3][5] == 'n' ? CAPTURE_DROP_NEW
                                 : CAPTURE_DROP_OLDEST;
    if (n_args > 5) {
        p.rotate.count = (unsigned)strtoul(args[4], NULL, 10);
        p.rotate.size = strtoll(args[5], NULL, 10);
    }
    struct capture_opts o = {.loop = loop_current()};
    if (n_args > 6)
        o.total = strtoll(args[6], NULL, 10);
    int fifo = open(args[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct capture *c = capture_new(&o, &e);
    struct capture_unit *u = c && fifo >= 0 ? capture_add(c, "one", fifo, &p, &e) : NULL;
    bool more = u != NULL;
    if (u)
        puts("ready");
    fflush(stdout);
    while (more) {
        worker_run(read_line, &more);
        tell(u);
    }
    capture_free(c);
    loops_stop(loops);
}

static void first(struct loop_post *p)
{
    struct bw_err e;
    (void)p;
    bw_must(fiber_start(run, NULL, &e));
}

int main(int argc, char **argv)
{
    struct bw_err e;
    struct loop_post p = {.fn = first};
    if (argc < 4)
        return 2;
    args = argv;
    n_args = argc;
    loops = loops_new(&(struct loops_opts){.count = 1}, &e);
    if (!loops)
        return 1;
    loop_post(loops_at(loops, 0), &p);
    loops_run(loops);
    loops_free(loops);
    return 0;
}
