/* Stacks: their size, what was touched, the guard below. (The overflow's sentence: fiber_test.) */
#include "help/t.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "os/stack.h"

#define SIZE (256 * 1024)

static void maps_and_measures(void **state)
{
    (void)state;
    struct stack s;
    struct bw_err e = {0};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    check_ok(stack_map(&s, SIZE, &e), &e);
    check_int(s.size, SIZE);
    check_int(stack_touched(&s), 0);
    char *top = (char *)s.base + s.size;
    top[-1] = 1;
    check_int(stack_touched(&s), page);
    top[-(ptrdiff_t)(3 * page)] = 1; /* the page between stays out; the depth counts */
    check_int(stack_touched(&s), 3 * page);
    *(char *)s.base = 1;
    check_int(stack_touched(&s), SIZE);
    stack_unmap(&s);
    stack_unmap(&s); /* nothing */
}

/* The signal that ends a child which writes there; 0 when it lives. */
static int writes_at(char *at)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile char *)at = 1;
        _exit(0);
    }
    int status;
    check(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void is_guarded(void **state)
{
    (void)state;
    struct stack s;
    check(stack_map(&s, SIZE, NULL));
    check_int(writes_at(s.base), 0);
    check_int(writes_at((char *)s.base - 1), SIGSEGV);
    check_int(writes_at((char *)s.base - STACK_GUARD), SIGSEGV);
    stack_unmap(&s);
}

static void fails_when_memory_is_out(void **state)
{
    (void)state;
    struct stack s;
    struct bw_err e = {0};
    check(!stack_map(&s, (size_t)1 << 47, &e));
    check_int(e.code, BW_BUSY);
    check_says(&e, "no memory for another stack");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_and_measures),
        cmocka_unit_test(is_guarded),
        cmocka_unit_test(fails_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
