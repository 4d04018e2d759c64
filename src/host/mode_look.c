/* mode_look.c: --state, --health and --reload: questions to the server that runs, found by its pid
 * file. */
#include <errno.h>
#include <signal.h>

#include "core/clock.h"
#include "host/mode.h"
#include "host/pidfile.h"
#include "net/http_client.h"

#define NAP_NS      10000000
#define HEALTH_WAIT (5 * CLOCK_SECOND)
#define RELOAD_WAIT (30 * CLOCK_SECOND)

int mode_state(struct launch *l);
int mode_health(struct launch *l);
int mode_reload(struct launch *l);

static enum pidfile_found look(struct launch *l, const char **path, struct pidfile_info *who,
                               struct bw_err *e)
{
    return launch_pid_file(l, path, e) ? pidfile_look(*path, who, e) : PIDFILE_UNKNOWN;
}

/* The exit codes are those of the Linux Standard Base. */
int mode_state(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    struct pidfile_info who;
    const char *path;
    switch (look(l, &path, &who, &e)) {
    case PIDFILE_RUNS:
        printf("%s (pid %ld) is %s%s%s\n", who.name, who.pid, who.state, *who.url ? " at " : "",
               who.url);
        return 0;
    case PIDFILE_STALE:
        printf("%s (pid %ld) has died without an orderly end\n", who.name, who.pid);
        return 1;
    case PIDFILE_NONE:
        printf("%s does not run\n", l->app.name);
        return 3;
    default:
        return launch_complain(l, &e, 4);
    }
}

static bool running(struct launch *l, const char **path, struct pidfile_info *who, struct bw_err *e)
{
    enum pidfile_found found = look(l, path, who, e);
    return found == PIDFILE_RUNS ||
           (found != PIDFILE_UNKNOWN && bw_fail(e, BW_DOWN, "%s does not run", l->app.name));
}

/* ---- --health ---- */

static bool ask_ready(const struct uri *uri, struct bw_buf *text, struct bw_err *e)
{
    struct http_client *c = http_client_new();
    struct http_ask ask = {.method = "GET",
                           .uri = uri,
                           .target = BW_LIT("/ready"),
                           .deadline = clock_mono() + HEALTH_WAIT};
    struct http_exchange *x = http_client_ask(c, &ask, e);
    bool ok = x && http_exchange_head(x, e) && http_exchange_body(x, 65536, text, e);
    if (ok && http_exchange_status(x) != 200)
        ok = bw_fail(e, BW_BUSY, "not ready: %.*s", BW_FMT(bw_buf_str(text)));
    http_exchange_free(x);
    http_client_free(c);
    return ok;
}

static bool ask_health(struct launch *l, struct bw_buf *text, struct bw_err *e)
{
    struct pidfile_info who;
    const char *path;
    struct uri uri;
    if (!running(l, &path, &who, e))
        return false;
    if (!who.url[0])
        return bw_fail(e, BW_BUSY, "%s (pid %ld) is %s", who.name, who.pid, who.state);
    return uri_parse(&uri, bw_cstr(who.url), &l->conf.arena, e) && ask_ready(&uri, text, e);
}

int mode_health(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    struct bw_buf text;
    bw_buf_init(&text, 65536);
    bool ok = ask_health(l, &text, &e);
    if (ok)
        printf("%.*s\n", BW_FMT(bw_buf_str(&text)));
    bw_buf_release(&text);
    return ok ? 0 : launch_complain(l, &e, 1);
}

/* ---- --reload ---- */

static bool wait_reload(const char *path, struct pidfile_info *who, struct bw_err *e)
{
    int64_t before = who->reloads, deadline = clock_mono() + RELOAD_WAIT;
    long pid = who->pid;
    while (clock_mono() < deadline) {
        if (pidfile_look(path, who, e) != PIDFILE_RUNS || who->pid != pid)
            return bw_fail(e, BW_DOWN, "the server (pid %ld) ended meanwhile", pid);
        if (who->reloads > before)
            return who->reload_ok || bw_fail(e, BW_BAD, "%s", who->reload);
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return bw_fail(e, BW_LATE, "the server (pid %ld) did not answer within %d s", pid,
                   (int)(RELOAD_WAIT / CLOCK_SECOND));
}

int mode_reload(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    struct pidfile_info who;
    const char *path;
    if (!running(l, &path, &who, &e))
        return launch_complain(l, &e, 1);
    if (strcmp(who.state, "ready") != 0) /* its ears are not open yet, or no longer */
        return bw_fail(&e, BW_BUSY, "%s (pid %ld) is %s; try again when it is ready", who.name,
                       who.pid, who.state),
               launch_complain(l, &e, 1);
    if (kill((pid_t)who.pid, SIGHUP) != 0)
        return bw_fail_sys(&e, errno, "telling %s (pid %ld)", who.name, who.pid),
               launch_complain(l, &e, 1);
    if (!wait_reload(path, &who, &e))
        return launch_complain(l, &e, 1);
    printf("%s (pid %ld): %s\n", who.name, who.pid, who.reload);
    return 0;
}
