/* mode_stop.c: --kill and --silentkill: SIGTERM to who holds the pid file's lock, and a wait until
 * it has let go. That nothing runs is what was wanted, so it is no failure. */
#include <errno.h>
#include <signal.h>

#include "core/clock.h"
#include "host/mode.h"
#include "host/pidfile.h"

#define NAP_NS 10000000
#define GRACE  (10 * CLOCK_SECOND) /* behind the drain, for the stores */

int mode_kill(struct launch *l);
int mode_silentkill(struct launch *l);

/* Until that process no longer serves: another may have taken its place. */
static bool wait_end(const char *path, long pid, int64_t deadline)
{
    struct pidfile_info now;
    while (pidfile_look(path, &now, NULL) == PIDFILE_RUNS && now.pid == pid) {
        if (clock_mono() > deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return true;
}

static bool end(struct launch *l, const char *path, const struct pidfile_info *who,
                struct bw_err *e)
{
    int64_t patience = l->conf.server.drain_timeout + GRACE;
    if (kill((pid_t)who->pid, SIGTERM) != 0 && errno != ESRCH)
        return bw_fail_sys(e, errno, "ending %s (pid %ld)", who->name, who->pid);
    if (wait_end(path, who->pid, clock_mono() + patience))
        return true;
    kill((pid_t)who->pid, SIGKILL);
    return bw_fail(e, BW_LATE, "%s (pid %ld) did not end within %lld s and was killed", who->name,
                   who->pid, (long long)(patience / CLOCK_SECOND));
}

static int stop(struct launch *l, bool silent)
{
    struct bw_err e = {.code = BW_OK};
    struct pidfile_info who;
    const char *path;
    if (!launch_pid_file(l, &path, &e))
        return silent ? 1 : launch_complain(l, &e, 1);
    enum pidfile_found found = pidfile_look(path, &who, &e);
    bool ok = found != PIDFILE_UNKNOWN && (found != PIDFILE_RUNS || end(l, path, &who, &e));
    if (silent)
        return ok ? 0 : 1;
    if (!ok)
        return launch_complain(l, &e, 1);
    if (found == PIDFILE_RUNS)
        printf("%s (pid %ld) has ended\n", who.name, who.pid);
    else
        printf("%s does not run\n", l->app.name);
    return 0;
}

int mode_kill(struct launch *l)
{
    return stop(l, false);
}

int mode_silentkill(struct launch *l)
{
    return stop(l, true);
}
