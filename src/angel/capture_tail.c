/* capture_tail.c: the last bytes a unit printed, and looking for a text in what it prints, which
 * may come in pieces. */
#include "angel/capture_int.h"

static void grow(struct capture_ring *r, size_t need)
{
    size_t cap = r->cap ? r->cap : 128;
    while (cap < need)
        cap *= 2;
    if (cap > CAPTURE_TAIL)
        cap = CAPTURE_TAIL;
    if (cap <= r->cap)
        return;
    r->p = realloc(r->p, cap);
    bw_must(r->p);
    r->cap = (uint32_t)cap; /* it was not full at CAPTURE_TAIL, so at == n */
}

void capture_tail_add(struct capture_ring *r, bw_str bytes)
{
    if (bytes.n > CAPTURE_TAIL) {
        bytes.p += bytes.n - CAPTURE_TAIL;
        bytes.n = CAPTURE_TAIL;
    }
    grow(r, r->n + bytes.n);
    while (bytes.n) {
        if (r->at == r->cap)
            r->at = 0;
        size_t n = r->cap - r->at < bytes.n ? r->cap - r->at : bytes.n;
        memcpy(r->p + r->at, bytes.p, n);
        r->at += (uint32_t)n;
        r->n = r->n + n > r->cap ? r->cap : (uint32_t)(r->n + n);
        bytes.p += n;
        bytes.n -= n;
    }
}

void capture_tail(struct capture_unit *u, struct bw_buf *out)
{
    const struct capture_ring *r = &u->tail;
    pthread_mutex_lock(&u->c->tails);
    if (r->n == r->cap && r->at < r->cap)
        bw_buf_add(out, r->p + r->at, r->cap - r->at);
    if (r->n)
        bw_buf_add(out, r->p, r->n == r->cap ? r->at : r->n);
    pthread_mutex_unlock(&u->c->tails);
}

/* The last n bytes, n of at most those there are. */
static void last(const struct capture_ring *r, char *out, size_t n)
{
    size_t front = n < r->at ? n : r->at; /* what lies before `at` */
    memcpy(out + n - front, r->p + r->at - front, front);
    if (front < n)
        memcpy(out, r->p + r->cap - (n - front), n - front);
}

bool capture_tail_meets(const struct capture_ring *r, struct capture_expect *x, bw_str bytes)
{
    char seam[2 * 256];
    size_t before = x->seen < x->n - 1 ? x->seen : x->n - 1;
    size_t after = bytes.n < x->n - 1 ? bytes.n : x->n - 1;
    if (before > r->n)
        before = r->n;
    bool met = memmem(bytes.p, bytes.n, x->text, x->n) != NULL;
    if (!met && before) {
        last(r, seam, before);
        memcpy(seam + before, bytes.p, after);
        met = memmem(seam, before + after, x->text, x->n) != NULL;
    }
    x->seen = x->seen + bytes.n > x->n ? x->n : x->seen + bytes.n;
    return met;
}

bool capture_tail_has(const struct capture_ring *r, struct capture_expect *x, int64_t n)
{
    size_t size = n > (int64_t)r->n ? r->n : (size_t)n;
    char *copy = size ? malloc(size) : NULL;
    if (!copy)
        return false;
    last(r, copy, size);
    bool has = memmem(copy, size, x->text, x->n) != NULL;
    x->seen = size < x->n ? size : x->n;
    free(copy);
    return has;
}
