/* log_dump.c: after a crash, in the signal's handler: what was written last and what still waits in
 * the rings. Only write(), no memory is taken; the rings are read without their writer's leave, the
 * process is ending. */
#include <pthread.h>

#include "core/log_int.h"
#include "core/log_ring.h"

#define LAST 100

struct line {
    int fd;
    size_t n;
    char p[2048];
};

static void put(struct line *l, const char *p, size_t n)
{
    for (size_t i = 0; i < n && l->n < sizeof l->p - 1; i++)
        l->p[l->n++] = (unsigned char)p[i] < ' ' || p[i] == 127 ? ' ' : p[i];
}

static void put_number(struct line *l, int64_t v)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (v < 0)
        digits[--at] = '-';
    put(l, digits + at, sizeof digits - at);
}

static void put_thousandths(struct line *l, int64_t v)
{
    char three[5] = ".000";
    for (int64_t i = 3, left = v % 1000; i > 0; i--, left /= 10)
        three[i] = (char)('0' + left % 10);
    put_number(l, v / 1000);
    put(l, three, 4);
}

static void put_real(struct line *l, double r)
{
    if (!(r < 1e15 && r > -1e15)) {
        put(l, "?", 1); /* huge, or no number */
        return;
    }
    if (r < 0)
        put(l, "-", 1);
    put_thousandths(l, (int64_t)((r < 0 ? -r : r) * 1000));
}

static void put_field(struct line *l, const struct log_field *f)
{
    put(l, " ", 1);
    put(l, f->key, strlen(f->key));
    put(l, "=", 1);
    if (f->kind == 's')
        put(l, f->s.p, f->s.n);
    else if (f->kind == 'r')
        put_real(l, f->r);
    else
        put_number(l, f->i);
}

static void dump(int fd, const struct log_record *rec)
{
    struct line l = {.fd = fd};
    put(&l, "queued: ", 8);
    put_thousandths(&l, rec->at / 1000);
    put(&l, " ", 1);
    if (rec->area) {
        put(&l, rec->area, strlen(rec->area));
        put(&l, ": ", 2);
    }
    put(&l, rec->text, strlen(rec->text));
    for (const struct log_field *f = rec->fields; f && f->key; f++)
        put_field(&l, f);
    l.p[l.n++] = '\n';
    ssize_t n = write(fd, l.p, l.n);
    (void)n;
}

/* The last ones of a thread; a full ring holds thousands. */
static void dump_ring(int fd, const struct log_ring *r)
{
    static struct log_field fields[LOG_RING_FIELDS + 1];
    struct log_record rec;
    unsigned n = 0;
    for (uint64_t at = 0; log_ring_walk(r, &at, &rec, fields);)
        n++;
    for (uint64_t at = 0; log_ring_walk(r, &at, &rec, fields); n--)
        if (n <= LAST)
            dump(fd, &rec);
}

void log_dump(int fd)
{
    log_output_dump(fd);
    for (struct log_ring *r = log_ring_first(); r; r = log_ring_next(r))
        dump_ring(fd, r);
}
