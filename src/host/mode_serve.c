/* mode_serve.c: the modes that open the application: --console, --run, --fork, --check; and
 * --print-settings, which shows what they would open it with. */
#include "core/log.h"
#include "host/host.h"
#include "host/mode.h"

int mode_console(struct launch *l);
int mode_run(struct launch *l);
int mode_fork(struct launch *l);
int mode_check(struct launch *l);
int mode_print_settings(struct launch *l);

int mode_console(struct launch *l)
{
    return launch_serve(l, LAUNCH_CONSOLE);
}

int mode_run(struct launch *l)
{
    return launch_serve(l, LAUNCH_RUN);
}

int mode_fork(struct launch *l)
{
    return launch_serve(l, LAUNCH_FORK);
}

int mode_check(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    if (!host_log(&l->conf, &e))
        return launch_complain(l, &e, 1);
    struct host *h = host_open(&l->app, &l->conf, HOST_TRY, &e);
    if (h)
        puts("settings, tables and database fit together");
    else
        log_error("host", "the check failed", log_err(&e));
    bool ok = h != NULL;
    host_close(h);
    log_stop();
    return ok ? 0 : 1;
}

int mode_print_settings(struct launch *l)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    settings_print(conf_options, &l->conf, &b);
    fwrite(b.p, 1, b.n, stdout);
    bw_buf_release(&b);
    return 0;
}
