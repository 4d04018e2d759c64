/* serve.c: launch_serve: from settings to a running server and back. The order matters: what was
 * inherited is closed and a daemon forks before there are threads; sockets are bound before root is
 * given up; files are opened after, so that they belong to who serves. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "core/log.h"
#include "host/admin.h"
#include "host/starting.h"
#include "net/http_server.h"
#include "net/otlp.h"
#include "os/user.h"

extern char **environ;

#define UMASK    027
#define FIRST_FD 3 /* behind standard input, output and error; given sockets follow */

/* A daemon's working folder is the root; its paths go on as they were meant. */
static bool leave_folder(struct launch *l, struct bw_err *e)
{
    char here[4096];
    if (!getcwd(here, sizeof here))
        return bw_fail_sys(e, errno, "finding the working folder");
    l->home = bw_arena_cstr(&l->conf.arena, bw_cstr(here));
    launch_settle(l, &l->conf);
    return chdir("/") == 0 || bw_fail_sys(e, errno, "going to the root folder");
}

/* Who the process becomes; itself unless the settings say. */
static bool find_user(const struct conf *c, struct user_ids *ids, struct bw_err *e)
{
    *ids = (struct user_ids){.uid = geteuid(), .gid = getegid()};
    return !c->server.user || !*c->server.user || user_find(c->server.user, ids, e) ||
           bw_because(e, "server.user");
}

/* The data folder, when it is not there: it belongs to who will serve. */
static bool make_data(const struct conf *c, struct bw_err *e)
{
    struct user_ids ids;
    if (!*c->data || access(c->data, F_OK) == 0)
        return true;
    if (!find_user(c, &ids, e) || !file_make_folders(c->data, e))
        return false;
    return (ids.uid == geteuid() && ids.gid == getegid()) ||
           chown(c->data, ids.uid, ids.gid) == 0 ||
           bw_fail_sys(e, errno, "giving %s to %s", c->data, c->server.user);
}

static bool become_user(const struct conf *c, struct bw_err *e)
{
    struct user_ids ids;
    if (!c->server.user || !*c->server.user)
        return true;
    return find_user(c, &ids, e) && (user_become(&ids, e) || bw_because(e, "server.user"));
}

/* A place nobody chose must not keep a server down that needs no files at all. */
static bool take_pid_file(struct serving *s, struct bw_err *e)
{
    struct launch *l = s->launch;
    struct bw_err why = {.code = BW_OK};
    const char *path;
    if (launch_pid_file(l, &path, &why) && pidfile_take(&s->pidfile, path, l->app.name, &why))
        return true;
    bool chosen = l->conf.server.pid_file && *l->conf.server.pid_file;
    if (why.code == BW_CONFLICT || chosen || s->life == LAUNCH_FORK) {
        *e = why;
        return bw_because(e, "could not take the pid file");
    }
    log_warn("host", "no pid file: --kill, --state and --health will not find this server",
             log_err(&why));
    return true;
}

static bool open_host(struct serving *s, struct bw_err *e)
{
    s->host = host_open(&s->launch->app, &s->launch->conf, HOST_SERVE, e);
    return s->host != NULL;
}

/* What may take long: the disk is waited for, tables change. */
static bool open_all(struct serving *s, struct bw_err *e)
{
    struct starting starting;
    starting_begin(&starting);
    bool ok = take_pid_file(s, e) && open_host(s, e) && admin_open(s, e);
    starting_end(&starting);
    return ok;
}

/* The environment says whether, as everywhere (OTEL_…). */
static void start_tracing(struct serving *s)
{
    struct bw_buf told;
    bw_buf_init(&told, 65536);
    s->otlp = otlp_start((const char *const *)environ, s->launch->app.name, &told);
    bw_str lines = bw_buf_str(&told), line;
    while (bw_str_cut(&lines, '\n', &line) && line.n)
        log_warn("trace", "not as the environment says", LOG_TEXT("variable", line));
    if (s->otlp)
        log_info("trace", "spans of requests are sent to a collector");
    bw_buf_release(&told);
}

static bool serve(struct serving *s, struct bw_err *e)
{
    if (!serve_bind(s, e) || !become_user(&s->launch->conf, e) || !open_all(s, e))
        return false;
    start_tracing(s);
    if (serve_live(s))
        return true;
    *e = s->why;
    return false;
}

static void release(struct serving *s)
{
    otlp_stop(s->otlp);
    admin_close(s);
    http_server_free(s->http);
    loops_free(s->loops);
    host_close(s->host);
    pidfile_release(&s->pidfile);
    for (unsigned i = 0; i < s->n_given; i++)
        if (s->given[i].fd >= 0)
            close(s->given[i].fd);
    bw_buf_release(&s->urls);
}

/* Told to who waits: the service manager, or the parent of a daemon. */
static void tell_failure(struct serving *s, const struct bw_err *e)
{
    notify_send("STATUS=Could not start: %s", e->text);
    daemon_tell(&s->daemon, e->text);
}

static int run(struct serving *s)
{
    struct bw_err e = {.code = BW_OK};
    if (!make_data(&s->launch->conf, &e) || !host_log(&s->launch->conf, &e)) {
        tell_failure(s, &e);
        return s->life == LAUNCH_FORK ? 1 : launch_complain(s->launch, &e, 1);
    }
    host_watch_crashes(&s->launch->conf);
    bool ok = serve(s, &e);
    if (!ok)
        log_error("host", "could not start", log_err(&e));
    release(s);
    log_stop();
    if (!ok)
        tell_failure(s, &e);
    return ok ? 0 : 1;
}

static int run_daemon(struct serving *s)
{
    struct bw_err e = {.code = BW_OK};
    if (!leave_folder(s->launch, &e) || !daemon_fork(&s->daemon, &e))
        return launch_complain(s->launch, &e, 1);
    if (!s->daemon.child)
        return run(s);
    if (!daemon_wait(&s->daemon, &e))
        return launch_complain(s->launch, &e, 1);
    printf("%s (pid %ld) serves\n", s->launch->app.name, s->daemon.child);
    return 0;
}

int launch_serve(struct launch *l, enum launch_life life)
{
    struct serving *s = calloc(1, sizeof *s);
    bw_must(s);
    s->launch = l;
    s->life = life;
    s->daemon = (struct daemon){.tell = -1, .hear = -1};
    s->pidfile.lock.fd = -1;
    bw_buf_init(&s->urls, 65536);
    s->n_given = notify_take_fds(s->given);
    if (life != LAUNCH_CONSOLE) {
        umask(UMASK);
        signal(SIGHUP, SIG_IGN); /* until there is something to reload */
        daemon_close_from(FIRST_FD + s->n_given);
    }
    daemon_act_as_init();
    int status = life == LAUNCH_FORK ? run_daemon(s) : run(s);
    free(s);
    return status;
}
