/* health.c: the smallest server there can be, for comparing the HTTP server alone with its peers:
 *
 *   bench_health [ADDRESS [LOOPS]]      default 127.0.0.1:8090 on one loop
 *
 * It answers every request with 15 bytes of text, as nginx does with `return 200 "..."`. */
#include <signal.h>
#include <uv.h>

#include "core/clock.h"
#include "net/http_server.h"

static struct loops *loops;
static struct http_server *server;

static void answer(struct http_req *rq, struct http_res *rs, void *arg)
{
    (void)rq;
    (void)arg;
    rs->status = 200;
    http_res_field(rs, "Content-Type", BW_LIT("text/plain"));
    rs->borrowed = BW_LIT("{\"status\":\"ok\"}");
}

static void drained(void *arg)
{
    uv_close(arg, NULL);
    loops_stop(loops);
}

static void stop(uv_signal_t *s, int number)
{
    (void)number;
    http_server_drain(server, clock_mono() + CLOCK_SECOND, drained, s);
}

int main(int argc, char **argv)
{
    struct bw_err e = {0};
    char url[256];
    int64_t count = 1;
    if (argc > 2 && !bw_str_int(bw_cstr(argv[2]), &count))
        return 2;
    struct http_server_opts o = {.handler = answer};
    uv_signal_t interrupted;
    loops = loops_new(&(struct loops_opts){.count = (unsigned)count}, &e);
    if (!loops || !(server = http_server_new(loops, &o, &e)) ||
        !http_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8090", url, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    uv_signal_init(loop_uv(loops_at(loops, 0)), &interrupted);
    uv_signal_start(&interrupted, stop, SIGINT);
    printf("listening on %s\n", url);
    fflush(stdout);
    loops_run(loops);
    http_server_free(server);
    loops_free(loops);
    return 0;
}
