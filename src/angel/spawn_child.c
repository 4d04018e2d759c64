/* spawn_child.c: the child between fork and exec, on every POSIX system. Only what is
 * async-signal-safe: the parent may have been a process with threads, whose locks are nobody's
 * here. For the same reason users are changed by plain system calls, which spawn_int.h names. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "angel/spawn_int.h"

#define FIRST_SOCKET 3
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static _Noreturn void fail(int errors, enum spawn_step step)
{
    struct spawn_failure f = {.sys = errno, .step = step};
    (void)!write(errors, &f, sizeof f);
    _exit(127);
}

static void write_record(struct spawn *s)
{
    struct identity self;
    pid_t pid = spawn_own_pid();
    s->record->started = identity_look(pid, &self) ? self.started : 0;
    atomic_store_explicit(&s->record->pid, pid, memory_order_release);
    char digits[16];
    size_t n = 0, at = 11;
    memcpy(s->pid, "LISTEN_PID=", at);
    do
        digits[n++] = (char)('0' + pid % 10);
    while ((pid /= 10) != 0);
    while (n)
        s->pid[at++] = digits[--n];
    s->pid[at] = 0;
}

/* Dispositions that are ignored would stay so through exec. */
static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &plain, NULL);
}

/* Out of the way of the numbers the child is to have. */
static bool lift(int *fd, int above)
{
    if (*fd < 0 || *fd >= above)
        return true;
    *fd = fcntl(*fd, F_DUPFD_CLOEXEC, above);
    return *fd >= 0;
}

static bool put_fd(int fd, int to, int null_flags)
{
    int from = fd;
    if (fd < 0)
        from = open("/dev/null", null_flags | O_CLOEXEC);
    if (from < 0)
        return false;
    /* The number may be the right one already, for /dev/null: then only the flag goes. */
    bool ok = from == to ? fcntl(to, F_SETFD, 0) == 0 : dup2(from, to) == to;
    if (fd < 0 && from != to)
        close(from);
    return ok;
}

static bool place_fds(struct spawn *s, int *errors)
{
    struct order *o = s->order;
    int above = FIRST_SOCKET + (int)o->head.n_listen;
    bool ok = lift(errors, above) && lift(&s->lock, above) && lift(&s->cgroup, above) &&
              lift(&o->in, above) && lift(&o->out, above) && lift(&o->err, above);
    for (unsigned i = 0; ok && i < o->head.n_listen; i++)
        ok = lift(&o->listen[i], above);
    ok = ok && put_fd(o->in, 0, O_RDONLY) && put_fd(o->out, 1, O_WRONLY) &&
         put_fd(o->err, 2, O_WRONLY);
    /* O_NONBLOCK is left as it is: the flag belongs to the socket, which other replicas share. */
    for (unsigned i = 0; ok && i < o->head.n_listen; i++)
        ok = put_fd(o->listen[i], FIRST_SOCKET + (int)i, O_RDONLY);
    if (ok)
        spawn_close_others(above);
    return ok;
}

static bool set_limits(const struct spawn *s)
{
    const struct order_head *h = &s->order->head;
    struct rlimit files = s->open_files;
    for (unsigned i = 0; i < h->n_limits; i++) {
        struct rlimit l = {.rlim_cur = h->limits[i].cur, .rlim_max = h->limits[i].max};
        if (h->limits[i].what == RLIMIT_NOFILE)
            files = l;
        else if (setrlimit((unsigned)h->limits[i].what, &l) != 0)
            return false;
    }
    return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

static bool become_user(const struct order *o)
{
    if (!o->head.has_user)
        return true;
    uid_t u = o->head.uid;
    gid_t g = o->head.gid;
    if (geteuid() != 0) { /* only the one we are is possible */
        bool same = getuid() == u && getgid() == g;
        errno = EPERM;
        return same;
    }
    return spawn_become(u, g, o->groups, o->head.n_groups);
}

static const char *path_of(char **env)
{
    for (; *env; env++)
        if (!strncmp(*env, "PATH=", 5))
            return *env + 5;
    return DEFAULT_PATH;
}

/* As execvpe, but without a shell for what is no program. errno says why not. */
static void run(const struct order *o)
{
    char room[PATH_MAX];
    const char *file = o->argv[0];
    size_t n = strlen(file);
    int why = ENOENT;
    if (strchr(file, '/')) {
        execve(file, o->argv, o->env);
        return;
    }
    for (const char *p = path_of(o->env), *end; p; p = *end ? end + 1 : NULL) {
        end = p + strcspn(p, ":");
        size_t folder = (size_t)(end - p);
        if (folder == 0 || folder + n + 2 > sizeof room)
            continue; /* an empty one would be the working folder: a trap */
        memcpy(room, p, folder);
        room[folder] = '/';
        memcpy(room + folder + 1, file, n + 1);
        execve(room, o->argv, o->env);
        if (errno != ENOENT && errno != ENOTDIR)
            why = errno;
    }
    errno = why;
}

_Noreturn void spawn_child(struct spawn *s, int errors)
{
    struct order *o = s->order;
    sigset_t none;
    write_record(s);
    reset_signals();
    if (setsid() < 0)
        fail(errors, SPAWN_SESSION);
    if (!place_fds(s, &errors))
        fail(errors, SPAWN_DESCRIPTOR);
    if (s->cgroup_by_hand && !spawn_join(s->cgroup))
        fail(errors, SPAWN_CGROUP);
    if (o->head.nice && setpriority(PRIO_PROCESS, 0, o->head.nice) != 0)
        fail(errors, SPAWN_NICE);
    if (!set_limits(s))
        fail(errors, SPAWN_LIMIT);
    umask((mode_t)o->head.umask);
    if (!become_user(o))
        fail(errors, SPAWN_USER);
    if (chdir(o->cwd) != 0)
        fail(errors, SPAWN_CHDIR);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    run(o);
    fail(errors, SPAWN_EXEC);
}
