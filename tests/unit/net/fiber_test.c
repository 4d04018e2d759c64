/* Fibers: start, cap, pool, forbidden waits; and two programs that must die in a certain way: a
 * stack overflow, and (with AddressSanitizer) a use after scope on a fiber. They run as this same
 * program with an argument. */
#include "help/loops.h"
#include "help/t.h"
#include <signal.h>
#include <sys/wait.h>
#include "core/clock.h"
#include "core/limits.h"
#include "net/fiber.h"
#include "net/loop_int.h"
#include "net/wait.h"

static unsigned in_flight, done;

static void stays(void *arg)
{
    in_flight++;
    wait_for(arg, WAIT_SURE);
    in_flight--;
    done++;
}

#define CAP 8

static struct wait held[CAP];

static void holds(void *arg)
{
    struct wait *w = arg;
    wait_init(w);
    stays(w);
}

static void capping(struct loops *ls)
{
    struct loop *l = loops_at(ls, 0);
    struct bw_err e = {0};
    in_flight = done = 0;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < CAP - 1; i++)
            check_ok(fiber_start(holds, &held[i], &e), &e);
        check_int(fiber_count(l), CAP);
        check(!fiber_start(holds, NULL, &e));
        check_int(e.code, BW_BUSY);
        check_says(&e, "all 8 fibers");
        while (in_flight < CAP - 1)
            fiber_yield();
        for (unsigned i = 0; i < CAP - 1; i++)
            wait_wake(&held[i]);
        while (in_flight)
            fiber_yield();
        check_int(fiber_count(l), 1);
        check_int(done, (round + 1) * (CAP - 1));
    }
    check(fiber_stack_used(l) >= 4096);
    check(fiber_stack_used(l) < LIMIT_FIBER_STACK / 2);
}

static void has_a_cap(void **state)
{
    (void)state;
    t_on_loops_opts(&(struct loops_opts){.count = 1, .max_fibers = CAP}, capping);
}

#define CROWD 100

static struct wait crowd[CROWD];

/* What a crowd needed is given back in time, by halves at most: the clock is moved by hand. */
static void calming(struct loops *ls)
{
    struct loop *l = loops_at(ls, 0);
    struct bw_err e = {0};
    in_flight = 0;
    for (unsigned i = 0; i < CROWD; i++)
        check_ok(fiber_start(holds, &crowd[i], &e), &e);
    while (in_flight < CROWD)
        fiber_yield();
    int64_t now = clock_mono();
    clock_set(bw_now(), now);
    for (unsigned i = 0; i < CROWD; i++)
        wait_wake(&crowd[i]);
    while (in_flight)
        fiber_yield();
    check_int(l->fibers.total, CROWD + 1);
    for (unsigned spans = 0; spans < 4; spans++) {
        now += 11 * CLOCK_SECOND;
        clock_set(bw_now(), now);
        fiber_yield();
        fiber_yield();
        check(l->fibers.total >= 33);
        check(l->fibers.total < CROWD + 1);
    }
    check_int(l->fibers.total, 33); /* 32 in the pool, and this one */
    check_ok(fiber_start(holds, &crowd[0], &e), &e);
    while (!in_flight)
        fiber_yield();
    check_int(l->fibers.total, 33);
    wait_wake(&crowd[0]);
    clock_unset();
}

static void gives_stacks_back(void **state)
{
    (void)state;
    t_on_loops(1, calming);
}

static void *first_stack;

static void where(void *arg)
{
    *(void **)arg = __builtin_frame_address(0);
}

static void reusing(struct loops *ls)
{
    (void)ls;
    void *second = NULL;
    check(fiber_start(where, &first_stack, NULL));
    check(first_stack == NULL); /* from a fiber: not at once */
    fiber_yield();
    check(first_stack != NULL);
    check(fiber_start(where, &second, NULL));
    fiber_yield();
    check(second == first_stack); /* the warm stack again */
}

static void reuses_stacks(void **state)
{
    (void)state;
    t_on_loops(1, reusing);
}

static void forbidding(struct loops *ls)
{
    (void)ls;
    fiber_forbid_wait();
    fiber_forbid_wait();
    fiber_allow_wait();
    fiber_yield(); /* nothing while forbidden */
    fiber_allow_wait();
    fiber_yield();
}

static void forbids(void **state)
{
    (void)state;
    t_on_loops(1, forbidding);
    fiber_forbid_wait(); /* nothing outside */
    fiber_allow_wait();
    fiber_yield();
    check(fiber_current() == NULL);
}

static const char *program;

/* The program's standard error; *status as waitpid gives it. */
static void run_self(const char *mode, char *out, size_t n, int *status)
{
    int ends[2];
    check_int(pipe(ends), 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("ASAN_OPTIONS", "detect_stack_use_after_return=1", 1); /* off unless asked for */
        execl(program, program, mode, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t have = 0;
    for (ssize_t r; (r = read(ends[0], out + have, n - 1 - have)) > 0;)
        have += (size_t)r;
    out[have] = 0;
    char rest[4096];
    while (read(ends[0], rest, sizeof rest) > 0)
        ;
    close(ends[0]);
    check(waitpid(pid, status, 0) == pid);
}

static char report[64 * 1024];

static void overflow_says_so(void **state)
{
    (void)state;
    int status;
    run_self("overflow", report, sizeof report, &status);
    check(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    if (!strstr(report, "fiber stack overflow: a handler used more than 256 KiB of stack\n"))
        fail_msg("it said: %.2000s", report);
}

static void other_faults_stay(void **state)
{
    (void)state;
    int status;
    run_self("fault", report, sizeof report, &status);
    check(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    check(strstr(report, "fiber stack overflow") == NULL);
}

static void forbidden_wait_aborts(void **state)
{
    (void)state;
    int status;
    run_self("forbidden", report, sizeof report, &status);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    check(strstr(report, "forbidden") != NULL);
}

#if defined(__SANITIZE_ADDRESS__)
static void sanitizer_sees_fibers(void **state)
{
    (void)state;
    int status;
    run_self("scope", report, sizeof report, &status);
    check(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    if (!strstr(report, "stack-use-after-scope") && !strstr(report, "stack-buffer-overflow"))
        fail_msg("it said: %.2000s", report);
    run_self("return", report, sizeof report, &status);
    check(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    if (!strstr(report, "stack-use-after-return"))
        fail_msg("it said: %.2000s", report);
}
#endif

__attribute__((noinline)) static int deeper(volatile char *above)
{
    volatile char here[2000];
    here[0] = above[0];
    here[1999] = 1;
    return here[0] ? deeper(here) + here[1999] : 0;
}

static void overflows(struct loops *ls)
{
    (void)ls;
    volatile char one = 1;
    deeper(&one);
}

static void faults(struct loops *ls)
{
    (void)ls;
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
}

static void waits_forbidden(struct loops *ls)
{
    (void)ls;
    fiber_forbid_wait();
    wait_until(1);
}

static int *volatile leaked;

/* Keeps the compiler from seeing what happens. */
__attribute__((noinline)) static int *hidden(int *p)
{
    __asm__ volatile("" : "+r"(p));
    return p;
}

__attribute__((noinline)) static void leak_scope(void)
{
    {
        int gone[4] = {1, 2, 3, 4};
        leaked = hidden(gone);
    }
    leaked[2]++;
}

__attribute__((noinline)) static void leak_frame(void)
{
    int gone[4] = {1, 2, 3, 4};
    leaked = hidden(gone);
}

static void uses_scope(struct loops *ls)
{
    (void)ls;
    fiber_yield(); /* the report comes from a resumed fiber */
    leak_scope();
}

static void uses_frame(struct loops *ls)
{
    (void)ls;
    fiber_yield();
    leak_frame();
    fiber_yield();
    leaked[1]++;
}

static int misbehave(const char *mode)
{
    static const struct {
        const char *name;
        void (*fn)(struct loops *ls);
    } modes[] = {{"overflow", overflows},
                 {"fault", faults},
                 {"forbidden", waits_forbidden},
                 {"scope", uses_scope},
                 {"return", uses_frame}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, mode) == 0)
            t_on_loops(1, modes[i].fn);
    return 0;
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1)
        return misbehave(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_cap),
        cmocka_unit_test(gives_stacks_back),
        cmocka_unit_test(reuses_stacks),
        cmocka_unit_test(forbids),
        cmocka_unit_test(overflow_says_so),
        cmocka_unit_test(other_faults_stay),
        cmocka_unit_test(forbidden_wait_aborts),
#if defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(sanitizer_sees_fibers),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
