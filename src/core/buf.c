/* buf.c: the growable buffer. One byte more than `cap` is always allocated, for the NUL of
 * bw_buf_cstr, so `cap` never passes `max`. Out of memory: a small buffer aborts, one of a size
 * that a peer may have caused (1 MiB and up) becomes "over". */
#include <burrow/buf.h>

#include "core/poison.h"

#define FIRST 256 /* bytes allocated at first; a power of two */
#define LARGE (1u << 20)

void bw_buf_init(struct bw_buf *b, size_t max)
{
    *b = (struct bw_buf){.max = max};
}

void bw_buf_release(struct bw_buf *b)
{
    free(b->p);
    bw_buf_init(b, b->max);
}

void bw_buf_clear(struct bw_buf *b)
{
    if (b->p)
        poison_fill(b->p, b->n);
    b->n = 0;
    b->over = false;
}

/* Bytes to allocate for `need` of content: the next power of two, the maximum at most. */
static size_t size_for(const struct bw_buf *b, size_t need)
{
    size_t size = b->p ? b->cap + 1 : FIRST;
    if (POISON_TORTURE && need < 4096)
        return need + 1;
    while (size <= need && size <= SIZE_MAX / 2)
        size *= 2;
    return size - 1 < need || size - 1 > b->max ? b->max + 1 : size;
}

void bw_buf_grow(struct bw_buf *b, size_t n)
{
    if (b->over || n <= b->cap - b->n)
        return;
    if (n > b->max - b->n || b->max == SIZE_MAX) {
        bw_must(b->max != SIZE_MAX); /* a buffer has a maximum */
        b->over = true;
        return;
    }
    size_t size = size_for(b, b->n + n);
    char *p = realloc(b->p, size);
    bw_must(p || size >= LARGE);
    if (!p) {
        b->over = true;
        return;
    }
    b->p = p;
    b->cap = size - 1;
}

char *bw_buf_room(struct bw_buf *b, size_t n)
{
    bw_buf_grow(b, n ? n : 1);
    return b->over ? NULL : b->p + b->n;
}

void bw_buf_printf(struct bw_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n =
        b->p ? vsnprintf(b->p + b->n, b->cap - b->n + 1, fmt, args) : vsnprintf(NULL, 0, fmt, args);
    bw_must(n >= 0);
    bool fits = b->p && (size_t)n <= b->cap - b->n;
    if (!fits && n > 0) {
        bw_buf_grow(b, (size_t)n);
        if (!b->over)
            vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    }
    if (!b->over)
        b->n += (size_t)n;
    va_end(again);
    va_end(args);
}

void bw_buf_int(struct bw_buf *b, int64_t v)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char text[20];
    size_t at = sizeof text;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    while (u >= 100) {
        at -= 2;
        memcpy(text + at, pairs + u % 100 * 2, 2);
        u /= 100;
    }
    if (u >= 10) {
        at -= 2;
        memcpy(text + at, pairs + u * 2, 2);
    } else {
        text[--at] = (char)('0' + u);
    }
    if (v < 0)
        text[--at] = '-';
    bw_buf_add(b, text + at, sizeof text - at);
}

void bw_buf_drop(struct bw_buf *b, size_t n)
{
    bw_must(n <= b->n);
    b->n -= n;
    if (n && b->n)
        memmove(b->p, b->p + n, b->n);
}

const char *bw_buf_cstr(struct bw_buf *b)
{
    if (!b->p)
        return "";
    b->p[b->n] = '\0';
    return b->p;
}
