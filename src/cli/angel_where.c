/* angel_where.c: see angel_run.h; and --kill and --reload: what is told to an angel that runs,
 * found by the pid file in its state folder. */
#include "cli/angel_run.h"

#include <errno.h>
#include <signal.h>

#include "angel/conf.h"
#include "angel/identity.h"
#include "angel/place.h"
#include "core/clock.h"
#include "os/service.h"

#define NAP_NS      10000000
#define KILL_GRACE  (15 * CLOCK_SECOND) /* behind StopTimeoutSec */
#define RELOAD_WAIT (60 * CLOCK_SECOND)

static bool fill(struct angel_where *w, const struct angel_conf *c, bool make, struct bw_err *e)
{
    char log_folder[PATH_MAX];
    if (make && (!file_make_folders(c->state, e) || !file_make_folders(c->log_folder, e)))
        return false;
    if (!realpath(c->state, log_folder))
        return bw_fail_sys(e, errno, "the state folder %s", c->state);
    if ((size_t)snprintf(w->state, sizeof w->state, "%s", log_folder) >= sizeof w->state)
        return bw_fail(e, BW_BAD, "the path of the state folder has at most %zu bytes",
                       sizeof w->state - 1);
    snprintf(w->pid_file, sizeof w->pid_file, "%s/" ANGEL_PID_FILE, w->state);
    snprintf(w->name, sizeof w->name, "%s", c->name && *c->name ? c->name : "angel");
    if (!realpath(c->log_folder, log_folder))
        snprintf(log_folder, sizeof log_folder, "%s", w->state);
    w->stop_timeout = c->stop_timeout;
    return (size_t)snprintf(w->log, sizeof w->log, "%s/angel.log", log_folder) < sizeof w->log ||
           bw_fail(e, BW_BAD, "the path of the log folder is too long");
}

bool angel_where(const struct angel_ask *k, bool make, struct angel_where *w, struct bw_err *e)
{
    struct angel_conf c;
    struct bw_arena a;
    *w = (struct angel_where){.name = ""};
    bw_arena_init(&a);
    const char *settings = place_settings(args_value(k->args, "settings", NULL), &a);
    bool ok = angel_conf_load_at(&c, settings, args_value(k->args, "state", NULL), e);
    if (ok) {
        ok = fill(w, &c, make, e);
        angel_conf_release(&c);
    }
    if (ok && !realpath(settings, w->settings))
        ok = bw_fail_sys(e, errno, "the settings %s", settings);
    bw_arena_release(&a);
    char self[512];
    ok = ok && service_self(self, e);
    if (ok)
        snprintf(w->self, sizeof w->self, "%s", self);
    return ok;
}

/* ---- who runs ---- */

static bool runs(const struct angel_where *w, struct pidfile_info *who, enum pidfile_found *found,
                 struct bw_err *e)
{
    *found = pidfile_look(w->pid_file, who, e);
    return *found != PIDFILE_UNKNOWN;
}

static bool send(const struct pidfile_info *who, int number, struct bw_err *e)
{
    /* The lock is held, so the number is its; between that look and this call it may end, but the
     * number does not come back so soon: the kernel goes round first. */
    struct identity id;
    int fd = identity_look((pid_t)who->pid, &id) ? identity_open(id.pid, id.started) : -1;
    bool ok = identity_signal(fd, number);
    int why = errno;
    identity_close(fd);
    return ok || why == ESRCH || fd < 0 ||
           bw_fail_sys(e, why, "telling %s (pid %ld)", who->name, who->pid);
}

/* ---- --kill ---- */

static bool wait_end(const struct angel_where *w, long pid, struct bw_err *e)
{
    struct pidfile_info now;
    int64_t patience = w->stop_timeout + KILL_GRACE, deadline = clock_mono() + patience;
    while (pidfile_look(w->pid_file, &now, NULL) == PIDFILE_RUNS && now.pid == pid) {
        if (clock_mono() > deadline)
            return bw_fail(e, BW_LATE,
                           "the angel (pid %ld) still stops its services after %lld s; `burrow ctl "
                           "status` shows which",
                           pid, (long long)(patience / CLOCK_SECOND));
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return true;
}

int angel_kill(const struct angel_ask *k, bool silent)
{
    struct angel_where w;
    struct bw_err e = {.code = BW_OK};
    struct pidfile_info who;
    enum pidfile_found found = PIDFILE_NONE;
    bool ok = angel_where(k, false, &w, &e) && runs(&w, &who, &found, &e);
    if (ok && found == PIDFILE_RUNS)
        ok = send(&who, SIGTERM, &e) && wait_end(&w, who.pid, &e);
    if (silent)
        return ok ? 0 : 1;
    if (!ok)
        return command_complain(k->command, &e, 1);
    if (found == PIDFILE_RUNS)
        printf("%s (pid %ld) has ended, and all its services\n", who.name, who.pid);
    else
        printf("no angel of %s runs\n", w.state);
    return 0;
}

/* ---- --reload ---- */

static bool wait_reload(const struct angel_where *w, struct pidfile_info *who, struct bw_err *e)
{
    int64_t before = who->reloads, deadline = clock_mono() + RELOAD_WAIT;
    long pid = who->pid;
    while (clock_mono() < deadline) {
        if (pidfile_look(w->pid_file, who, e) != PIDFILE_RUNS || who->pid != pid)
            return bw_fail(e, BW_DOWN, "the angel (pid %ld) ended meanwhile", pid);
        if (who->reloads > before)
            return who->reload_ok || bw_fail(e, BW_BAD, "%s", who->reload);
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return bw_fail(e, BW_LATE,
                   "the angel (pid %ld) is still at it after %d s; `burrow ctl status` shows how "
                   "far",
                   pid, (int)(RELOAD_WAIT / CLOCK_SECOND));
}

int angel_reload(const struct angel_ask *k)
{
    struct angel_where w;
    struct bw_err e = {.code = BW_OK};
    struct pidfile_info who;
    enum pidfile_found found = PIDFILE_NONE;
    bool ok = angel_where(k, false, &w, &e) && runs(&w, &who, &found, &e);
    if (ok && found != PIDFILE_RUNS)
        ok = bw_fail(&e, BW_DOWN, "no angel of %s runs", w.state);
    if (!ok || !send(&who, SIGHUP, &e) || !wait_reload(&w, &who, &e))
        return command_complain(k->command, &e, 1);
    printf("%s (pid %ld): %s\n", who.name, who.pid, who.reload);
    return 0;
}
