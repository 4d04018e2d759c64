/* stream_uv.c: streams over libuv. A stream's memory is one struct stream; bytes that the kernel
 * does not take at once are copied into one `struct pending` per write. Reads go into the loop's
 * one buffer. A write that fails at once is reported later (a post), never from within
 * stream_write, so that a caller need not expect its own callbacks. */
#include "net/stream_int.h"

#include <errno.h>

#include "net/loop_int.h"
#include "os/socket.h"

#define BATCH 16

struct pending {
    uv_write_t req;
    struct stream *s;
    size_t n;
    char bytes[];
};

static struct stream *of(void *handle)
{
    return LIST_OWNER(handle, struct stream, uv);
}

static bool is_closing(const struct stream *s)
{
    return s->odd & STREAM_CLOSING;
}

static void report_fault(struct loop_post *p)
{
    struct stream *s = LIST_OWNER(p, struct stream, fault);
    s->fault_posted = false;
    if (s->closed) {
        free(s);
        return;
    }
    s->held = 0;
    if (!is_closing(s) && s->events && s->events->drained)
        s->events->drained(s, s->failed);
}

void stream_post_fault(struct stream *s, int sys)
{
    s->failed = sys;
    if (s->fault_posted)
        return;
    s->fault_posted = true;
    loop_post(s->loop, &s->fault);
}

struct stream *stream_new(struct loop *l, bool is_unix)
{
    struct stream *s = malloc(sizeof *s);
    bw_must(s);
    memset(s, 0, sizeof *s);
    s->loop = l;
    s->is_unix = is_unix;
    s->fault.fn = report_fault;
    l->streams++;
    if (is_unix)
        uv_pipe_init(&l->uv, &s->uv.path, 0);
    else
        uv_tcp_init(&l->uv, &s->uv.tcp);
    s->uv.any.data = NULL;
    return s;
}

struct stream *stream_of(struct loop *l, int fd, bool is_unix)
{
    struct stream *s = stream_new(l, is_unix);
    int r = is_unix ? uv_pipe_open(&s->uv.path, fd) : uv_tcp_open(&s->uv.tcp, fd);
    if (r == 0)
        return s;
    close(fd);
    stream_close(s);
    return NULL;
}

void *stream_user(const struct stream *s)
{
    return s->user;
}

struct loop *stream_loop(const struct stream *s)
{
    return s->loop;
}

void stream_set(struct stream *s, const struct stream_events *ev, void *user)
{
    s->events = ev;
    s->user = user;
}

static void lend(uv_handle_t *h, size_t want, uv_buf_t *out)
{
    (void)want;
    struct stream *s = of(h);
#if defined(BW_TORTURE)
    *out = uv_buf_init(s->loop->read_buffer, 1);
#else
    *out = uv_buf_init(s->loop->read_buffer, LOOP_READ_BUFFER);
#endif
}

static void came_odd(struct stream *s, ssize_t n, const uv_buf_t *buf)
{
    int sys = n == UV_EOF ? 0 : (int)-n;
    if (n == 0 || is_closing(s))
        return;
    loop_now(s->loop);
    if (n > 0) {
        stream_tls_came(s, bw_str_of(buf->base, (size_t)n), 0);
        return;
    }
    uv_read_stop(&s->uv.stream);
    if (s->odd & STREAM_TLS) {
        stream_tls_came(s, bw_str_of("", 0), sys);
        return;
    }
    s->reading = false;
    s->events->data(s, bw_str_of("", 0), sys);
}

static void came(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
    struct stream *s = of(h);
    if (n <= 0 || s->odd) {
        came_odd(s, n, buf);
        return;
    }
    loop_now(s->loop); /* the turn's time is that of its first event */
    s->events->data(s, bw_str_of(buf->base, (size_t)n), 0);
}

void stream_raw_read(struct stream *s, bool on)
{
    if (on)
        uv_read_start(&s->uv.stream, lend, came);
    else
        uv_read_stop(&s->uv.stream);
}

void stream_read(struct stream *s, bool on)
{
    if (on == s->reading || is_closing(s))
        return;
    if (s->odd & STREAM_TLS) {
        stream_tls_read(s, on);
        return;
    }
    s->reading = on;
    stream_raw_read(s, on);
}

static void went(uv_write_t *req, int status)
{
    struct pending *p = LIST_OWNER(req, struct pending, req);
    struct stream *s = p->s;
    s->held -= p->n < s->held ? p->n : s->held;
    free(p);
    if (is_closing(s) || s->failed)
        return;
    if (status < 0)
        s->failed = -status;
    if (status < 0)
        s->held = 0;
    if (s->held == 0 && s->events && s->events->drained)
        s->events->drained(s, s->failed);
}

/* As uv_try_write, whose write() costs a little more than send() (1 % of a small answer): nothing
 * is queued in libuv when we come here. Bytes taken, or -errno. */
static ssize_t try_send(struct stream *s, uv_buf_t *bufs, unsigned n)
{
    uv_os_fd_t fd;
    ssize_t r;
    if (uv_fileno(&s->uv.any, &fd) != 0)
        return -EBADF;
    do
        r = socket_send(fd, (const struct iovec *)(const void *)bufs, n);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

/* Bytes the kernel took. */
static size_t send_now(struct stream *s, const bw_str *pieces, unsigned n)
{
    size_t sent = 0;
    while (n) {
        uv_buf_t bufs[BATCH];
        unsigned batch = n < BATCH ? n : BATCH;
        size_t want = 0;
        for (unsigned i = 0; i < batch; i++) {
            bufs[i] = uv_buf_init((char *)(uintptr_t)pieces[i].p, (unsigned)pieces[i].n);
            want += pieces[i].n;
        }
        if (want == 0) {
            pieces += batch;
            n -= batch;
            continue;
        }
        ssize_t r = try_send(s, bufs, batch);
        if (r < 0 && r != -EAGAIN)
            stream_post_fault(s, (int)-r);
        if (r > 0)
            sent += (size_t)r;
        if (r < 0 || (size_t)r < want)
            return sent;
        pieces += batch;
        n -= batch;
    }
    return sent;
}

static void hold(struct stream *s, const bw_str *pieces, unsigned n, size_t sent)
{
    size_t total = 0;
    for (unsigned i = 0; i < n; i++)
        total += pieces[i].n;
    if (total == sent)
        return;
    s->held += total - sent;
    if (s->failed) {
        stream_post_fault(s, s->failed); /* counted as held until the owner is told */
        return;
    }
    struct pending *p = malloc(sizeof *p + total - sent);
    bw_must(p);
    p->s = s;
    p->n = 0;
    for (unsigned i = 0; i < n; i++) {
        size_t skip = sent < pieces[i].n ? sent : pieces[i].n;
        sent -= skip;
        if (pieces[i].n > skip)
            memcpy(p->bytes + p->n, pieces[i].p + skip, pieces[i].n - skip);
        p->n += pieces[i].n - skip;
    }
    uv_buf_t buf = uv_buf_init(p->bytes, (unsigned)p->n);
    int r = uv_write(&p->req, &s->uv.stream, &buf, 1, went);
    if (r < 0) {
        free(p);
        stream_post_fault(s, -r);
    }
}

size_t stream_write(struct stream *s, const bw_str *pieces, unsigned n)
{
    if (s->odd)
        return is_closing(s) ? 0 : stream_tls_write(s, pieces, n);
    return stream_raw_write(s, pieces, n);
}

size_t stream_raw_last(struct stream *s, bw_str bytes)
{
    return s->held || s->failed ? 0 : send_now(s, &bytes, 1);
}

size_t stream_raw_write(struct stream *s, const bw_str *pieces, unsigned n)
{
    size_t sent = s->held || s->failed ? 0 : send_now(s, pieces, n);
    hold(s, pieces, n, sent);
    return s->held;
}

size_t stream_held(const struct stream *s)
{
    return s->held;
}

static void ended(uv_shutdown_t *req, int status)
{
    (void)status; /* a peer that has gone shows in the reads */
    free(req);
}

size_t stream_unsent(const struct stream *s)
{
    uv_os_fd_t fd;
    return s->held + (uv_fileno(&s->uv.any, &fd) == 0 ? socket_unsent(fd) : 0);
}

void stream_raw_end(struct stream *s)
{
    uv_shutdown_t *req = malloc(sizeof *req);
    bw_must(req);
    if (uv_shutdown(req, &s->uv.stream, ended) != 0)
        free(req);
}

void stream_end(struct stream *s)
{
    if (is_closing(s))
        return;
    if (s->odd & STREAM_TLS)
        stream_tls_end(s);
    else
        stream_raw_end(s);
}

static void gone(uv_handle_t *h)
{
    struct stream *s = of(h);
    struct loop *l = s->loop;
    l->streams--;
    if (s->odd & STREAM_TLS)
        stream_tls_free(s);
    if (s->events && s->events->closed)
        s->events->closed(s);
    s->closed = true;
    if (!s->fault_posted)
        free(s);
    listeners_resume(l);
}

void stream_close(struct stream *s)
{
    if (is_closing(s))
        return;
    if (s->odd & STREAM_TLS)
        stream_tls_close(s);
    s->odd |= STREAM_CLOSING;
    uv_close(&s->uv.any, gone);
}

void stream_reset(struct stream *s)
{
    if (is_closing(s))
        return;
    s->odd |= STREAM_CLOSING;
    /* Refused while a half-close is under way: then an ordinary close. */
    if (s->is_unix || uv_tcp_close_reset(&s->uv.tcp, gone) != 0)
        uv_close(&s->uv.any, gone);
}

void stream_peer(const struct stream *s, char *out, size_t n)
{
    struct socket_address a = {.size = sizeof a.path};
    int size = sizeof a.path;
    if (s->is_unix)
        a.any.sa_family = AF_UNIX;
    else if (uv_tcp_getpeername(&s->uv.tcp, &a.any, &size) != 0)
        a.any.sa_family = AF_INET; /* already gone: 0.0.0.0 */
    socket_text(&a, false, out, n);
}
