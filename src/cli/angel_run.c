/* angel_run.c: burrow angel run: settings checked, the state folder's lock taken, then the keeper
 * in this very process; it starts `burrow angel brain`. And `burrow angel resume`, which a keeper
 * runs in its own place to be renewed. */
#include "cli/angel_run.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>

#include "angel/keeper.h"
#include "core/clock.h"
#include "os/daemon.h"

#define NAP_NS     10000000
#define LOCK_WAIT  (3 * CLOCK_SECOND) /* for the brain of a keeper that was killed */
#define LOCK_WAIT2 (3 * CLOCK_SECOND) /* when that one has been ended */

struct run {
    struct angel_where w;
    struct pidfile pid;
    struct daemon daemon;
    bool fork;
    bool served; /* it was ready once */
    int log;
};

/* ---- the lock ---- */

/* A keeper that was killed leaves its lock for a moment to its brain, or to a child that has not
 * reached its exec: both let go of it by themselves. An angel that lives does not. */
static bool holder_lives(const struct angel_where *w, long *pid)
{
    struct pidfile_info who;
    if (pidfile_look(w->pid_file, &who, NULL) != PIDFILE_RUNS)
        return false;
    *pid = who.pid;
    return kill((pid_t)who.pid, 0) == 0 || errno == EPERM;
}

static bool take_lock(struct run *r, struct bw_err *e)
{
    int64_t begin = clock_mono();
    bool ended = false;
    long pid = 0;
    while (!pidfile_take(&r->pid, r->w.pid_file, r->w.name, e)) {
        int64_t waited = clock_mono() - begin;
        if (e->code != BW_CONFLICT)
            return false;
        if (holder_lives(&r->w, &pid))
            return bw_fail(e, BW_CONFLICT, "the angel of %s runs already as pid %ld", r->w.state,
                           pid);
        if (waited > LOCK_WAIT && !ended) {
            ended = true;
            keeper_end_lost_brain(r->w.state);
        }
        if (waited > LOCK_WAIT + LOCK_WAIT2)
            return bw_fail(e, BW_CONFLICT,
                           "the angel of %s has gone, but something of it still holds %s.lock; "
                           "`fuser %s.lock` tells its pid",
                           r->w.state, r->w.pid_file, r->w.pid_file);
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return true;
}

/* ---- the keeper ---- */

static void ready(void *arg)
{
    struct run *r = arg;
    r->served = true;
    daemon_tell(&r->daemon, NULL);
    if (r->log < 0)
        return;
    dup2(r->log, STDERR_FILENO); /* what the keeper has to say, from now on */
    close(r->log);
    r->log = -1;
}

static bool open_log(struct run *r, struct bw_err *e)
{
    if (!r->fork)
        return true;
    r->log = open(r->w.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    return r->log >= 0 || bw_fail_sys(e, errno, "opening the log %s", r->w.log);
}

static int keep(struct run *r, struct bw_err *e)
{
    int status = 1;
    const char *brain[] = {
        r->w.self,    "angel",       "brain",   "--hands",  "3",
        "--settings", r->w.settings, "--state", r->w.state, r->fork ? "--log" : NULL,
        r->w.log,     NULL};
    const char *resume[] = {r->w.self, "angel", "resume", NULL};
    _Static_assert(KEEPER_SOCKET == 3, "the word above");
    const struct keeper_opts o = {.state = r->w.state,
                                  .lock = r->pid.lock.fd,
                                  .brain = brain,
                                  .resume = resume,
                                  .ready = ready,
                                  .arg = r};
    malloc_trim(0); /* what reading the settings took */
    if (!keeper_run(&o, &status, e))
        status = 1;
    else if (status && !r->served)
        bw_fail(e, BW_SYS, "its brain could not begin%s%s", r->fork ? "; see " : "",
                r->fork ? r->w.log : "");
    pidfile_release(&r->pid);
    return status;
}

/* In the process that stays. */
static int begin(struct run *r, struct bw_err *e)
{
    int status = 1;
    if (open_log(r, e) && take_lock(r, e)) {
        if (r->fork && chdir("/") != 0)
            bw_fail_sys(e, errno, "leaving the folder it was started in");
        else
            status = keep(r, e);
    }
    if (e->code && r->fork)
        daemon_tell(&r->daemon, e->text);
    return status;
}

static int run_forked(const struct angel_ask *k, struct run *r)
{
    struct bw_err e = {.code = BW_OK};
    if (!daemon_fork(&r->daemon, &e))
        return command_complain(k->command, &e, 1);
    if (!r->daemon.child)
        return begin(r, &e);
    if (!daemon_wait(&r->daemon, &e))
        return command_complain(k->command, &e, 1);
    printf("%s runs as pid %ld, its log is %s\n", r->w.name, r->daemon.child, r->w.log);
    return 0;
}

/* ---- the modes ---- */

static bool one_mode(const struct angel_ask *k, const char **mode, struct bw_err *e)
{
    static const char *const modes[] = {"console", "run", "fork", "kill", "silentkill", "reload"};
    *mode = NULL;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!args_has(k->args, modes[i]))
            continue;
        if (*mode)
            return bw_fail(e, BW_BAD, "--%s and --%s exclude each other", *mode, modes[i]);
        *mode = modes[i];
    }
    if (!*mode)
        *mode = "console";
    return true;
}

static int run(const struct angel_ask *k)
{
    static struct run r = {.daemon = {.tell = -1, .hear = -1}, .log = -1};
    struct bw_err e = {.code = BW_OK};
    const char *mode;
    if (!one_mode(k, &mode, &e))
        return command_complain(k->command, &e, 2);
    if (!strcmp(mode, "kill") || !strcmp(mode, "silentkill"))
        return angel_kill(k, *mode == 's');
    if (!strcmp(mode, "reload"))
        return angel_reload(k);
    if (!angel_where(k, true, &r.w, &e))
        return command_complain(k->command, &e, 1);
    r.fork = !strcmp(mode, "fork");
    if (r.fork)
        return run_forked(k, &r);
    int status = begin(&r, &e);
    return status && e.code ? command_complain(k->command, &e, status) : status;
}

const struct angel_verb angel_verb_run = {
    .name = "run",
    .usage = "[--settings FILE] [--state FOLDER] [--fork | --kill | --silentkill | --reload]",
    .help = "starts what the settings say and keeps it running",
    .run = run,
};

/* ---- a keeper renewed ---- */

static void give_back(const char *state, int lock)
{
    struct pidfile p = {.lock.fd = lock};
    snprintf(p.path, sizeof p.path, "%s/" ANGEL_PID_FILE, state);
    snprintf(p.lock.path, sizeof p.lock.path, "%s.lock", p.path);
    pidfile_release(&p);
}

static int resume(const struct angel_ask *k)
{
    struct bw_err e = {.code = BW_OK};
    int64_t fd;
    int status = 1;
    if (!strcmp(k->words[0], "try")) /* that it runs so far is the answer */
        return 0;
    if (!bw_str_int(bw_cstr(k->words[0]), &fd) || fd < 3 || fd > INT_MAX)
        return bw_fail(&e, BW_BAD, "it is the keeper that calls this"),
               command_complain(k->command, &e, 2);
    return keeper_resume((int)fd, give_back, &status, &e) ? status
                                                          : command_complain(k->command, &e, 1);
}

const struct angel_verb angel_verb_resume = {
    .name = "resume",
    .usage = "FD | try",
    .help = "what a keeper runs in its own place to be renewed (SIGUSR2)",
    .min_words = 1,
    .max_words = 1,
    .run = resume,
};
