/* angel_puppet.c: a keeper whose brain is a puppet of the test: for tests/fault/test_keeper.py and
 * test_hands.py, which pull the strings and read what it says.
 *
 *   angel_puppet keep STATE      a keeper, and below it
 *   angel_puppet brain STATE     its brain
 *   angel_puppet here STATE      a brain that does it all itself
 *   angel_puppet resume FD       what the keeper runs to be renewed
 *
 * Orders are datagrams to STATE/strings, words ended by tabs; what happens are lines of STATE/said.
 * With a file STATE/auto that holds a number n the brain keeps n children running by itself: each
 * is STATE/service NUMBER, started again when it ends. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "angel/hands.h"
#include "angel/keeper.h"
#include "net/loop.h"
#include "net/signal.h"
#include "os/file.h"

#define WORDS 64

extern char **environ;

static struct {
    const char *state;
    struct loops *loops;
    struct hands *hands;
    struct signal_watch *term;
    uv_poll_t strings;
    int socket, said, wanted;
    uint64_t runs;
    bool gone, stopping;
    int left;
} puppet;

static void say(const char *fmt, ...) BW_PRINTF(1, 2);
static void say(const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    int n = snprintf(line, sizeof line, "%ld ", (long)getpid());
    n += vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, args);
    va_end(args);
    line[n++] = '\n';
    bw_must(write(puppet.said, line, (size_t)n) == n);
}

static int number(const char *text)
{
    return text ? (int)strtol(text, NULL, 10) : 0;
}

static void go(void)
{
    if (puppet.gone)
        return;
    puppet.gone = true;
    signal_watch_free(puppet.term);
    uv_close((uv_handle_t *)&puppet.strings, NULL);
    hands_close(puppet.hands);
    loops_stop(puppet.loops);
}

static void spawn(const struct hands_spec *s)
{
    struct bw_err e = {.code = BW_OK};
    if (!hands_spawn(puppet.hands, s, &e))
        say("refused %u %s", s->child, e.text);
}

/* ---- by itself ---- */

static void keep_running(uint32_t child)
{
    char path[300], number[16];
    snprintf(path, sizeof path, "%s/service", puppet.state);
    snprintf(number, sizeof number, "%u", child);
    const char *argv[] = {path, number, NULL};
    spawn(&(struct hands_spec){.unit = number,
                               .child = child,
                               .run = ++puppet.runs,
                               .argv = argv,
                               .env = (const char *const *)environ,
                               .umask = 022,
                               .in = -1,
                               .out = -1,
                               .err = -1});
}

static void begin_auto(void)
{
    const struct hands_found *found;
    size_t n = hands_found(puppet.hands, &found);
    for (int i = 1; i <= puppet.wanted; i++) {
        bool there = false;
        for (size_t f = 0; f < n; f++)
            there = there || found[f].child == (uint32_t)i;
        if (!there)
            keep_running((uint32_t)i);
    }
    puppet.left = puppet.wanted;
    hands_ready(puppet.hands, "");
}

/* ---- what happens ---- */

static void spawned(void *arg, uint32_t child, pid_t pid)
{
    (void)arg;
    say("spawned %u %ld", child, (long)pid);
}

static void failed(void *arg, uint32_t child, int sys, const char *what)
{
    (void)arg;
    say("failed %u %s %s", child, what, strerrorname_np(sys));
}

static void exited(void *arg, uint32_t child, const struct hands_exit *x)
{
    const char *more = x->followed ? " followed" : "";
    (void)arg;
    if (!x->known)
        say("exited %u %ld unknown%s", child, (long)x->pid, more);
    else if (WIFSIGNALED(x->status))
        say("exited %u %ld signal %d%s", child, (long)x->pid, WTERMSIG(x->status), more);
    else
        say("exited %u %ld code %d%s", child, (long)x->pid, WEXITSTATUS(x->status), more);
    if (puppet.wanted)
        hands_sweep(puppet.hands, child, 0);
}

static void swept(void *arg, uint32_t child, unsigned survivors, const char *names)
{
    (void)arg;
    say("swept %u %u %s", child, survivors, names);
    if (!puppet.wanted)
        return;
    if (!puppet.stopping) {
        keep_running(child);
        return;
    }
    hands_release(puppet.hands, child);
    if (--puppet.left == 0) {
        hands_done(puppet.hands, 0);
        go();
    }
}

static void asked(void *arg, enum hands_asked what)
{
    (void)arg;
    say("asked %s", what == HANDS_STOP ? "stop" : what == HANDS_RELOAD ? "reload" : "reopen");
    if (what != HANDS_STOP || !puppet.wanted)
        return;
    puppet.stopping = true;
    for (int i = 1; i <= puppet.wanted; i++)
        hands_sweep(puppet.hands, (uint32_t)i, 0);
}

static const struct hands_events events = {spawned, failed, exited, swept, asked};

static void leave(void *arg)
{
    (void)arg;
    say("leave");
    go();
}

static void term(int number, void *arg)
{
    (void)number;
    (void)arg;
    go();
}

/* ---- orders ---- */

static void order_spawn(char **w)
{
    const char *env[300];
    size_t n = 0;
    int out = *w[6] ? open(w[6], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    for (char **e = environ; *e && n < 290; e++)
        env[n++] = *e;
    env[n] = NULL;
    struct hands_spec s = {.unit = w[1],
                           .child = (uint32_t)number(w[2]),
                           .run = (uint64_t)number(w[3]),
                           .helper = w[4][0] == 'h',
                           .umask = 022,
                           .argv = (const char *const *)w + 7,
                           .env = env,
                           .in = -1,
                           .out = out,
                           .err = out};
    struct user_ids user;
    if (*w[5] && user_find(w[5], &user, NULL))
        s.user = &user;
    const char *limit = getenv("PUPPET_NPROC");
    if (limit && s.user) {
        rlim_t value = (rlim_t)number(limit);
        s.limits[s.n_limits++] = (struct hands_limit){RLIMIT_NPROC, {value, value}};
    }
    if (w[0][1] == 't') /* stand: for any signal, and code 3 */
        hands_stand(puppet.hands, &s,
                    &(struct hands_ends){.signals = UINT64_MAX, .codes = {1u << 3}});
    else
        spawn(&s);
    file_close(out);
}

static void order_keep(char **w)
{
    struct bw_err e = {.code = BW_OK};
    int fd = open(w[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (!hands_keep(puppet.hands, w[1], fd, &e))
        say("refused 0 %s", e.text);
    file_close(fd);
}

static void tell_kept(const char *name)
{
    char path[64], to[256];
    int fd = hands_kept(puppet.hands, name);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? -1 : readlink(path, to, sizeof to - 1);
    to[n > 0 ? n : 0] = 0;
    say("kept %s %s", name, to);
    file_close(fd);
}

static void obey(char **w)
{
    struct hands *h = puppet.hands;
    if (!strcmp(w[0], "spawn") || !strcmp(w[0], "stand"))
        order_spawn(w);
    else if (!strcmp(w[0], "down"))
        hands_stand_down(h, (uint32_t)number(w[1]));
    else if (!strcmp(w[0], "credit"))
        hands_credit(h, (unsigned)number(w[1]));
    else if (!strcmp(w[0], "signal"))
        hands_signal(h, (uint32_t)number(w[1]), number(w[2]),
                     w[3][0] == 't' ? HANDS_TREE : HANDS_MAIN);
    else if (!strcmp(w[0], "sweep"))
        hands_sweep(h, (uint32_t)number(w[1]), number(w[2]));
    else if (!strcmp(w[0], "release"))
        hands_release(h, (uint32_t)number(w[1]));
    else if (!strcmp(w[0], "ready"))
        hands_ready(h, w[1]);
    else if (!strcmp(w[0], "upgrade"))
        bw_must(hands_upgrade(h, NULL));
    else if (!strcmp(w[0], "note"))
        bw_must(hands_note(h, w[1], bw_cstr(w[2]), NULL));
    else if (!strcmp(w[0], "noted"))
        say("noted %.*s", BW_FMT(hands_noted(h, w[1])));
    else if (!strcmp(w[0], "keep"))
        order_keep(w);
    else if (!strcmp(w[0], "kept"))
        tell_kept(w[1]);
    else if (!strcmp(w[0], "forget"))
        hands_forget(h, w[1]);
    else if (!strcmp(w[0], "sync"))
        say("synced %s", w[1]);
    else if (!strcmp(w[0], "crash"))
        abort();
    else if (!strcmp(w[0], "exit"))
        _exit(number(w[1]));
    else if (!strcmp(w[0], "done")) {
        hands_done(h, number(w[1]));
        go();
    }
}

static void pulled(uv_poll_t *p, int status, int ev)
{
    static char text[65536];
    ssize_t n;
    (void)p;
    (void)status;
    (void)ev;
    while (!puppet.gone && (n = recv(puppet.socket, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
        char *words[WORDS + 1] = {0};
        size_t count = 0;
        text[n] = 0;
        for (char *at = text, *tab; (tab = strchr(at, '\t')) && count < WORDS; at = tab + 1) {
            *tab = 0;
            words[count++] = at;
        }
        obey(words);
    }
}

static void open_strings(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/strings", puppet.state);
    unlink(a.sun_path);
    puppet.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bw_must(bind(puppet.socket, (const struct sockaddr *)&a, sizeof a) == 0);
    uv_poll_init(loop_uv(loops_at(puppet.loops, 0)), &puppet.strings, puppet.socket);
    uv_poll_start(&puppet.strings, UV_READABLE, pulled);
}

static void read_auto(void)
{
    char path[300], text[16] = "";
    snprintf(path, sizeof path, "%s/auto", puppet.state);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        puppet.wanted = number(text);
    file_close(fd);
}

static void tell_found(void)
{
    const struct hands_found *f;
    size_t n = hands_found(puppet.hands, &f);
    for (size_t i = 0; i < n; i++)
        say("found %u %ld %s run %llu %s", f[i].child, (long)f[i].pid, f[i].unit,
            (unsigned long long)f[i].run, f[i].adopted ? "adopted" : "ours");
    struct hands_before b = hands_before(puppet.hands);
    say("begin %zu before %u %d", n, b.brains, b.status);
}

static int live(int socket)
{
    char path[300];
    struct bw_err e = {.code = BW_OK};
    snprintf(path, sizeof path, "%s/said", puppet.state);
    puppet.said = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    puppet.loops = loops_new(&(struct loops_opts){.count = 1}, &e);
    struct loop *l = loops_at(puppet.loops, 0);
    const struct hands_opts o = {.state = puppet.state,
                                 .socket = socket,
                                 .no_groups = getenv("PUPPET_NO_GROUPS") != NULL,
                                 .leave = leave};
    puppet.hands = hands_open(l, &o, &e);
    if (!puppet.hands) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    puppet.term = signal_watch_new(l, SIGTERM, term, NULL);
    read_auto();
    open_strings();
    tell_found();
    if (puppet.wanted)
        begin_auto();
    hands_listen(puppet.hands, &events, NULL);
    loops_run(puppet.loops);
    loops_free(puppet.loops);
    return 0;
}

static int keep(char *self)
{
    struct file_lock lock;
    struct bw_err e = {.code = BW_OK};
    char path[300], by[128];
    int status = 0;
    const char *wrapper = getenv("PUPPET_BRAIN");
    const char *brain[] = {wrapper ? wrapper : self, "brain", puppet.state, NULL};
    const char *resume[] = {self, "resume", NULL};
    snprintf(path, sizeof path, "%s/angel.pid.lock", puppet.state);
    for (int tries = 0; !file_lock(&lock, path, "puppet", by, &e); tries++) {
        if (e.code != BW_CONFLICT || tries == 500)
            return fprintf(stderr, "%s\n", e.text) < 0 ? 2 : 1;
        if (tries == 300)
            keeper_end_lost_brain(puppet.state);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    const struct keeper_opts o = {.state = puppet.state,
                                  .lock = lock.fd,
                                  .brain = brain,
                                  .resume = resume,
                                  .no_groups = getenv("PUPPET_NO_GROUPS") != NULL};
    if (!keeper_run(&o, &status, &e))
        return fprintf(stderr, "%s\n", e.text) < 0 ? 2 : 1;
    file_unlock(&lock);
    return status;
}

int main(int argc, char **argv)
{
    struct bw_err e = {.code = BW_OK};
    int status = 0;
    bw_must(argc == 3);
    puppet.state = argv[2];
    if (!strcmp(argv[1], "keep"))
        return keep(argv[0]);
    if (!strcmp(argv[1], "here"))
        return live(-1);
    if (!strcmp(argv[1], "brain")) {
        fcntl(KEEPER_SOCKET, F_SETFD, FD_CLOEXEC);
        fcntl(KEEPER_LOCK, F_SETFD, FD_CLOEXEC);
        return live(KEEPER_SOCKET);
    }
    if (!strcmp(argv[2], "try"))
        return 0;
    if (!keeper_resume(number(argv[2]), NULL, &status, &e))
        return fprintf(stderr, "%s\n", e.text) < 0 ? 2 : 1;
    return status;
}
