/* angel_brain.c: burrow angel brain: the process that decides, as the keeper starts it: with a
 * socket to the keeper as descriptor --hands. Without that switch the services are its own
 * children, and end with it: for tests, and where no keeper is wanted. */
#include <fcntl.h>

#include "angel/keeper.h"
#include "angel/serve.h"
#include "cli/angel_run.h"
#include "core/log.h"
#include "os/heap.h"
#include "os/signals.h"

struct brain_process {
    struct angel_where w;
    struct pidfile pid; /* the keeper's: its lock is not ours */
    const char *log;
    bool of_keeper;
};

static void tell(struct brain_process *p)
{
    struct bw_err e;
    if (p->of_keeper && !pidfile_write(&p->pid, &e))
        log_warn("angel", "the pid file is out of date", log_err(&e));
}

/* A daemon lets go of its starter's terminal, once there is nothing to be told to it any more. */
static void leave_terminal(const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        return;
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static void ready(void *arg)
{
    struct brain_process *p = arg;
    snprintf(p->pid.info.state, sizeof p->pid.info.state, "ready");
    tell(p);
    if (p->log)
        leave_terminal(p->log);
}

static void reloaded(void *arg, bool ok, const char *said)
{
    struct brain_process *p = arg;
    p->pid.info.reloads++;
    p->pid.info.reload_ok = ok;
    snprintf(p->pid.info.reload, sizeof p->pid.info.reload, "%s", said);
    tell(p);
}

/* The file a brain before this one has left, or the keeper's own. */
static void take_pid_file(struct brain_process *p)
{
    struct pidfile_info had;
    snprintf(p->pid.path, sizeof p->pid.path, "%s", p->w.pid_file);
    p->pid.lock.fd = -1;
    if (pidfile_look(p->w.pid_file, &had, NULL) == PIDFILE_RUNS)
        p->pid.info = had;
    snprintf(p->pid.info.name, sizeof p->pid.info.name, "%s", p->w.name);
    p->pid.info.pid = p->of_keeper ? getppid() : getpid();
}

static bool serve(struct brain_process *p, const struct angel_ask *k, int socket, int *status,
                  struct bw_err *e)
{
    const struct log_opts log = {.level = LOG_LEVEL_INFO,
                                 .path = p->log,
                                 .colour = !p->log && isatty(STDERR_FILENO),
                                 .name = p->w.name};
    const struct angel_serve s = {.settings = p->w.settings,
                                  .state = args_value(k->args, "state", NULL),
                                  .socket = socket,
                                  .ready = ready,
                                  .reloaded = reloaded,
                                  .arg = p};
    signals_ignore_pipe();
    if (!log_start(&log, e))
        return false;
    bool ok = angel_serve(&s, status, e);
    log_stop();
    return ok;
}

static int run(const struct angel_ask *k)
{
    static struct brain_process p;
    const char *said = args_value(k->args, "hands", "-1");
    struct bw_err e = {.code = BW_OK};
    int64_t number;
    int status = 1;
    if (!bw_str_int(bw_cstr(said), &number) || number < -1 || number > 1000000) {
        bw_fail(&e, BW_BAD, "--hands %s is no descriptor", said);
        return command_complain(k->command, &e, 2);
    }
    heap_map_large();
    p.of_keeper = number >= 0;
    p.log = args_value(k->args, "log", NULL);
    if (p.of_keeper) { /* no child of ours is to have them */
        fcntl((int)number, F_SETFD, FD_CLOEXEC);
        fcntl(KEEPER_LOCK, F_SETFD, FD_CLOEXEC);
    }
    if (!angel_where(k, true, &p.w, &e))
        return command_complain(k->command, &e, 1);
    take_pid_file(&p);
    return serve(&p, k, (int)number, &status, &e) ? status : command_complain(k->command, &e, 1);
}

const struct angel_verb angel_verb_brain = {
    .name = "brain",
    .usage = "[--settings FILE] [--state FOLDER] [--hands FD]",
    .help = "what run starts to decide; by itself, its services end with it",
    .run = run,
};
