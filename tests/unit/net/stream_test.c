/* Streams and listeners over real sockets: echo on two loops, held bytes, ends, resets, broken
 * peers, a busy loop, a full descriptor table. Addresses and locks: listener_test.c. */
#include "help/loops.h"
#include "help/t.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include "core/clock.h"
#include "net/fiber.h"
#include "net/stream.h"
#include "net/wait.h"
#include "os/socket.h"

/* The server's side: says which loop it is, then echoes. */
static atomic_int opened, closed;

static void echo_data(struct stream *s, bw_str bytes, int sys)
{
    if (bytes.n && !sys)
        stream_write(s, &bytes, 1);
    else if (sys)
        stream_close(s);
    else
        stream_end(s);
    if (!bytes.n && !sys && stream_held(s) == 0)
        stream_close(s);
}

static void echo_drained(struct stream *s, int sys)
{
    (void)sys;
    (void)s;
}

static void echo_closed(struct stream *s)
{
    (void)s;
    atomic_fetch_add(&closed, 1);
}

static const struct stream_events echo = {echo_data, echo_drained, echo_closed};

static void accept_echo(struct stream *s, void *arg)
{
    (void)arg;
    char index = (char)('0' + loop_index(loop_current()));
    bw_must(stream_loop(s) == loop_current());
    atomic_fetch_add(&opened, 1);
    stream_set(s, &echo, NULL);
    stream_write(s, &(bw_str){.p = &index, .n = 1}, 1);
    stream_read(s, true);
}

/* The client's side, on a fiber. */
struct client {
    struct stream *s;
    struct wait *waiting;
    size_t got;
    char last, loop;
    bool at_end, closed, drained;
    int sys;
};

static void wake(struct client *c)
{
    struct wait *w = c->waiting;
    c->waiting = NULL;
    if (w)
        wait_wake(w);
}

static void client_data(struct stream *s, bw_str bytes, int sys)
{
    struct client *c = stream_user(s);
    if (bytes.n && !c->loop) {
        c->loop = bytes.p[0];
        bytes = bw_str_of(bytes.p + 1, bytes.n - 1);
    } else if (!bytes.n) {
        c->at_end = true;
        c->sys = sys;
    }
    c->got += bytes.n;
    if (bytes.n)
        c->last = bytes.p[bytes.n - 1];
    wake(c);
}

static void client_drained(struct stream *s, int sys)
{
    struct client *c = stream_user(s);
    c->drained = true;
    c->sys = sys;
    wake(c);
}

static void client_closed(struct stream *s)
{
    struct client *c = stream_user(s);
    c->closed = true;
    wake(c);
}

static const struct stream_events client_events = {client_data, client_drained, client_closed};

static void client_wait(struct client *c)
{
    struct wait w;
    wait_init(&w);
    c->waiting = &w;
    bw_must(wait_for(&w, WAIT_SURE) == WAIT_WOKEN);
}

static void client_take(struct client *c, struct stream *s)
{
    *c = (struct client){.s = s};
    stream_set(s, &client_events, c);
    stream_read(s, true);
}

static void client_close(struct client *c)
{
    stream_close(c->s);
    while (!c->closed)
        client_wait(c);
}

static struct listener *listen_on(struct loops *ls, void (*accepted)(struct stream *, void *))
{
    struct bw_err e = {0};
    struct listener *l =
        listener_open(ls, &(struct listener_opts){.host = "127.0.0.1", .accepted = accepted}, &e);
    t_check_ok(l != NULL, &e, "listener_open", __FILE__, __LINE__);
    return l;
}

static void client_open(struct client *c, struct listener *l)
{
    struct bw_err e = {0};
    struct stream *s = stream_connect("127.0.0.1", listener_port(l), 0, &e);
    t_check_ok(s != NULL, &e, "stream_connect", __FILE__, __LINE__);
    client_take(c, s);
}

#define CLIENTS 40
#if defined(BW_TORTURE)
#define BYTES (6 * 1024)
#define BIG   (8 * 1024 * 1024)
#else
#define BYTES (600 * 1024)
#define BIG   (16 * 1024 * 1024)
#endif

static struct listener *listener;
static atomic_int clients_left;
static struct wait all_done;

static void converse(void *arg)
{
    (void)arg;
    static char block[BYTES];
    struct client c;
    client_open(&c, listener);
    for (size_t n = 1; n <= BYTES; n = n * 37 + 1) {
        size_t before = c.got;
        bw_str pieces[3] = {{block, n / 3}, {block, 0}, {block, n - n / 3}};
        stream_write(c.s, pieces, 3);
        while (c.got < before + n)
            client_wait(&c);
        bw_must(c.got == before + n);
    }
    stream_end(c.s);
    while (!c.at_end)
        client_wait(&c);
    bw_must(c.sys == 0);
    client_close(&c);
    if (atomic_fetch_sub(&clients_left, 1) == 1)
        wait_wake(&all_done);
}

static void echoing(struct loops *ls)
{
    listener = listen_on(ls, accept_echo);
    wait_init(&all_done);
    atomic_store(&clients_left, CLIENTS);
    for (unsigned i = 0; i < CLIENTS; i++)
        t_start_on(loops_at(ls, i % 2), converse, NULL);
    wait_for(&all_done, WAIT_SURE);
    listener_stop(listener);
}

static void echoes_on_two_loops(void **state)
{
    (void)state;
    t_on_loops(2, echoing);
    listener_free(listener);
    check_int(atomic_load(&opened), CLIENTS);
    check_int(atomic_load(&closed), CLIENTS);
}

static void parting(struct loops *ls)
{
    struct client c;
    char peer[64];
    listener = listen_on(ls, accept_echo);
    client_open(&c, listener);
    stream_peer(c.s, peer, sizeof peer);
    assert_string_equal(peer, "127.0.0.1");
    while (!c.loop)
        client_wait(&c);
    stream_reset(c.s);
    stream_reset(c.s); /* idempotent, as close */
    stream_close(c.s);
    stream_read(c.s, true); /* nothing any more */
    check_int(stream_write(c.s, &BW_LIT("x"), 1), 0);
    while (!c.closed)
        client_wait(&c);
    listener_stop(listener);
}

static void resets(void **state)
{
    (void)state;
    int before = atomic_load(&closed);
    t_on_loops(1, parting);
    listener_free(listener);
    check_int(atomic_load(&closed), before + 1); /* the server saw it */
}

/* A peer that never reads: bytes are held, and drained tells when they have gone. */
static struct stream *held_one;

static void keep(struct stream *s, void *arg)
{
    (void)arg;
    stream_set(s, &echo, NULL);
    held_one = s;
}

static void count_bytes(struct stream *s, bw_str bytes, int sys)
{
    size_t *n = stream_user(s);
    *n += bytes.n;
    if (sys)
        stream_close(s);
}

static void holding(struct loops *ls)
{
    static char big[BIG];
    static const struct stream_events counting = {count_bytes, NULL, NULL};
    struct client c;
    size_t came = 0;
    held_one = NULL;
    listener = listen_on(ls, keep);
    client_open(&c, listener);
    while (!held_one)
        fiber_yield();
    size_t held = stream_write(c.s, &(bw_str){big, sizeof big}, 1);
    check(held > 0 && held < sizeof big);
    check_int(stream_held(c.s), held);
    check_int(stream_write(c.s, &BW_LIT("end"), 1), held + 3); /* behind the held ones */
    stream_set(held_one, &counting, &came);
    stream_read(held_one, true);
    while (!c.drained)
        client_wait(&c);
    check_int(c.sys, 0);
    check_int(stream_held(c.s), 0);
    while (came < sizeof big + 3)
        fiber_yield();
    check_int(came, sizeof big + 3);
    stream_close(held_one);
    client_close(&c);
    listener_stop(listener);
}

static void holds_what_the_kernel_does_not_take(void **state)
{
    (void)state;
    t_on_loops(1, holding);
    listener_free(listener);
}

/* Writing to a peer that has reset: told by drained, also when reading is paused. */
static void breaking(struct loops *ls)
{
    struct client c;
    held_one = NULL;
    listener = listen_on(ls, keep);
    client_open(&c, listener);
    while (!held_one)
        fiber_yield();
    stream_read(c.s, false);
    stream_reset(held_one);
    while (!c.drained) {
        stream_write(c.s, &BW_LIT("x"), 1);
        fiber_yield();
    }
    check(c.sys == EPIPE || c.sys == ECONNRESET);
    check(stream_write(c.s, &BW_LIT("again"), 1) > 0);
    client_close(&c);
    listener_stop(listener);
}

static void tells_of_broken_peers(void **state)
{
    (void)state;
    t_on_loops(1, breaking);
    listener_free(listener);
}

static void refused(struct loops *ls)
{
    struct bw_err e = {0};
    struct client c;
    listener = listen_on(ls, accept_echo);
    unsigned port = listener_port(listener);
    int before = atomic_load(&opened);
    client_open(&c, listener);
    listener_stop(listener); /* the connection waits in the kernel: it is still served */
    while (!c.loop)
        client_wait(&c);
    check_int(atomic_load(&opened), before + 1);
    client_close(&c);
    check(stream_connect("127.0.0.1", port, 0, &e) == NULL);
    check_int(e.code, BW_DOWN);
    check_int(e.sys, ECONNREFUSED);
    check_says(&e, "cannot connect to 127.0.0.1:");
    check(stream_connect("/nowhere/x.sock", 0, 0, &e) == NULL);
    check_says(&e, "cannot connect to unix:/nowhere/x.sock");
}

static void serves_what_waited_at_the_stop(void **state)
{
    (void)state;
    t_on_loops(1, refused);
    listener_free(listener);
}

static atomic_bool spin, spinning;

static void computes(void *arg)
{
    (void)arg;
    atomic_store(&spinning, true);
    while (atomic_load(&spin))
        ;
    atomic_store(&spinning, false);
}

#define DEALT 64

/* Connections that loop 0 serves go on while loop 1 computes. */
static void busying(struct loops *ls)
{
    static struct client c[DEALT];
    struct client *mine = NULL;
    unsigned n = 0;
    listener = listen_on(ls, accept_echo);
    for (; n < DEALT && !mine; n++) {
        client_open(&c[n], listener);
        while (!c[n].loop)
            client_wait(&c[n]);
        mine = c[n].loop == '0' ? &c[n] : NULL;
    }
    check(mine != NULL); /* the kernel deals by hash: 2^-64 */
    atomic_store(&spin, true);
    t_start_on(loops_at(ls, 1), computes, NULL);
    while (!atomic_load(&spinning))
        fiber_yield();
    for (int i = 0; i < 20; i++) {
        size_t before = mine->got;
        stream_write(mine->s, &BW_LIT("ping"), 1);
        while (mine->got < before + 4)
            client_wait(mine);
    }
    check(atomic_load(&spinning));
    atomic_store(&spin, false);
    while (n)
        client_close(&c[--n]);
    listener_stop(listener);
}

static void a_busy_loop_leaves_the_others(void **state)
{
    (void)state;
    t_on_loops(2, busying);
    listener_free(listener);
}

#define CROWD 12

static struct stream *accepted[CROWD];
static unsigned n_accepted;

static void collect(struct stream *s, void *arg)
{
    (void)arg;
    stream_set(s, &echo, NULL);
    accepted[n_accepted++] = s;
}

/* Twelve connections wait, four descriptors are left: as streams close, the others come in. */
static void crowding(struct loops *ls)
{
    struct rlimit old, low;
    struct socket_address to;
    int fds[CROWD];
    n_accepted = 0;
    listener = listen_on(ls, collect);
    check(socket_numeric("127.0.0.1", listener_port(listener), &to));
    for (int i = 0; i < CROWD; i++)
        fds[i] = socket_connect(&to, 0, NULL);
    int next = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
    close(next);
    check_int(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)next + 4;
    check_int(setrlimit(RLIMIT_NOFILE, &low), 0);
    unsigned let_go = 0;
    while (n_accepted < CROWD) {
        unsigned before = n_accepted;
        for (int i = 0; i < 5; i++)
            fiber_yield();
        if (n_accepted == before && let_go < n_accepted)
            stream_close(accepted[let_go++]);
    }
    check(let_go >= CROWD - 6);
    check_int(setrlimit(RLIMIT_NOFILE, &old), 0);
    while (let_go < CROWD)
        stream_close(accepted[let_go++]);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    listener_stop(listener);
}

static void survives_a_full_descriptor_table(void **state)
{
    (void)state;
    t_on_loops(1, crowding);
    listener_free(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_on_two_loops),
        cmocka_unit_test(resets),
        cmocka_unit_test(holds_what_the_kernel_does_not_take),
        cmocka_unit_test(tells_of_broken_peers),
        cmocka_unit_test(serves_what_waited_at_the_stop),
        cmocka_unit_test(a_busy_loop_leaves_the_others),
        cmocka_unit_test(survives_a_full_descriptor_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
