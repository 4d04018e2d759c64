/* Sinks that are no files: what a journal and a syslog server get, and the message of RFC 5424. */
#include "help/t.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define AT INT64_C(1795475058123456) /* 2026-11-23T23:04:18.123456Z */

static char path[64], got[8192];

static int unix_socket(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    snprintf(path, sizeof path, "/tmp/log-sink-%ld", (long)getpid());
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    unlink(path);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

static int inet_socket(int type, char *to, size_t n)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, type, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&a, size) == 0);
    check(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    snprintf(to, n, "%s:127.0.0.1:%d", type == SOCK_STREAM ? "tcp" : "udp", ntohs(a.sin_port));
    if (type == SOCK_STREAM)
        check(listen(fd, 4) == 0);
    return fd;
}

static void receive(int fd)
{
    ssize_t n = recv(fd, got, sizeof got - 1, 0);
    check(n > 0);
    got[n] = 0;
}

static void begin(const struct log_opts *o)
{
    struct bw_err e;
    check_ok(log_start(o, &e), &e);
}

static void the_journal_gets_fields(void **state)
{
    (void)state;
    static const char *const to[] = {"journald", NULL};
    int fd = unix_socket();
    begin(&(struct log_opts){.level = LOG_LEVEL_INFO, .to = to, .name = "blog", .journal = path});
    log_error("http", "no good", LOG_NUM("port", 80), LOG_CSTR("why", "a\nPRIORITY=0"));
    log_stop();
    receive(fd);
    check(strstr(got, "MESSAGE=no good port=80 why=\"a\\nPRIORITY=0\"\n"));
    check(strstr(got, "\nPRIORITY=3\n"));
    check(strstr(got, "\nSYSLOG_IDENTIFIER=blog\n"));
    check(strstr(got, "\nBURROW_AREA=http\n"));
    check(strstr(got, "\nBURROW_PORT=80\n"));
    char *why = strstr(got, "\nBURROW_WHY\n"); /* the length, which has zeros, follows */
    check(why && why[12] == 12);
    check(memcmp(why + 20, "a\nPRIORITY=0\n", 13) == 0);
    close(fd);
    unlink(path);
}

static void check_syslog(int listening, const char *to, bool stream)
{
    static const char *const names[] = {"syslog", NULL};
    char want[256], head[32] = "";
    int fd = listening;
    begin(&(struct log_opts){.level = LOG_LEVEL_INFO, .to = names, .name = "blog", .syslog = to});
    log_warn("db", "slow", LOG_CSTR("sql", "say \"]\\\""));
    if (stream)
        fd = accept(listening, NULL, NULL);
    log_stop();
    receive(fd);
    snprintf(want, sizeof want, "%ld db [burrow@32473 sql=\"say \\\"\\]\\\\\\\"\"] slow",
             (long)getpid());
    if (stream)
        snprintf(head, sizeof head, "%zu ", strlen(strchr(got, '<')));
    check(strncmp(got, head, strlen(head)) == 0);
    check(strncmp(got + strlen(head), "<28>1 2026-11-23T23:04:18.123Z ", 31) == 0);
    check(strstr(got, " blog ") && strlen(got) > strlen(want));
    assert_string_equal(got + strlen(got) - strlen(want), want);
    if (stream)
        close(fd);
    close(listening);
}

static void syslog_gets_messages(void **state)
{
    (void)state;
    char to[96];
    int fd = unix_socket();
    clock_set(AT, 1);
    snprintf(to, sizeof to, "unix:%s", path);
    check_syslog(fd, to, false);
    unlink(path);
    fd = inet_socket(SOCK_DGRAM, to, sizeof to);
    check_syslog(fd, to, false);
    fd = inet_socket(SOCK_STREAM, to, sizeof to);
    check_syslog(fd, to, true);
    clock_unset();
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *to[2], *syslog, *says;
    } rows[] = {
        {{"nowhere"}, NULL, "log.to: 'nowhere' is none of terminal file journald syslog"},
        {{"file"}, NULL, "needs the file's name"},
        {{"syslog"}, NULL, "log.syslog must say where"},
        {{"syslog"}, "ftp:x", "begins with none of unix:, udp:, tcp:, tls:"},
        {{"syslog"}, "udp:host", "is not HOST:PORT"},
        {{"syslog"}, "unix:/nowhere", "reaching syslog at /nowhere"},
        {{"journald"}, NULL, "reaching the journal at /nowhere"},
    };
    struct bw_err e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct log_opts o = {.to = rows[i].to, .syslog = rows[i].syslog, .journal = "/nowhere"};
        check(!log_start(&o, &e));
        check_says(&e, rows[i].says);
    }
}

/* A journal that is restarted gets the rest; what came between is counted. */
static void counts_while_nobody_listens(void **state)
{
    (void)state;
    static const char *const to[] = {"journald", NULL};
    int fd = unix_socket();
    uint64_t before = log_lost();
    clock_set(AT, 1);
    begin(&(struct log_opts){.level = LOG_LEVEL_INFO, .to = to, .journal = path});
    close(fd);
    unlink(path);
    log_info("a", "lost");
    log_info("a", "lost");
    log_flush();
    check_int(log_lost() - before, 2);
    fd = unix_socket();
    clock_set(AT, 2 * CLOCK_SECOND);
    log_info("a", "kept");
    log_stop();
    clock_unset();
    receive(fd);
    check(strstr(got, "MESSAGE=records lost records=2\n"));
    receive(fd);
    check(strstr(got, "MESSAGE=kept\n"));
    close(fd);
    unlink(path);
}

static void areas_have_levels(void **state)
{
    (void)state;
    static const char *const to[] = {"journald", NULL};
    static const struct log_area areas[] = {{"loud", LOG_LEVEL_DEBUG}, {"still", LOG_LEVEL_ERROR}};
    int fd = unix_socket();
    begin(&(struct log_opts){.level = LOG_LEVEL_INFO, .to = to, .journal = path});
    log_set_areas(areas, 2);
    log_warn("still", "no");
    log_debug("other", "no");
    log_debug("loud", "yes");
    log_info("other", "too");
    log_set_areas(NULL, 0);
    log_debug("loud", "no");
    log_stop();
    receive(fd);
    check(strstr(got, "MESSAGE=yes\n"));
    receive(fd);
    check(strstr(got, "MESSAGE=too\n"));
    check(recv(fd, got, sizeof got, MSG_DONTWAIT) < 0);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_gets_fields),     cmocka_unit_test(syslog_gets_messages),
        cmocka_unit_test(says_what_is_wrong),          cmocka_unit_test(areas_have_levels),
        cmocka_unit_test(counts_while_nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
