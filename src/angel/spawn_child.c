/* spawn_child.c: the child between its birth and exec, on every POSIX system. Only what is
 * async-signal-safe: the parent may have been a process with threads, whose locks are nobody's
 * here. And its memory may be the parent's, which goes on meanwhile (spawn.h): written is only what
 * is this child's own, errno is not among it (spawn_calls.h), and nothing is freed. */
#include <limits.h>
#include <string.h>

#include "angel/spawn_calls.h"
#include "angel/spawn_int.h"

#define FIRST_SOCKET 3
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static _Noreturn void fail(const struct spawn *s, enum spawn_step step, int sys)
{
    struct spawn_failure f = {.sys = sys, .step = step};
    (void)call_write(s->errors, &f, sizeof f);
    call_exit(127);
}

static void check(const struct spawn *s, enum spawn_step step, int result)
{
    if (result < 0)
        fail(s, step, -result);
}

static void write_record(struct spawn *s)
{
    pid_t pid = spawn_own_pid();
    s->record->started = spawn_own_start(pid);
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
    for (int i = 1; i < NSIG; i++)
        if (i != SIGKILL && i != SIGSTOP)
            call_default_signal(i);
}

/* Out of the way of the numbers the child is to have. */
static int lift(int *fd, int above)
{
    if (*fd < 0 || *fd >= above)
        return 0;
    *fd = call_fcntl(*fd, F_DUPFD_CLOEXEC, above);
    return *fd;
}

static int put_fd(int fd, int to, int null_flags)
{
    int from = fd < 0 ? call_open(AT_FDCWD, "/dev/null", null_flags | O_CLOEXEC) : fd;
    if (from < 0)
        return from;
    /* The number may be the right one already, for /dev/null: then only the flag goes. */
    int r = from == to ? call_fcntl(to, F_SETFD, 0) : call_dup(from, to);
    if (fd < 0 && from != to)
        call_close(from);
    return r;
}

static int lift_all(struct spawn *s, int above)
{
    struct order *o = s->order;
    int *const all[] = {&s->errors, &s->lock, &s->cgroup, &o->in, &o->out, &o->err};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sizeof all / sizeof all[0]; i++)
        r = lift(all[i], above);
    for (unsigned i = 0; r >= 0 && i < o->head.n_listen; i++)
        r = lift(&o->listen[i], above);
    return r;
}

static int place_fds(struct spawn *s)
{
    const struct order *o = s->order;
    const int std[] = {o->in, o->out, o->err};
    int above = FIRST_SOCKET + (int)o->head.n_listen;
    int r = lift_all(s, above);
    for (int i = 0; r >= 0 && i < FIRST_SOCKET; i++)
        r = put_fd(std[i], i, i ? O_WRONLY : O_RDONLY);
    /* O_NONBLOCK is left as it is: the flag belongs to the socket, which other replicas share. */
    for (unsigned i = 0; r >= 0 && i < o->head.n_listen; i++)
        r = put_fd(o->listen[i], FIRST_SOCKET + (int)i, O_RDONLY);
    if (r >= 0)
        spawn_close_others(above);
    return r;
}

static int set_limits(const struct spawn *s)
{
    const struct order_head *h = &s->order->head;
    struct rlimit files = s->open_files;
    for (unsigned i = 0; i < h->n_limits; i++) {
        struct rlimit l = {.rlim_cur = h->limits[i].cur, .rlim_max = h->limits[i].max};
        int r = 0;
        if (h->limits[i].what == RLIMIT_NOFILE)
            files = l;
        else
            r = call_limit(h->limits[i].what, &l);
        if (r < 0)
            return r;
    }
    return call_limit(RLIMIT_NOFILE, &files);
}

static int become_user(const struct order *o)
{
    if (!o->head.has_user)
        return 0;
    uid_t u = o->head.uid;
    gid_t g = o->head.gid;
    if (geteuid() != 0) /* only the one we are is possible */
        return getuid() == u && getgid() == g ? 0 : -EPERM;
    return spawn_become(u, g, o->groups, o->head.n_groups);
}

static const char *path_of(char **env)
{
    for (; *env; env++)
        if (!strncmp(*env, "PATH=", 5))
            return *env + 5;
    return DEFAULT_PATH;
}

/* As execvpe, but without a shell for what is no program. Why not. */
static int run(const struct order *o)
{
    char room[PATH_MAX];
    const char *file = o->argv[0];
    size_t n = strlen(file);
    int why = -ENOENT;
    if (strchr(file, '/'))
        return call_exec(file, o->argv, o->env);
    for (const char *p = path_of(o->env), *end; p; p = *end ? end + 1 : NULL) {
        end = p + strcspn(p, ":");
        size_t folder = (size_t)(end - p);
        if (folder == 0 || folder + n + 2 > sizeof room)
            continue; /* an empty one would be the working folder: a trap */
        memcpy(room, p, folder);
        room[folder] = '/';
        memcpy(room + folder + 1, file, n + 1);
        int r = call_exec(room, o->argv, o->env);
        if (r != -ENOENT && r != -ENOTDIR)
            why = r;
    }
    return why;
}

_Noreturn void spawn_child(struct spawn *s)
{
    struct order *o = s->order;
    write_record(s);
    reset_signals();
    check(s, SPAWN_SESSION, call_session());
    check(s, SPAWN_DESCRIPTOR, place_fds(s));
    if (s->cgroup_by_hand)
        check(s, SPAWN_CGROUP, spawn_join(s->cgroup));
    if (o->head.nice)
        check(s, SPAWN_NICE, call_nice(o->head.nice));
    check(s, SPAWN_LIMIT, set_limits(s));
    call_umask((mode_t)o->head.umask);
    check(s, SPAWN_USER, become_user(o));
    check(s, SPAWN_CHDIR, call_chdir(o->cwd));
    call_unblock_signals();
    fail(s, SPAWN_EXEC, -run(o));
}
