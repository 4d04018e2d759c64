/* fetch.c: over the client of net, one connection for each exchange: what is asked here is asked
 * seldom, and a probe should see whether a connection can be made. */
#include "angel/fetch.h"

#include <string.h>

#include "net/http_client.h"

#define FIELDS_MAX 16

static bool split_fields(const char *const *texts, struct http_field *out, size_t *n,
                         struct bw_err *e)
{
    for (*n = 0; texts && texts[*n]; ++*n) {
        const char *colon = strchr(texts[*n], ':');
        if (!colon || *n == FIELDS_MAX)
            return bw_fail(e, BW_BAD, "'%s' is no header field", texts[*n]);
        out[*n] = (struct http_field){.name = bw_str_of(texts[*n], (size_t)(colon - texts[*n])),
                                      .value = bw_str_trim(bw_cstr(colon + 1))};
    }
    return true;
}

static bool receive(struct http_exchange *x, int *status, struct bw_buf *out, struct bw_err *e)
{
    bw_str piece;
    if (!http_exchange_head(x, e))
        return false;
    *status = http_exchange_status(x);
    while (out) {
        if (!http_exchange_read(x, &piece, e))
            return false;
        if (!piece.n)
            break;
        size_t room = out->max - out->n;
        bw_buf_put(out, bw_str_of(piece.p, piece.n < room ? piece.n : room));
        if (piece.n >= room)
            break;
    }
    return true;
}

static bool ask(const struct fetch *f, const struct uri *u, int *status, struct bw_buf *out,
                struct bw_err *e)
{
    struct http_field fields[FIELDS_MAX];
    struct http_ask ask = {.method = f->method ? f->method : "GET",
                           .uri = u,
                           .fields = fields,
                           .body = f->body,
                           .deadline = f->deadline};
    if (!split_fields(f->fields, fields, &ask.n_fields, e))
        return false;
    struct http_client *c = http_client_new();
    struct http_exchange *x = http_client_ask(c, &ask, e);
    bool ok = x && receive(x, status, out, e);
    if (x)
        http_exchange_free(x);
    http_client_free(c);
    return ok;
}

bool fetch(const struct fetch *f, int *status, struct bw_buf *out, struct bw_err *e)
{
    struct bw_arena a;
    struct uri u;
    bw_arena_init(&a);
    bool ok = uri_parse(&u, bw_cstr(f->url), &a, e) && ask(f, &u, status, out, e);
    bw_arena_release(&a);
    return ok;
}
