/* http_inbox.h: bytes that came and wait to be used, while views of older ones live on. What stands
 * before `pin` (the head of the request in hand) stays where it is; so does everything when more
 * room is needed: then the new bytes go to new memory and the old lives on in the request's arena.
 */
#ifndef NET_HTTP_INBOX_H
#define NET_HTTP_INBOX_H

#include <burrow/arena.h>

struct http_inbox {
    char *p;
    size_t n, cap;
    size_t at;  /* used up to here */
    size_t pin; /* <= at */
};

static inline bw_str http_inbox_rest(const struct http_inbox *b)
{
    return bw_str_of(b->p + b->at, b->n - b->at);
}

static inline void http_inbox_use(struct http_inbox *b, size_t n)
{
    b->at += n;
}

/* Bytes that take room behind the pin, used or not. */
static inline size_t http_inbox_full(const struct http_inbox *b)
{
    return b->n - b->pin;
}

/* arena: of the request whose views live; NULL when there are none. */
void http_inbox_add(struct http_inbox *b, bw_str bytes, struct bw_arena *arena);
void http_inbox_pin(struct http_inbox *b);    /* views of what is used by now stay */
void http_inbox_settle(struct http_inbox *b); /* none of what came behind the pin is viewed */
void http_inbox_unpin(struct http_inbox *b);  /* nothing is viewed */
void http_inbox_release(struct http_inbox *b);

#endif
