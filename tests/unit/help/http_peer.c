/* http_peer.c: see the header. */
#include "help/http_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "core/clock.h"

#define LIMIT_MS 20000

static void *run(void *arg)
{
    struct served *s = arg;
    loops_run(s->loops);
    return NULL;
}

void served_start(struct served *s, const struct http_server_opts *o, unsigned loops)
{
    struct bw_err e = {0};
    *s = (struct served){0};
    s->loops = loops_new(&(struct loops_opts){.count = loops, .max_fibers = 200}, &e);
    check_ok(s->loops != NULL, &e);
    s->server = http_server_new(s->loops, o, &e);
    check_ok(s->server != NULL, &e);
    check_ok(http_server_listen(s->server, "127.0.0.1:0", s->url, &e), &e);
    s->port = (unsigned)strtoul(strrchr(s->url, ':') + 1, NULL, 10);
    pthread_t *t = malloc(sizeof *t);
    check(t && pthread_create(t, NULL, run, s) == 0);
    s->thread = t;
}

static void stop_loops(void *arg)
{
    struct served *s = arg;
    s->drained = true;
    loops_stop(s->loops);
}

void served_stop(struct served *s)
{
    pthread_t *t = s->thread;
    http_server_drain(s->server, clock_mono() + 10 * CLOCK_SECOND, stop_loops, s);
    check(pthread_join(*t, NULL) == 0);
    free(t);
    check(s->drained);
    check_int(http_server_stats(s->server).connections, 0);
    check_int(http_server_stats(s->server).in_flight, 0);
    http_server_free(s->server);
    loops_free(s->loops);
}

static int open_with(const struct served *s, int receive)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0);
    if (receive)
        check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive) == 0);
    check(connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

int peer_open(const struct served *s)
{
    return open_with(s, 0);
}

int peer_open_small(const struct served *s)
{
    return open_with(s, 2048);
}

bool peer_try_send(int fd, bw_str bytes)
{
    while (bytes.n) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes = bw_str_of(bytes.p + n, bytes.n - (size_t)n);
    }
    return true;
}

void peer_send(int fd, bw_str bytes)
{
    check(peer_try_send(fd, bytes));
}

/* 1 some, 0 the end, -1 reset. */
static int read_some(int fd, struct bw_buf *got)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, LIMIT_MS) != 1)
        fail_msg("nothing came for %d s; so far:\n%.*s", LIMIT_MS / 1000, BW_FMT(bw_buf_str(got)));
    char *at = bw_buf_room(got, 65536);
    check(at != NULL);
    ssize_t n = recv(fd, at, 65536, 0);
    if (n > 0)
        got->n += (size_t)n;
    return n > 0 ? 1 : n == 0 ? 0 : -1;
}

bool peer_read_all(int fd, struct bw_buf *got)
{
    int r;
    while ((r = read_some(fd, got)) > 0)
        ;
    return r == 0;
}

void peer_read(int fd, struct bw_buf *got, size_t n)
{
    while (got->n < n && read_some(fd, got) > 0)
        ;
}

void peer_read_until(int fd, struct bw_buf *got, const char *text)
{
    while (peer_count(got, text) == 0)
        if (read_some(fd, got) <= 0)
            fail_msg("the end came before '%s':\n%.*s", text, BW_FMT(bw_buf_str(got)));
}

void peer_close(int fd)
{
    close(fd);
}

void peer_talk(const struct served *s, bw_str bytes, struct bw_buf *got)
{
    int fd = peer_open(s);
    peer_send(fd, bytes);
    bw_buf_clear(got);
    check(peer_read_all(fd, got));
    peer_close(fd);
}

unsigned peer_count(const struct bw_buf *got, const char *text)
{
    unsigned count = 0;
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= got->n; i++)
        if (memcmp(got->p + i, text, n) == 0)
            count++;
    return count;
}

bw_str peer_body(const struct bw_buf *got)
{
    const char *end = got->n ? memmem(got->p, got->n, "\r\n\r\n", 4) : NULL;
    check(end != NULL);
    return bw_str_of(end + 4, (size_t)(got->p + got->n - end - 4));
}
