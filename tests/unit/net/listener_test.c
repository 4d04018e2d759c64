/* Where listeners listen, and who is kept out. */
#include "help/loops.h"
#include "help/t.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "net/fiber.h"
#include "net/stream.h"
#include "os/socket.h"

static char folder[] = "/tmp/burrow-listener-XXXXXX";
static char path[128];
static struct loops *ls;

static int setup(void **state)
{
    (void)state;
    ls = loops_new(&(struct loops_opts){.count = 2}, NULL);
    return ls ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loops_free(ls);
    unlink(path);
    return 0;
}

static struct listener *try_port(const char *host, unsigned port, struct bw_err *e)
{
    return listener_open(ls, &(struct listener_opts){.host = host, .port = port}, e);
}

static struct listener *try_path(struct bw_err *e)
{
    return listener_open(ls, &(struct listener_opts){.host = path, .is_unix = true}, e);
}

/* A port that is free, and none of those that the system hands out by itself: so nobody is given it
 * between two of the test's listeners. */
static unsigned some_port(void)
{
    unsigned port = 10000 + (unsigned)getpid() % 9000;
    struct listener *l = NULL;
    for (int i = 0; i < 1000 && !(l = try_port("127.0.0.1", port, NULL)); i++)
        port++;
    bw_must(l);
    listener_free(l);
    return port;
}

static void a_second_instance_hears_who(void **state)
{
    (void)state;
    struct bw_err e = {0};
    char who[128];
    unsigned port = some_port();
    struct listener *first = try_port("127.0.0.1", port, &e);
    t_check_ok(first != NULL, &e, "first", __FILE__, __LINE__);
    check_int(listener_port(first), port);
    check(try_port("127.0.0.1", port, &e) == NULL);
    check_int(e.code, BW_CONFLICT);
    snprintf(who, sizeof who, "127.0.0.1:%u is already served by ", port);
    check_says(&e, who);
    snprintf(who, sizeof who, "(pid %ld)", (long)getpid());
    check_says(&e, who);
    listener_free(first);
    struct listener *next = try_port("127.0.0.1", port, &e);
    t_check_ok(next != NULL, &e, "next", __FILE__, __LINE__);
    listener_free(next);
}

/* Not ours, and sharing its port: the kernel alone would let us in silently. */
static void a_sharing_stranger_is_noticed(void **state)
{
    (void)state;
    struct bw_err e = {0};
    struct socket_address a;
    check(socket_numeric("127.0.0.1", 0, &a));
    int fd = socket_bind(&a, true, &e);
    check(fd >= 0);
    check_ok(socket_listen(fd, 1, &e), &e);
    check(try_port("127.0.0.1", socket_port_of(fd), &e) == NULL);
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "in use by another program");
    close(fd);
}

static void hosts(void **state)
{
    (void)state;
    static const char *const names[] = {"127.0.0.1", "localhost", "0.0.0.0", "::1", "::"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bw_err e = {0};
        struct listener *l = try_port(names[i], 0, &e);
        bool no_v6 = names[i][0] == ':' && (e.sys == EADDRNOTAVAIL || e.sys == EAFNOSUPPORT);
        if (!no_v6)
            t_check_ok(l != NULL, &e, names[i], __FILE__, __LINE__);
        check(no_v6 || listener_port(l) > 0);
        listener_free(l);
    }
    struct bw_err e = {0};
    check(try_port("192.0.2.1", 0, &e) == NULL); /* TEST-NET: not an address of ours */
    check_int(e.sys, EADDRNOTAVAIL);
    check_says(&e, "cannot listen on 192.0.2.1:0");
}

static void unix_sockets(void **state)
{
    (void)state;
    struct bw_err e = {0};
    struct stat st;
    struct listener *l = try_path(&e);
    t_check_ok(l != NULL, &e, path, __FILE__, __LINE__);
    check_int(stat(path, &st), 0);
    check(S_ISSOCK(st.st_mode));
    check_int(st.st_mode & 0777, 0660);
    check(try_path(&e) == NULL);
    check_says(&e, "is already served by ");
    listener_free(l);
    check(stat(path, &st) != 0);
}

static void stale_and_foreign_sockets(void **state)
{
    (void)state;
    struct bw_err e = {0};
    struct socket_address a;
    check_ok(socket_path(path, &a, &e), &e);
    int fd = socket_bind_path(&a, 0660, &e);
    check(fd >= 0);
    check_ok(socket_listen(fd, 1, &e), &e);
    check(try_path(&e) == NULL); /* somebody answers */
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "in use by another program");
    close(fd); /* the file stays */
    check_int(access(path, F_OK), 0);
    struct listener *l = try_path(&e);
    t_check_ok(l != NULL, &e, "stale", __FILE__, __LINE__);
    listener_free(l);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    check(try_path(&e) == NULL); /* a plain file of somebody's is not removed */
    check_says(&e, "no socket");
    check_int(access(path, F_OK), 0);
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    check(listener_open(ls, &(struct listener_opts){.host = longer, .is_unix = true}, &e) == NULL);
    check_says(&e, "possible");
}

int main(void)
{
    bw_must(mkdtemp(folder));
    setenv("XDG_RUNTIME_DIR", folder, 1);
    snprintf(path, sizeof path, "%s/x.sock", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_instance_hears_who, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sharing_stranger_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(unix_sockets, setup, teardown),
        cmocka_unit_test_setup_teardown(stale_and_foreign_sockets, setup, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (rmdir(folder) != 0 && !failed) {
        fprintf(stderr, "lock files were left behind in %s\n", folder);
        return 1;
    }
    return failed;
}
