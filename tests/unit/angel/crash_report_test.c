/* What is left of a process that ended badly. */
#include "help/t.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "angel/notice.h"
#include "core/clock.h"
#include "os/file.h"

static void ends_in_words(void **state)
{
    (void)state;
    char out[128];
    crash_words(&(struct hands_exit){.known = true, .status = 3 << 8}, out);
    assert_string_equal(out, "exit code 3");
    crash_words(&(struct hands_exit){.known = true, .status = SIGKILL, .oom = true}, out);
    assert_string_equal(out,
                        "signal 9 (SIGKILL), out of memory: the machine's or of a group above");
    const struct hands_exit own = {.known = true, .status = SIGKILL, .oom = true, .own_oom = true};
    crash_words(&own, out);
    assert_string_equal(out, "signal 9 (SIGKILL), out of memory: its MemoryMax");
    crash_words(&(struct hands_exit){.known = true, .status = SIGSEGV | 0x80}, out);
    assert_string_equal(out, "signal 11 (SIGSEGV), core dumped");
    crash_words(&(struct hands_exit){.known = true, .status = 40}, out);
    assert_string_equal(out, "signal 40");
    crash_words(&(struct hands_exit){.known = false}, out);
    assert_string_equal(out, "an unknown status (it was adopted)");
}

static void a_report_tells_all_and_few_are_kept(void **state)
{
    (void)state;
    char folder[64] = "/tmp/crash-XXXXXX", inner[96], path[512], first[512], other[512];
    struct bw_err e;
    struct bw_arena a;
    bw_str text;
    check(mkdtemp(folder) != NULL);
    snprintf(inner, sizeof inner, "%s/crash", folder);
    struct crash_report r = {.folder = inner,
                             .unit = "api",
                             .command = "/opt/api --port 80",
                             .exit = {.pid = 77, .run = 5, .known = true, .status = SIGKILL},
                             .started = 1795475050123,
                             .output = BW_LIT("last words\nand more"),
                             .keep = 2};
    r.exit.used.ru_maxrss = 2048;
    clock_set(INT64_C(1795475058123456), 1);
    check_ok(crash_report_write(&r, first, &e), &e);
    check(strstr(first, "/crash/api-20261123-230418-123.txt"));
    bw_arena_init(&a);
    check_ok(file_read(first, 1 << 20, &a, &text, &e), &e);
    for (const char *const *w =
             (const char *const[]){"unit:     api\n", "command:  /opt/api --port 80\n",
                                   "end:      signal 9 (SIGKILL)\n", "lived:    8.000 s\n",
                                   "2048 KiB at most\n", "output ----\nlast words\nand more\n",
                                   NULL};
         *w; w++)
        check(strstr(text.p, *w) != NULL);
    bw_arena_release(&a);
    r.unit = "api-x"; /* another unit's stay */
    check_ok(crash_report_write(&r, other, &e), &e);
    r.unit = "api";
    for (int i = 1; i < 4; i++) {
        clock_set(INT64_C(1795475058123456) + i * BW_TIME_SECOND, 1);
        check_ok(crash_report_write(&r, path, &e), &e);
        check(access(path, F_OK) == 0);
        if (i == 2)
            check(access(first, F_OK) != 0);
    }
    check(access(other, F_OK) == 0);
    clock_unset();
    snprintf(path, sizeof path, "/proc/nowhere");
    r.folder = path;
    char none[512];
    check(!crash_report_write(&r, none, &e));
    check_says(&e, "writing the crash report of 'api'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_in_words),
        cmocka_unit_test(a_report_tells_all_and_few_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
