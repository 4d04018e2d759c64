/* rows.c: a list read record by record, fetched page by page behind the cursor the server gives.
 * The page being
 * read is held in an arena of its own; the texts of records go to the client's arena like all
 * others, and a caller who reads very long lists clears it on the way. */
#include "link/client_int.h"

#include "core/limits.h"
#include "core/uri.h"

struct bw_rows {
    struct bw_client *client;
    const struct table *table;
    struct bw_arena own; /* of the rows: the query */
    bw_str query;        /* without limit and after */
    int64_t left;        /* records still wanted; -1 = all */
    struct bw_arena page;
    struct bw_json_reader reader;
    bw_str cursor;
    struct bw_buf kept_cursor;
    bool open; /* a page is being read */
    bool last; /* no page behind this one */
};

/* The `after` parameter of the URL in `Link: <url>; rel="next"`. */
static bw_str next_cursor(bw_str link, struct bw_arena *a)
{
    if (!link.n || link.p[0] != '<')
        return (bw_str){.p = NULL};
    size_t end = bw_str_find(link, '>');
    bw_str url = bw_str_of(link.p + 1, end - 1), rest = bw_str_of(link.p + end, link.n - end), name,
           value;
    if (!memmem(rest.p, rest.n, "rel=\"next\"", 10))
        return (bw_str){.p = NULL};
    size_t mark = bw_str_find(url, '?');
    bw_str pairs = bw_str_of(url.p + mark, url.n - mark);
    if (pairs.n)
        pairs = bw_str_of(pairs.p + 1, pairs.n - 1);
    while (uri_query_next(&pairs, &name, &value))
        if (bw_str_eq(name, BW_LIT("after")))
            return uri_decode(a, value, false);
    return (bw_str){.p = NULL};
}

static bw_str page_target(struct bw_rows *r)
{
    struct bw_buf b;
    int64_t page = r->left >= 0 && r->left < LIMIT_LIST_DEFAULT ? r->left : LIMIT_LIST_DEFAULT;
    bw_buf_init(&b, LIMIT_HTTP_LINE);
    bw_buf_printf(&b, "%s/%.*s?%.*s%slimit=%lld", r->client->prefix, BW_FMT(r->table->name),
                  BW_FMT(r->query), r->query.n ? "&" : "", (long long)page);
    if (r->kept_cursor.n) {
        bw_buf_put(&b, BW_LIT("&after="));
        uri_encode(&b, bw_buf_str(&r->kept_cursor));
    }
    bw_str target = bw_arena_str(&r->page, bw_buf_str(&b));
    bw_buf_release(&b);
    return target;
}

/* Fetches a page; its answer lives in r->page. */
static bool fetch(struct bw_rows *r, struct bw_err *e)
{
    struct bw_client *c = r->client;
    struct bw_arena *usual = c->arena;
    struct client_answer answer;
    bw_arena_clear(&r->page);
    struct client_ask ask = {.method = "GET", .target = page_target(r)};
    c->arena = &r->page;
    bool ok = client_exchange(c, &ask, &answer, e);
    c->arena = usual;
    if (!ok)
        return false;
    bw_str cursor = next_cursor(answer.link, &r->page);
    bw_buf_clear(&r->kept_cursor);
    bw_buf_put(&r->kept_cursor, cursor);
    r->last = !cursor.n;
    bw_json_open(&r->reader, &r->page, answer.body);
    if (bw_json_next(&r->reader) != BW_JSON_ARRAY)
        return bw_json_refuse(&r->reader, "a list begins with '['"), bw_json_fail(&r->reader, e);
    r->open = true;
    return true;
}

struct bw_rows *bw_list(struct bw_client *c, const struct bw_query *q, struct bw_err *e)
{
    bw_str text;
    const struct table *t = client_table(c, q->table, e);
    if (!t || !query_text(q, &text, e))
        return NULL;
    struct bw_rows *r = calloc(1, sizeof *r);
    bw_must(r);
    r->client = c;
    r->table = t;
    r->left = q->limit ? q->limit : -1;
    bw_arena_init(&r->page);
    bw_arena_init(&r->own);
    bw_buf_init(&r->kept_cursor, LIMIT_HTTP_LINE);
    r->query = bw_arena_str(&r->own, text);
    if (!fetch(r, e)) {
        bw_rows_close(r);
        return NULL;
    }
    return r;
}

int bw_rows_next(struct bw_rows *r, void *rec, struct bw_err *e)
{
    while (r->left != 0) {
        if (!r->open && !fetch(r, e))
            return -1;
        /* The reader stands before an element or the end; look without consuming the object. */
        const char *p = r->reader.at;
        while (p < r->reader.end &&
               (*p == ' ' || *p == ',' || *p == '\n' || *p == '\r' || *p == '\t'))
            p++;
        if (p < r->reader.end && *p != ']') {
            if (!client_read(r->table, &r->reader, r->client->arena, rec, e))
                return -1;
            r->left -= r->left > 0;
            return 1;
        }
        if (bw_json_next(&r->reader) != BW_JSON_END)
            return bw_json_fail(&r->reader, e), -1;
        r->open = false;
        if (r->last)
            return 0;
    }
    return 0;
}

bw_str bw_rows_cursor(const struct bw_rows *r)
{
    return r->kept_cursor.n ? bw_buf_str(&r->kept_cursor) : (bw_str){.p = NULL};
}

void bw_rows_close(struct bw_rows *r)
{
    if (!r)
        return;
    bw_arena_release(&r->page);
    bw_arena_release(&r->own);
    bw_buf_release(&r->kept_cursor);
    free(r);
}

/* "items 0-19/5012" or "items * /5012" → 5012. */
static bool total_of(bw_str range, int64_t *n)
{
    size_t slash = bw_str_find(range, '/');
    return slash < range.n && bw_str_int(bw_str_of(range.p + slash + 1, range.n - slash - 1), n);
}

bool bw_count(struct bw_client *c, const struct bw_query *q, int64_t *n, struct bw_err *e)
{
    bw_str text;
    if (!query_text(q, &text, e))
        return false;
    struct client_answer answer;
    struct client_ask ask = {.method = "GET", .prefer = "count=exact"};
    ask.target = bw_arena_printf(c->arena, "%s/%s?%.*s%sselect=id&limit=1", c->prefix,
                                 q->table->name, BW_FMT(text), text.n ? "&" : "");
    if (!client_exchange(c, &ask, &answer, e))
        return false;
    return total_of(answer.range, n) ||
           bw_fail(e, BW_DOWN, "counting %s: the server told no total", q->table->name);
}
