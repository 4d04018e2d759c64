/* http_server_pack.c: content codings of answers. An answer is coded when its type is text-like, it
 * is 1 KiB or longer, or streamed without a length, and the peer takes a coding. Its ETag is told
 * apart by a suffix inside the quotes; who compares ETags drops it again. */
#include "net/http_server_int.h"

#define WORTH_LENGTH 1024
#define SLICE        (64 * 1024) /* about half a millisecond */

static void vary(struct http_res *rs)
{
    bw_str now = http_res_get(rs, "vary");
    if (!now.p)
        http_res_field(rs, "Vary", BW_LIT("Accept-Encoding"));
    else if (!bw_str_eq(now, BW_LIT("*")))
        http_res_set(rs, "Vary",
                     bw_arena_printf(rs->rq->arena, "%.*s, Accept-Encoding", BW_FMT(now)));
}

static bool worth(struct http_work *w, int64_t length)
{
    struct http_res *rs = &w->rs;
    if (!w->conn->worker->server->o.compress || rs->no_compress || rs->status == 206 ||
        (length >= 0 && length < WORTH_LENGTH))
        return false;
    bw_str type = http_res_get(rs, "content-type");
    return type.p && compress_worth(type) && !http_res_get(rs, "content-encoding").p &&
           !http_res_get(rs, "content-range").p;
}

enum coding http_pack_choose(struct http_work *w, int64_t length)
{
    if (!worth(w, length))
        return CODING_NONE;
    vary(&w->rs);
    return compress_choose(http_req_field(&w->rq, "accept-encoding"));
}

static void coded_tag(struct http_res *rs, const char *name)
{
    bw_str tag = http_res_get(rs, "etag");
    if (tag.n >= 2 && tag.p[tag.n - 1] == '"')
        http_res_set(rs, "ETag",
                     bw_arena_printf(rs->rq->arena, "%.*s-%s\"", (int)tag.n - 1, tag.p, name));
}

static void coded_fields(struct http_work *w, enum coding c)
{
    const char *name = compress_name(c);
    http_res_field(&w->rs, "Content-Encoding", bw_cstr(name));
    coded_tag(&w->rs, name);
}

void http_pack_tell(struct http_work *w, int64_t length)
{
    enum coding c = http_pack_choose(w, length);
    if (c != CODING_NONE)
        coded_tag(&w->rs, compress_name(c));
}

static struct compress *take_coder(struct http_worker *k, enum coding c)
{
    struct compress *z = k->coders[c];
    k->coders[c] = NULL;
    return z ? z : compress_new(c);
}

static void give_coder(struct http_worker *k, struct compress *z)
{
    struct compress **place = &k->coders[compress_coding(z)];
    if (*place) {
        compress_free(z);
        return;
    }
    compress_restart(z);
    *place = z;
}

/* *Waits.* between slices, so that a large body does not hold up the loop. */
static bool pack_slices(struct compress *z, bw_str body, struct bw_buf *out)
{
    while (body.n > SLICE) {
        if (!compress_add(z, bw_str_of(body.p, SLICE), COMPRESS_MORE, out))
            return false;
        body = bw_str_of(body.p + SLICE, body.n - SLICE);
        fiber_yield();
    }
    return compress_add(z, body, COMPRESS_END, out);
}

void http_pack_whole(struct http_work *w, bw_str *body)
{
    struct http_worker *k = w->conn->worker;
    enum coding c = http_pack_choose(w, (int64_t)body->n);
    if (c == CODING_NONE)
        return;
    struct compress *z = take_coder(k, c);
    bool ok = pack_slices(z, *body, &w->packed) && w->packed.n < body->n;
    give_coder(k, z);
    if (!ok)
        return;
    *body = bw_buf_str(&w->packed);
    coded_fields(w, c);
}

void http_pack_begin(struct http_work *w, enum coding c)
{
    if (c == CODING_NONE)
        return;
    w->coder = take_coder(w->conn->worker, c);
    coded_fields(w, c);
}

void http_pack_end(struct http_work *w)
{
    if (w->coder)
        give_coder(w->conn->worker, w->coder);
    w->coder = NULL;
}
