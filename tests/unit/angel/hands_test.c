/* hands in this process: real children, real signals; each with groups (where this machine lets us)
 * and by /proc. */
#include "help/loops.h"
#include "help/t.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "angel/hands.h"
#include "core/clock.h"
#include "net/wait.h"

#define PATIENCE (30 * CLOCK_SECOND)
#define MANY     400

enum what { SPAWNED, FAILED, EXITED, SWEPT };

struct event {
    enum what what;
    uint32_t child;
    int sys;
    char text[256];
    pid_t pid;
    struct hands_exit exit;
    unsigned survivors;
};

static struct {
    struct hands *h;
    struct event all[4 * MANY];
    unsigned n;
    bool no_groups;
    const char *state;
} t;

static struct event *add(enum what what, uint32_t child)
{
    bw_must(t.n < sizeof t.all / sizeof t.all[0]);
    t.all[t.n] = (struct event){.what = what, .child = child};
    return &t.all[t.n++];
}

static void spawned(void *arg, uint32_t child, pid_t pid)
{
    (void)arg;
    add(SPAWNED, child)->pid = pid;
}

static void failed(void *arg, uint32_t child, int sys, const char *what)
{
    (void)arg;
    struct event *ev = add(FAILED, child);
    ev->sys = sys;
    snprintf(ev->text, sizeof ev->text, "%s", what);
}

static void exited(void *arg, uint32_t child, const struct hands_exit *x)
{
    (void)arg;
    add(EXITED, child)->exit = *x;
}

static void swept(void *arg, uint32_t child, unsigned survivors, const char *names)
{
    (void)arg;
    struct event *ev = add(SWEPT, child);
    ev->survivors = survivors;
    snprintf(ev->text, sizeof ev->text, "%s", names);
}

static void asked(void *arg, enum hands_asked what)
{
    (void)arg;
    (void)what;
}

static const struct hands_events listener = {spawned, failed, exited, swept, asked};

static const struct event *find(enum what what, uint32_t child)
{
    for (unsigned i = 0; i < t.n; i++)
        if (t.all[i].what == what && t.all[i].child == child)
            return &t.all[i];
    return NULL;
}

static const struct event *await(enum what what, uint32_t child)
{
    int64_t deadline = clock_mono() + PATIENCE;
    const struct event *ev;
    while (!(ev = find(what, child)) && clock_mono() < deadline)
        wait_until(clock_mono() + CLOCK_MS);
    check(ev != NULL);
    return ev;
}

static void begin(void)
{
    struct bw_err e = {0};
    struct hands_opts o = {.state = t.state, .socket = -1, .no_groups = t.no_groups};
    t.n = 0;
    t.h = hands_open(loop_current(), &o, &e);
    check_ok(t.h != NULL, &e);
    hands_listen(t.h, &listener, NULL);
}

static const char *const environment[] = {"PATH=/usr/bin:/bin", "WORD=hello", "BURROW_UNIT=outer",
                                          "LISTEN_FDS=7", NULL};

static void start(uint32_t child, const char *const *argv, struct hands_spec s)
{
    struct bw_err e = {0};
    s.unit = s.unit ? s.unit : "unit";
    s.child = child;
    s.run = 1;
    s.argv = argv;
    s.env = s.env ? s.env : environment;
    if (!s.in && !s.out && !s.err)
        s.in = s.out = s.err = -1;
    check_ok(hands_spawn(t.h, &s, &e), &e);
}

static void shell(uint32_t child, const char *script, struct hands_spec s)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    start(child, argv, s);
}

/* Both ways of knowing a tree. */
static void both(void (*fn)(struct loops *ls))
{
    t.no_groups = false;
    t_on_loops(1, fn);
    t.no_groups = true;
    t_on_loops(1, fn);
}

/* ---- one life ---- */

static void live(struct loops *ls)
{
    (void)ls;
    begin();
    shell(7, "exit 3", (struct hands_spec){0});
    check(await(SPAWNED, 7)->pid > 0);
    const struct event *x = await(EXITED, 7);
    check_int(t.n, 2); /* nothing had come before we listened, and each once */
    check(x->exit.known && WIFEXITED(x->exit.status));
    check_int(WEXITSTATUS(x->exit.status), 3);
    check_int(x->exit.run, 1);
    check_int(x->exit.pid, t.all[0].pid);
    hands_sweep(t.h, 7, 0);
    check_int(await(SWEPT, 7)->survivors, 0);
    check_int(kill(t.all[0].pid, 0), -1); /* no zombie either */
    hands_release(t.h, 7);
    t.n = 0;
    shell(7, "kill -TERM $$", (struct hands_spec){0});
    x = await(EXITED, 7);
    check(WIFSIGNALED(x->exit.status) && WTERMSIG(x->exit.status) == SIGTERM);
    hands_close(t.h);
}

static void starts_and_ends(void **state)
{
    (void)state;
    both(live);
}

/* ---- why it could not be started ---- */

static void expect(uint32_t child, const char *const *argv, const char *cwd, int sys)
{
    start(child, argv, (struct hands_spec){.cwd = cwd});
    const struct event *ev = await(FAILED, child);
    check_int(ev->sys, sys);
    check(!find(SPAWNED, child) && !find(EXITED, child));
    check_str(bw_cstr(ev->text), cwd ? "chdir" : "exec");
}

static void refuse(struct loops *ls)
{
    (void)ls;
    char busy[] = "/tmp/burrow-hands-XXXXXX";
    begin();
    expect(1, (const char *const[]){"/no/such/program", NULL}, NULL, ENOENT);
    expect(2, (const char *const[]){"no-such-program", NULL}, NULL, ENOENT);
    expect(3, (const char *const[]){"/etc/passwd", NULL}, NULL, EACCES);
    expect(4, (const char *const[]){"true", NULL}, "/no/such/folder", ENOENT);
    int fd = mkstemp(busy); /* open for writing: ETXTBSY */
    check(fd >= 0 && fchmod(fd, 0700) == 0);
    expect(5, (const char *const[]){busy, NULL}, NULL, ETXTBSY);
    close(fd);
    unlink(busy);
    hands_close(t.h);
}

static void tells_why_not(void **state)
{
    (void)state;
    both(refuse);
}

static void too_much(struct loops *ls)
{
    (void)ls;
    static char big[200000];
    struct bw_err e = {0};
    const char *argv[] = {"/bin/true", big, NULL};
    struct hands_spec s = {.unit = "u", .child = 1, .argv = argv, .env = environment, .in = -1};
    begin();
    memset(big, 'x', sizeof big - 1);
    check(!hands_spawn(t.h, &s, &e));
    check_int(e.code, BW_TOOBIG);
    check_says(&e, "131072 bytes");
    argv[0] = NULL;
    check(!hands_spawn(t.h, &s, &e));
    check_says(&e, "nothing to run");
    hands_close(t.h);
}

static void has_bounds(void **state)
{
    (void)state;
    t_on_loops(1, too_much);
}

/* ---- what a child is given ---- */

static void read_pipe(int fd, char *text, size_t size)
{
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = 0;
    close(fd);
}

static void give(struct loops *ls)
{
    (void)ls;
    int out[2], listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int leaky = open("/dev/null", O_RDONLY); /* not close-on-exec: the child must not have it */
    char text[4096], want[64];
    check(pipe2(out, O_CLOEXEC) == 0 && listening >= 0 && leaky >= 0);
    signal(SIGUSR1, SIG_IGN);
    begin();
    shell(1,
          "echo $WORD $BURROW_UNIT $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && echo pid;"
          "umask; pwd; nice; ulimit -c; ulimit -n; ls -m /proc/$$/fd;"
          "grep -E 'SigIgn|SigBlk' /proc/self/status; [ \"$(ps -o sid= $$)\" -eq $$ ] && echo sid",
          (struct hands_spec){.unit = "api#2",
                              .in = -1,
                              .out = out[1],
                              .err = out[1],
                              .cwd = "/usr",
                              .umask = 027,
                              .nice = 5,
                              .limits = {{RLIMIT_CORE, {512, 512}}, {RLIMIT_NOFILE, {77, 77}}},
                              .n_limits = 2,
                              .listen = {listening},
                              .listen_names = {"http"},
                              .n_listen = 1});
    await(EXITED, 1);
    close(out[1]);
    read_pipe(out[0], text, sizeof text);
    bool ok = strstr(text, "hello api#2 1 http\npid\n0027\n/usr\n5\n1\n77\n0, 1, 2, 3\n");
    if (!ok)
        fprintf(stderr, "%s\n", text);
    check(ok);
    snprintf(want, sizeof want, "SigBlk:\t%016d\nSigIgn:\t%016d\nsid\n", 0, 0);
    check(strstr(text, want) != NULL);
    signal(SIGUSR1, SIG_DFL);
    close(listening);
    close(leaky);
    hands_close(t.h);
}

static void gives_what_was_ordered(void **state)
{
    (void)state;
    t.no_groups = false;
    t_on_loops(1, give);
}

/* ---- trees ---- */

#define ESCAPES                                                                            \
    "trap '' TERM; sleep 1000 & setsid sh -c 'trap \"\" TERM; sleep 1001 & sleep 1001' & " \
    "(setsid sh -c 'sleep 1002 & exit' &); "

static unsigned count_sleeps(void)
{
    unsigned n = 0;
    char path[300], text[64];
    DIR *d = opendir("/proc");
    const struct dirent *at;
    while ((at = readdir(d))) {
        snprintf(path, sizeof path, "/proc/%s/environ", at->d_name);
        int fd = at->d_name[0] >= '1' && at->d_name[0] <= '9' ? open(path, O_RDONLY) : -1;
        char env[4096] = "";
        ssize_t got = fd >= 0 ? read(fd, env, sizeof env - 1) : 0;
        if (fd >= 0)
            close(fd);
        snprintf(text, sizeof text, "TEST=%ld", (long)getpid());
        n += got > 0 && memmem(env, (size_t)got, text, strlen(text)) != NULL;
    }
    closedir(d);
    return n;
}

/* So many at some moment: shells come and go before their sleeps are all there. */
static void await_sleeps(unsigned n)
{
    int64_t deadline = clock_mono() + PATIENCE;
    unsigned now;
    while ((now = count_sleeps()) != n && clock_mono() < deadline)
        wait_until(clock_mono() + 5 * CLOCK_MS);
    check_int(now, n);
}

static void start_tree(const char *script)
{
    static char mark[64];
    const char *env[] = {"PATH=/usr/bin:/bin", mark, NULL};
    snprintf(mark, sizeof mark, "TEST=%ld", (long)getpid());
    shell(1, script, (struct hands_spec){.env = env});
    await(SPAWNED, 1);
}

static void sweep(struct loops *ls)
{
    (void)ls;
    begin();
    start_tree(ESCAPES "sleep 1003"); /* the main process lives */
    await_sleeps(7);
    hands_sweep(t.h, 1, 0);
    const struct event *ev = await(SWEPT, 1);
    check_int(ev->survivors, 0);
    check_int(count_sleeps(), 0);
    check(find(EXITED, 1) != NULL);
    hands_release(t.h, 1);
    t.n = 0;
    start_tree(ESCAPES "exit 0"); /* it has gone before */
    check(!await(EXITED, 1)->exit.empty);
    await_sleeps(5);
    hands_sweep(t.h, 1, 0);
    check_int(await(SWEPT, 1)->survivors, 0);
    check_int(count_sleeps(), 0);
    t.n = 0; /* and again, where everything has just been killed: what is born lives */
    shell(1, "exit 6", (struct hands_spec){0});
    check_int(await(EXITED, 1)->exit.status, 6 << 8);
    hands_close(t.h);
}

static void sweeps_what_escaped(void **state)
{
    (void)state;
    both(sweep);
}

static void close_all(struct loops *ls)
{
    (void)ls;
    begin();
    start_tree(ESCAPES "sleep 1003");
    await_sleeps(7);
    hands_close(t.h);
    check_int(count_sleeps(), 0);
}

static void nothing_outlives_it(void **state)
{
    (void)state;
    both(close_all);
}

static void pass_signals(struct loops *ls)
{
    (void)ls;
    int out[2];
    char byte;
    check(pipe2(out, O_CLOEXEC) == 0);
    begin();
    shell(1, "trap 'exit 9' TERM; echo; while :; do sleep 0.01; done",
          (struct hands_spec){.in = -1, .out = out[1], .err = -1});
    await(SPAWNED, 1);
    check_int(read(out[0], &byte, 1), 1);
    hands_signal(t.h, 1, SIGSTOP, HANDS_TREE);
    hands_signal(t.h, 1, SIGTERM, HANDS_MAIN); /* wakes who is stopped */
    hands_signal(t.h, 99, SIGKILL, HANDS_MAIN);
    const struct event *x = await(EXITED, 1);
    check_int(x->exit.status, 9 << 8);
    hands_signal(t.h, 1, SIGKILL, HANDS_MAIN); /* it has gone: nothing */
    close(out[0]);
    close(out[1]);
    hands_close(t.h);
}

static void signals_main_and_tree(void **state)
{
    (void)state;
    both(pass_signals);
}

/* ---- many at once ---- */

static void many(struct loops *ls)
{
    (void)ls;
    int gate[2];
    check(pipe2(gate, O_CLOEXEC) == 0);
    begin();
    for (uint32_t i = 0; i < MANY; i++)
        start(1000 + i, (const char *const[]){"cat", NULL},
              (struct hands_spec){.in = gate[0], .out = -1, .err = -1});
    for (uint32_t i = 0; i < MANY; i++)
        await(SPAWNED, 1000 + i);
    close(gate[0]);
    close(gate[1]); /* all of them end */
    for (uint32_t i = 0; i < MANY; i++)
        check_int(await(EXITED, 1000 + i)->exit.status, 0);
    check_int(t.n, 2 * MANY);
    for (uint32_t i = 0; i < MANY; i++)
        hands_release(t.h, 1000 + i);
    check_int(waitpid(-1, NULL, WNOHANG), -1); /* no zombies */
    hands_close(t.h);
}

static void many_end_at_once(void **state)
{
    (void)state;
    both(many);
}

/* ---- one angel for a folder ---- */

static char folder[] = "/tmp/burrow-hands-state-XXXXXX";

static void second(struct loops *ls)
{
    (void)ls;
    struct bw_err e = {0};
    begin();
    check(!hands_open(loop_current(), &(struct hands_opts){.state = folder, .socket = -1}, &e));
    check_says(&e, "is locked by angel (pid");
    check_ok(hands_note(t.h, "api", BW_LIT("k=3"), &e), &e);
    check_str(hands_noted(t.h, "api"), "k=3");
    check(hands_noted(t.h, "web").n == 0);
    hands_close(t.h);
}

static void reopened(struct loops *ls)
{
    (void)ls;
    struct bw_err e = {0};
    begin();
    check_str(hands_noted(t.h, "api"), "k=3");
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    check_ok(hands_keep(t.h, "out/api", fd, &e), &e);
    close(fd);
    fd = hands_kept(t.h, "out/api");
    check(fd >= 0 && close(fd) == 0);
    check_int(hands_kept(t.h, "out/web"), -1);
    hands_forget(t.h, "out/api");
    check_int(hands_kept(t.h, "out/api"), -1);
    hands_close(t.h);
}

static void one_of_a_folder(void **state)
{
    char path[300];
    (void)state;
    check(mkdtemp(folder) != NULL);
    t.state = folder;
    t.no_groups = false;
    t_on_loops(1, second);
    t_on_loops(1, reopened);
    t.state = NULL;
    snprintf(path, sizeof path, "%s/children", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/notes", folder);
    unlink(path);
    check_int(rmdir(folder), 0); /* nothing else was left there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(tells_why_not),
        cmocka_unit_test(has_bounds),
        cmocka_unit_test(gives_what_was_ordered),
        cmocka_unit_test(sweeps_what_escaped),
        cmocka_unit_test(nothing_outlives_it),
        cmocka_unit_test(signals_main_and_tree),
        cmocka_unit_test(many_end_at_once),
        cmocka_unit_test(one_of_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
