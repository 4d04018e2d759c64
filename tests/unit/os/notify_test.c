#include "help/t.h"

#include <fcntl.h>
#include "os/notify.h"

static void addresses(void **state)
{
    (void)state;
    struct sockaddr_un a;
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = 0;
    check_int(notify_address("/run/n", &a), offsetof(struct sockaddr_un, sun_path) + 7);
    check_str(bw_cstr(a.sun_path), "/run/n");
    check_int(notify_address("@name", &a), offsetof(struct sockaddr_un, sun_path) + 5);
    check(a.sun_path[0] == 0 && memcmp(a.sun_path + 1, "name", 4) == 0);
    const char *const none[] = {NULL, "", "/", "@", "relative", "vsock:2:1", longer};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        check_int(notify_address(none[i], &a), 0);
}

static void set_number(const char *name, long n)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", n);
    setenv(name, text, 1);
}

static void descriptors_are_taken_once(void **state)
{
    (void)state;
    struct notify_fd fds[NOTIFY_FDS];
    set_number("LISTEN_PID", getpid());
    setenv("LISTEN_FDS", "3", 1);
    setenv("LISTEN_FDNAMES", "http::admin", 1);
    check_int(notify_take_fds(fds), 3);
    check_int(fds[2].fd, 5);
    check_str(bw_cstr(fds[0].name), "http");
    check_str(bw_cstr(fds[1].name), "");
    check_str(bw_cstr(fds[2].name), "admin");
    check(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES"));
    check_int(notify_take_fds(fds), 0);
    set_number("LISTEN_PID", getpid() + 1);
    setenv("LISTEN_FDS", "1", 1);
    check_int(notify_take_fds(fds), 0);
}

static void watchdog(void **state)
{
    (void)state;
    static const struct {
        const char *usec;
        long pid;
        int64_t ns;
    } rows[] = {{"30000000", 0, 30000000000},
                {"30000000", 1, 0},
                {"none", 0, 0},
                {"-1", 0, 0},
                {"9223372036854775807", 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("WATCHDOG_USEC", rows[i].usec, 1);
        set_number("WATCHDOG_PID", rows[i].pid ? rows[i].pid : getpid());
        check_int(notify_watchdog(), rows[i].ns);
    }
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "1000", 1);
    check_int(notify_watchdog(), 1000000);
    unsetenv("WATCHDOG_USEC");
    check_int(notify_watchdog(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses),
                                       cmocka_unit_test(descriptors_are_taken_once),
                                       cmocka_unit_test(watchdog)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
