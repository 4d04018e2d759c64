/* Addresses and their text, blocking reads and writes with deadlines, the runtime folder. */
#include "help/t.h"
#include <sys/stat.h>
#include "core/clock.h"
#include "os/runtime_dir.h"
#include "os/socket.h"

static void addresses_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *host, *with_port, *without;
    } cases[] = {{"127.0.0.1", "127.0.0.1:80", "127.0.0.1"},
                 {"::1", "[::1]:80", "[::1]"},
                 {"::", "[::]:80", "[::]"},
                 {"2001:DB8::7", "[2001:db8::7]:80", "[2001:db8::7]"},
                 {"::ffff:10.1.2.3", "10.1.2.3:80", "10.1.2.3"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct socket_address a;
        char text[64];
        check(socket_numeric(cases[i].host, 80, &a));
        socket_text(&a, true, text, sizeof text);
        assert_string_equal(text, cases[i].with_port);
        socket_text(&a, false, text, sizeof text);
        assert_string_equal(text, cases[i].without);
    }
    struct socket_address a;
    static const char *const none[] = {"", "localhost", "127.0.0", "1.2.3.4.5", "[::1]", "::1%lo"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        check(!socket_numeric(none[i], 80, &a));
    struct bw_err e = {0};
    char text[64];
    check_ok(socket_path("/run/x.sock", &a, &e), &e);
    socket_text(&a, true, text, sizeof text);
    assert_string_equal(text, "unix:/run/x.sock");
    socket_text(&a, false, text, sizeof text);
    assert_string_equal(text, "unix");
    check(!socket_path("", &a, &e));
    check_int(e.code, BW_BAD);
}

static void reads_and_writes(void **state)
{
    (void)state;
    static char block[4 << 20];
    int ends[2];
    char in[16];
    bool answered = false;
    struct bw_err e = {0};
    check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    check(socket_is_idle(ends[0]));
    check_ok(socket_write(ends[0], BW_LIT("hello"), 0, &answered, &e), &e);
    check(!socket_is_idle(ends[1])); /* bytes out of turn */
    check_int(socket_read(ends[1], in, sizeof in, 0, &e), 5);
    check(socket_read(ends[1], in, sizeof in, clock_mono() + CLOCK_MS, &e) < 0);
    check_int(e.code, BW_LATE);
    /* Nobody reads: late. Then the peer has spoken: told, not late. */
    check(!socket_write(ends[0], bw_str_of(block, sizeof block), clock_mono() + CLOCK_MS, &answered,
                        &e));
    check_int(e.code, BW_LATE);
    check(!answered);
    check_ok(socket_write(ends[1], BW_LIT("stop"), 0, &answered, &e), &e);
    check_ok(socket_write(ends[0], bw_str_of(block, sizeof block), 0, &answered, &e), &e);
    check(answered);
    close(ends[1]);
    check_int(socket_read(ends[0], in, sizeof in, 0, &e), 4);
    answered = false;
    check(!socket_write(ends[0], BW_LIT("x"), 0, &answered, &e));
    check_int(e.code, BW_DOWN);
    check(!socket_is_idle(ends[0]));
    close(ends[0]);
}

static void shares_time(void **state)
{
    (void)state;
    int64_t now = clock_mono(), until = now + 9 * CLOCK_SECOND;
    check_int(socket_share(0, 3), 0);
    check_int(socket_share(until, 1), until);
    check(socket_share(until, 3) >= now + 3 * CLOCK_SECOND);
    check(socket_share(until, 3) < until);
}

static void runtime_folders(void **state)
{
    (void)state;
    char folder[] = "/tmp/burrow-runtime-XXXXXX", got[128];
    struct bw_err e = {0};
    struct stat st;
    bw_must(mkdtemp(folder));
    setenv("XDG_RUNTIME_DIR", folder, 1);
    check_ok(runtime_dir(got, sizeof got, &e), &e);
    assert_string_equal(got, folder);
    rmdir(folder);
    check_ok(runtime_dir(got, sizeof got, &e), &e); /* it is gone: another */
    check(strcmp(got, folder) != 0);
    unsetenv("XDG_RUNTIME_DIR");
    check_ok(runtime_dir(got, sizeof got, &e), &e);
    check_int(stat(got, &st), 0);
    check(S_ISDIR(st.st_mode));
    check_int(access(got, W_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_as_text),
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(shares_time),
        cmocka_unit_test(runtime_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
