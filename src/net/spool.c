/* spool.c: the file is written and read a buffer at a time, on a worker: a disk that falls behind
 * stops the fiber, not its loop. */
#include "net/spool.h"

#include "net/loop.h"
#include "os/file.h"

void spool_init(struct spool *s, int64_t max)
{
    *s = (struct spool){.max = max, .fd = -1};
    bw_buf_init(&s->buf, SPOOL_MEMORY);
}

void spool_release(struct spool *s)
{
    bw_buf_release(&s->buf);
    file_close(s->fd);
    s->fd = -1;
}

struct job {
    struct spool *s;
    size_t n;
    bool ok;
    struct bw_err e;
};

static void write_out(void *arg)
{
    struct job *j = arg;
    struct spool *s = j->s;
    if (s->fd < 0)
        s->fd = file_nameless(&j->e);
    j->ok = s->fd >= 0 && file_put(s->fd, s->in_file, bw_buf_str(&s->buf), &j->e);
}

static void read_in(void *arg)
{
    struct job *j = arg;
    struct spool *s = j->s;
    j->ok = file_get(s->fd, s->at, bw_buf_room(&s->buf, j->n), j->n, &j->e);
}

static bool run(struct job *j, void (*fn)(void *arg), struct bw_err *e)
{
    worker_run(fn, j);
    if (!j->ok && e)
        *e = j->e;
    return j->ok;
}

static bool spill(struct spool *s, struct bw_err *e)
{
    if (s->buf.n == 0)
        return true;
    if (!run(&(struct job){.s = s}, write_out, e))
        return false;
    s->in_file += (int64_t)s->buf.n;
    bw_buf_clear(&s->buf);
    return true;
}

bool spool_write(struct spool *s, bw_str bytes, struct bw_err *e)
{
    bw_must(!s->reading);
    if ((uint64_t)bytes.n > (uint64_t)(s->max - s->size))
        return bw_fail(e, BW_TOOBIG, "more than %lld bytes came in", (long long)s->max);
    s->size += (int64_t)bytes.n;
    while (bytes.n) {
        size_t room = SPOOL_MEMORY - s->buf.n, n = bytes.n < room ? bytes.n : room;
        if (n == 0 && !spill(s, e))
            return false;
        bw_buf_add(&s->buf, bytes.p, n);
        bytes = bw_str_of(bytes.p + n, bytes.n - n);
    }
    return true;
}

static bool begin_reading(struct spool *s, struct bw_err *e)
{
    s->reading = true;
    return s->fd < 0 || spill(s, e);
}

bool spool_read(struct spool *s, bw_str *piece, struct bw_err *e)
{
    if (!s->reading && !begin_reading(s, e))
        return false;
    *piece = BW_LIT("");
    if (s->at == s->size)
        return true;
    if (s->fd >= 0) {
        int64_t left = s->in_file - s->at;
        struct job j = {.s = s, .n = left < (int64_t)SPOOL_MEMORY ? (size_t)left : SPOOL_MEMORY};
        bw_buf_clear(&s->buf);
        if (!run(&j, read_in, e))
            return false;
        s->buf.n = j.n;
    }
    *piece = bw_buf_str(&s->buf);
    s->at += (int64_t)piece->n;
    return true;
}
