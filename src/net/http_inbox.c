/* http_inbox.c: see the header. */
#include "net/http_inbox.h"

#define SMALLEST 4096

static size_t capacity_for(size_t n)
{
    size_t cap = SMALLEST;
    while (cap < n)
        cap *= 2;
    return cap;
}

static void grow(struct http_inbox *b, size_t need, struct bw_arena *arena)
{
    size_t unread = b->n - b->at;
    if (!arena && b->cap - unread >= need) {
        memmove(b->p, b->p + b->at, unread);
    } else {
        size_t cap = capacity_for(unread + need);
        char *p = malloc(cap);
        bw_must(p);
        if (unread)
            memcpy(p, b->p + b->at, unread);
        if (arena && b->p)
            bw_arena_defer(arena, free, b->p);
        else
            free(b->p);
        b->p = p;
        b->cap = cap;
    }
    b->n = unread;
    b->at = b->pin = 0;
}

void http_inbox_add(struct http_inbox *b, bw_str bytes, struct bw_arena *arena)
{
    if (b->cap - b->n < bytes.n)
        grow(b, bytes.n, arena);
    memcpy(b->p + b->n, bytes.p, bytes.n);
    b->n += bytes.n;
}

void http_inbox_pin(struct http_inbox *b)
{
    b->pin = b->at;
}

void http_inbox_settle(struct http_inbox *b)
{
    if (b->at == b->n)
        b->at = b->n = b->pin;
}

void http_inbox_unpin(struct http_inbox *b)
{
    b->pin = 0;
    http_inbox_settle(b);
}

void http_inbox_release(struct http_inbox *b)
{
    free(b->p);
    *b = (struct http_inbox){0};
}
