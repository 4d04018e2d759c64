/* identity, spawn, group and sweep, the same on every system: built twice, with pidfds and cgroups,
 * and for Windows (./dev test windows). The children are this program itself, in a role. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../platform/here.h"
#include "angel/group.h"
#include "angel/spawn.h"
#include "angel/sweep.h"

#define check(cond) assert_true(cond)
#define PATIENCE    20000 /* ms */
#define ID          "0123456789abcdef"

static struct order order;
static struct child_record *record;
static struct groups groups;
static struct sweep_room room;
static char program[1024];
/* Where the children to come live until exec; NULL: in a copy. */
static struct spawn_room *place;

struct life {
    struct spawned born;
    struct spawn_failure f;
    bool ok;
    int out; /* read end of its standard output */
    int status;
    enum identity_end end;
    struct rusage used;
    char group[GROUP_NAME];
};

static void prepare(const char *const *words)
{
    size_t n = 0;
    memset(&order, 0, sizeof order);
    order.in = order.out = order.err = -1;
    order.unit = "api";
    order.cwd = "/";
    order.head.child = 7;
    order.head.umask = 022;
    order.argv = order.words;
    order.words[n++] = program;
    while (*words)
        order.words[n++] = (char *)(uintptr_t)*words++;
    n++;
    order.env = order.words + n;
    order.words[n++] = (char *)(uintptr_t) "COLOUR=blue green";
    order.words[n++] = (char *)(uintptr_t) "BURROW_UNIT=of an outer angel";
}

/* Starts what `prepare` made. */
static void launch(struct life *l, bool grouped)
{
    int ends[2], group = -1;
    uint8_t fresh = 0;
    memset(record, 0, sizeof *record);
    group_name(order.unit, order.head.child, l->group);
    if (grouped && groups.base >= 0)
        check((group = group_open(&groups, l->group, &fresh)) != -1);
    check(here_pipe(ends));
    order.out = ends[1];
    struct spawn s = {.room = place,
                      .order = &order,
                      .record = record,
                      .id = ID,
                      .lock = -1,
                      .cgroup = group,
                      .cgroup_by_hand = group != -1 && !spawn_into_works(group),
                      .open_files = {.rlim_cur = 1024, .rlim_max = 1024}};
    l->out = ends[0];
    l->ok = spawn_start(&s, &l->born, &l->f);
    while (place && place->busy) /* then s is ours again */
        here_nap();
    here_close(ends[1]);
    if (group != -1)
        group_close(group);
}

static void start(struct life *l, const char *role)
{
    prepare((const char *const[]){role, NULL});
    launch(l, false);
    check(l->ok);
}

/* What it prints until it, and who has its output from it, is gone. */
static size_t read_all(const struct life *l, char *out, size_t n)
{
    size_t had = 0;
    long got = 0;
    while (had < n - 1 && (got = here_read(l->out, out + had, n - 1 - had)) > 0)
        had += (size_t)got;
    out[had] = 0;
    return had;
}

static bool ended_by(struct life *l, int64_t deadline)
{
    while ((l->end = identity_ended(l->born.pidfd, &l->status, &l->used)) == IDENTITY_LIVES) {
        if (here_now() > deadline)
            return false;
        here_nap();
    }
    return true;
}

static void bury(struct life *l)
{
    check(ended_by(l, here_now() + PATIENCE));
    identity_reap(l->born.pidfd);
    identity_close(l->born.pidfd);
    here_close(l->out);
    if (l->born.errors != -1)
        here_close(l->born.errors);
}

/* A child that says how it is called, waits, and is there. */
static pid_t hear_pid(const struct life *l)
{
    char text[32] = "";
    size_t n = 0;
    while (n < sizeof text - 1 && here_read(l->out, text + n, 1) == 1 && text[n] != '\n')
        n++;
    return (pid_t)strtoll(text, NULL, 10);
}

static void say_pid(void)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%lld\n", (long long)getpid());
    here_write(text, (size_t)n);
}

static int wait_long(void)
{
    say_pid();
    for (int64_t end = here_now() + 3 * PATIENCE; here_now() < end;)
        here_nap();
    return 0;
}

/* ---- identity ---- */

static void knows_itself(void **state)
{
    struct identity me;
    char boot[IDENTITY_BOOT], again[IDENTITY_BOOT];
    (void)state;
    check(identity_look(getpid(), &me));
    check(me.pid == getpid() && me.started != 0 && me.state != 'Z');
    check(strstr(me.name, "angel_process") || strstr(me.name, "process_test"));
    check(!identity_look(0, &me) && !identity_look(-1, &me));
    identity_boot(boot);
    identity_boot(again);
    check(boot[0] && !strcmp(boot, again));
}

static void ends_with_its_code(void **state)
{
    struct life l;
    (void)state;
    start(&l, "seven");
    check(l.born.pidfd != -1 && ended_by(&l, here_now() + PATIENCE));
    check(l.end == IDENTITY_ENDED && WIFEXITED(l.status) && WEXITSTATUS(l.status) == 7);
    /* Asked once more it says the same, until it is reaped. */
    check(identity_ended(l.born.pidfd, &l.status, &l.used) == IDENTITY_ENDED);
    check(WEXITSTATUS(l.status) == 7);
    bury(&l);
}

static void is_killed(void **state)
{
    struct life l;
    struct identity id;
    (void)state;
    start(&l, "wait");
    check(hear_pid(&l) == l.born.pid);
    check(identity_signal(l.born.pidfd, 0));
    check(identity_ended(l.born.pidfd, &l.status, &l.used) == IDENTITY_LIVES);
    check(identity_look(l.born.pid, &id) && id.parent == getpid() && id.state != 'Z');
    check(identity_signal(l.born.pidfd, 9));
    check(ended_by(&l, here_now() + PATIENCE));
    check(l.end == IDENTITY_ENDED && WIFSIGNALED(l.status) && WTERMSIG(l.status) == 9);
    identity_reap(l.born.pidfd);
    check(!identity_signal(l.born.pidfd, 9) && errno == ESRCH);
    check(identity_open(l.born.pid, id.started) == -1);
    identity_close(l.born.pidfd);
    here_close(l.out);
}

/* A number that means another by now has another start. */
static void is_not_another(void **state)
{
    struct life l;
    struct identity id;
    (void)state;
    start(&l, "wait");
    check(hear_pid(&l) == l.born.pid && identity_look(l.born.pid, &id));
    check(identity_open(l.born.pid, id.started + 1) == -1);
    check(identity_open(0, id.started) == -1 && identity_open(-1, 0) == -1);
    int second = identity_open(l.born.pid, id.started), held = identity_hold(l.born.pid);
    check(second != -1 && held != -1);
    check(identity_signal(second, 9));
    check(ended_by(&l, here_now() + PATIENCE));
    check(identity_ended(held, &l.status, &l.used) != IDENTITY_LIVES);
    check(identity_ended(second, &l.status, &l.used) != IDENTITY_LIVES);
    check(identity_open(l.born.pid, id.started) == -1); /* ended, and perhaps a zombie */
    identity_close(second);
    identity_close(held);
    bury(&l);
}

/* One that had ended before it was held. */
static void is_held_late(void **state)
{
    struct life l;
    (void)state;
    start(&l, "seven");
    check(ended_by(&l, here_now() + PATIENCE));
    int late = identity_hold(l.born.pid);
    check(late != -1);
    struct life again = {.born.pidfd = late};
    check(ended_by(&again, here_now() + PATIENCE) && WEXITSTATUS(again.status) == 7);
    identity_close(late);
    bury(&l);
}

/* Not our child: as one that an angel before us started. */
static void is_adopted(void **state)
{
    struct life l, away = {.end = IDENTITY_LIVES};
    struct identity id;
    (void)state;
    start(&l, "leave");
    pid_t pid = hear_pid(&l);
    check(pid > 0 && pid != l.born.pid && identity_look(pid, &id));
    check(ended_by(&l, here_now() + PATIENCE));
    away.born.pidfd = identity_open(pid, id.started);
    check(away.born.pidfd != -1 && identity_signal(away.born.pidfd, 0));
    check(identity_signal(away.born.pidfd, 9));
    check(ended_by(&away, here_now() + PATIENCE));
    check(!identity_signal(away.born.pidfd, 0) || away.end == IDENTITY_FOREIGN);
    identity_close(away.born.pidfd);
    bury(&l);
}

static pid_t sought;
static bool seen;

static bool see(void *arg, pid_t pid)
{
    (void)arg;
    seen = seen || pid == sought;
    return !seen;
}

static void is_seen_and_marked(void **state)
{
    struct life l;
    (void)state;
    start(&l, "wait");
    check(hear_pid(&l) == l.born.pid);
    sought = l.born.pid;
    seen = false;
    identity_each(see, NULL);
    check(seen);
    check(identity_has_marks(l.born.pid, "BURROW_UNIT=api", "BURROW_ANGEL=" ID ".7"));
    check(identity_has_marks(l.born.pid, "COLOUR=blue green", "BURROW_UNIT=api"));
    check(!identity_has_marks(l.born.pid, "BURROW_UNIT=ap", "BURROW_ANGEL=" ID ".7"));
    check(!identity_has_marks(l.born.pid, "BURROW_UNIT=api", "BURROW_ANGEL=" ID ".77"));
    check(!identity_has_marks(getpid(), "BURROW_UNIT=api", "BURROW_ANGEL=" ID ".7"));
    identity_signal(l.born.pidfd, 9);
    bury(&l);
}

/* ---- spawn ---- */

static void is_recorded(void **state)
{
    struct life l;
    struct identity id;
    (void)state;
    start(&l, "wait");
    check(hear_pid(&l) == l.born.pid && identity_look(l.born.pid, &id));
    check(record->pid == (int32_t)l.born.pid && record->started == id.started);
    identity_signal(l.born.pidfd, 9);
    bury(&l);
}

static void gets_its_words(void **state)
{
    static const char *const words[] = {"words",   "",        "two words", "a\"b",
                                        "c:\\d\\", "\\\\\"",  "grün €",    "%PATH%",
                                        "*",       "x&y|z>w", NULL};
    struct life l;
    char got[1024], want[1024] = "";
    size_t n = 0;
    (void)state;
    prepare(words);
    launch(&l, false);
    check(l.ok);
    for (unsigned i = 1; words[i]; i++)
        n += (size_t)snprintf(want + n, sizeof want - n, "[%s]", words[i]);
    snprintf(want + n, sizeof want - n, "{blue green}{api}{" ID ".7}");
    read_all(&l, got, sizeof got);
    check(!strcmp(got, want));
    bury(&l);
}

/* What is open here, with no flag to close it, is not there. */
static void gets_no_more_than_ordered(void **state)
{
    struct life l;
    int ends[2];
    char number[16], got[64];
    (void)state;
    check(here_pipe(ends));
    snprintf(number, sizeof number, "%d", ends[1]);
    prepare((const char *const[]){"open", number, NULL});
    launch(&l, false);
    check(l.ok && read_all(&l, got, sizeof got));
    check(!strcmp(got, "closed"));
    bury(&l);
    here_close(ends[0]);
    here_close(ends[1]);
}

static void refused(struct life *l, unsigned step, int sys)
{
    launch(l, false);
    if (l->ok) { /* the child itself tells */
        check(ended_by(l, here_now() + PATIENCE));
        check(here_read(l->born.errors, &l->f, sizeof l->f) == sizeof l->f);
        bury(l);
    } else {
        here_close(l->out);
    }
    check(l->f.step == step && l->f.sys == sys);
}

static void tells_why_not(void **state)
{
    struct life l;
    (void)state;
    prepare((const char *const[]){"seven", NULL});
    order.words[0] = (char *)(uintptr_t) "/no/such/program";
    refused(&l, SPAWN_EXEC, ENOENT);
    prepare((const char *const[]){"seven", NULL});
    order.words[0] = (char *)(uintptr_t) "no_such_program_in_any_path";
    refused(&l, SPAWN_EXEC, ENOENT);
    prepare((const char *const[]){"seven", NULL});
    order.cwd = "/no/such/folder";
    order.head.has_cwd = 1;
    refused(&l, SPAWN_CHDIR, ENOENT);
    check(!strcmp(spawn_step_name(SPAWN_CHDIR), "chdir"));
}

#ifndef _WIN32

static struct spawn_room the_place;

static int in_place(void **state)
{
    (void)state;
    place = &the_place;
    return 0;
}

static int by_copy(void **state)
{
    (void)state;
    place = NULL;
    return 0;
}

/* A child that lives in our memory and asks in vain in each folder of its PATH. */
static void leaves_errno_alone(void **state)
{
    struct life l;
    (void)state;
    prepare((const char *const[]){"seven", NULL});
    order.words[0] = (char *)(uintptr_t) "no_such_program_in_any_path";
    errno = 4711;
    launch(&l, false);
    check(errno == 4711);
    check(l.ok && ended_by(&l, here_now() + PATIENCE));
    bury(&l);
}
#endif

/* ---- trees ---- */

static void make_sweep(const struct life *l, struct sweep *out, struct spawn_marks *m)
{
    spawn_mark(m, order.unit, ID, order.head.child);
    *out = (struct sweep){.room = &room, .groups = &groups, .unit_mark = m->unit, .id_mark = m->id};
    memcpy(out->group, l->group, sizeof out->group);
}

/* A tree whose root has gone and whose rest has left its session: by its group, or by its marks. */
static void stopped_means_empty(void **state)
{
    struct life l;
    struct sweep sweep;
    struct spawn_marks marks;
    char names[256] = "";
    struct sweep_result r = {.names = names, .size = sizeof names};
    struct identity id;
    (void)state;
    prepare((const char *const[]){"leave", NULL});
    launch(&l, true);
    check(l.ok);
    pid_t away = hear_pid(&l);
    check(away > 0 && identity_look(away, &id) && ended_by(&l, here_now() + PATIENCE));
    int handle = identity_open(away, id.started);
    check(handle != -1);
    make_sweep(&l, &sweep, &marks);
    if (groups.base >= 0) {
        check(!group_is_empty(&groups, l.group) && group_has(&groups, l.group, away));
        check(!group_has(&groups, l.group, getpid()));
    }
    sweep_signal(&sweep, 0, &r);
    check(r.living == 1 && strtoll(names, NULL, 10) == away);
    check(identity_signal(handle, 0)); /* was only counted */
    int64_t deadline = here_now() + PATIENCE;
    do {
        check(here_now() < deadline);
        sweep_kill(&sweep, &r);
        here_nap();
    } while (r.living);
    while (identity_ended(handle, &l.status, &l.used) == IDENTITY_LIVES)
        check(here_now() < deadline);
    check(group_is_empty(&groups, l.group));
    sweep_signal(&sweep, 0, &r);
    check(r.living == 0);
    identity_close(handle);
    group_remove(&groups, l.group);
    bury(&l);
}

static void takes_limits(void **state)
{
    char name[GROUP_NAME];
    uint8_t fresh = 0;
    (void)state;
    group_name("lim/ited", 3, name);
    check(!strchr(name, '/'));
    check(group_is_empty(&groups, name)); /* also when there is none */
    if (groups.base < 0 || !groups.limits)
        return;
    int group = group_open(&groups, name, &fresh);
    check(group != -1 && fresh);
    check(
        group_limit(&groups, group, &(struct group_limits){.memory_max = 64 << 20, .pids_max = 8}));
    check(group_limit(&groups, group, &(struct group_limits){.memory_max = 0}));
    check(group_ooms(&groups, name).killed == 0);
    group_close(group);
    fresh = 0;
    group = group_open(&groups, name, &fresh);
    check(group != -1 && !fresh);
    group_close(group);
    group_remove(&groups, name);
}

/* Windows only: elsewhere the next keeper ends what an earlier one left of helpers. */
#ifdef _WIN32

static void launch_as(struct life *l, uint32_t child, bool helper)
{
    prepare((const char *const[]){"wait", NULL});
    order.head.child = child;
    order.head.helper = helper;
    launch(l, true);
    check(l->ok);
}

/* An angel of its own: a helper and a service, and is killed. */
static int be_angel(void)
{
    struct life helper, service;
    char text[64];
    record = here_shared(sizeof *record);
    groups_open(&groups, ID);
    launch_as(&helper, 21, true);
    launch_as(&service, 22, false);
    int n = snprintf(text, sizeof text, "%lld\n%lld\n", (long long)helper.born.pid,
                     (long long)service.born.pid);
    here_write(text, (size_t)n);
    return wait_long();
}

static int open_heard(const struct life *l)
{
    struct identity id;
    pid_t pid = hear_pid(l);
    check(pid > 0 && identity_look(pid, &id));
    int handle = identity_open(pid, id.started);
    check(handle != -1);
    return handle;
}

static void a_helper_dies_with_us_and_a_service_does_not(void **state)
{
    struct life angel, helper = {.ok = true}, service = {.ok = true};
    (void)state;
    start(&angel, "angel");
    helper.born.pidfd = open_heard(&angel);
    service.born.pidfd = open_heard(&angel);
    check(identity_signal(angel.born.pidfd, 9));
    check(ended_by(&helper, here_now() + PATIENCE));
    check(identity_signal(service.born.pidfd, 0));
    /* The next one finds its group by its name. */
    group_name(order.unit, 22, service.group);
    check(!group_is_empty(&groups, service.group));
    check(group_has(&groups, service.group, (pid_t)0) == false);
    group_kill(&groups, service.group);
    check(ended_by(&service, here_now() + PATIENCE));
    check(WIFSIGNALED(service.status) && group_is_empty(&groups, service.group));
    group_remove(&groups, service.group);
    identity_close(helper.born.pidfd);
    identity_close(service.born.pidfd);
    bury(&angel);
}

#endif

/* ---- the children ---- */

static int say_words(char **words)
{
    char text[1024];
    size_t n = 0;
    for (; *words; words++)
        n += (size_t)snprintf(text + n, sizeof text - n, "[%s]", *words);
    static const char *const names[] = {"COLOUR", "BURROW_UNIT", "BURROW_ANGEL"};
    for (unsigned i = 0; i < 3; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "{%s}", here_variable(names[i]));
    here_write(text, n);
    return 0;
}

static int play(char **words)
{
    if (!strcmp(words[1], "seven"))
        return 7;
    if (!strcmp(words[1], "wait"))
        return wait_long();
#ifdef _WIN32
    if (!strcmp(words[1], "angel"))
        return be_angel();
#endif
    if (!strcmp(words[1], "words"))
        return say_words(words + 2);
    if (!strcmp(words[1], "leave")) {
        here_start(program, "wait");
        return 0;
    }
    if (!strcmp(words[1], "open")) {
        bool is = here_is_open((int)strtol(words[2], NULL, 10));
        here_write(is ? "open" : "closed", is ? 4 : 6);
        return 0;
    }
    return 9;
}

int main(int argc, char **argv)
{
    here_program(program, sizeof program);
    if (argc > 1)
        return play(here_words(argv));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_itself),
        cmocka_unit_test(ends_with_its_code),
        cmocka_unit_test(is_killed),
        cmocka_unit_test(is_not_another),
        cmocka_unit_test(is_held_late),
        cmocka_unit_test(is_adopted),
        cmocka_unit_test(is_seen_and_marked),
        cmocka_unit_test(is_recorded),
        cmocka_unit_test(gets_its_words),
        cmocka_unit_test(gets_no_more_than_ordered),
        cmocka_unit_test(tells_why_not),
#ifndef _WIN32
        {"is recorded, born in place", is_recorded, in_place, by_copy, NULL},
        {"gets its words, born in place", gets_its_words, in_place, by_copy, NULL},
        {"gets no more, born in place", gets_no_more_than_ordered, in_place, by_copy, NULL},
        {"tells why not, born in place", tells_why_not, in_place, by_copy, NULL},
        {"stopped means empty, born in place", stopped_means_empty, in_place, by_copy, NULL},
        cmocka_unit_test_setup_teardown(leaves_errno_alone, in_place, by_copy),
#endif
        cmocka_unit_test(stopped_means_empty),
        cmocka_unit_test(takes_limits),
#ifdef _WIN32
        cmocka_unit_test(a_helper_dies_with_us_and_a_service_does_not),
#endif
    };
    record = here_shared(sizeof *record);
    groups_open(&groups, ID);
    int wrong = cmocka_run_group_tests(tests, NULL, NULL);
    groups_close(&groups);
    return wrong;
}
