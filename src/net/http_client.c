/* http_client.c: the client's pool of idle connections and the way a request begins: checked
 * (nothing a caller passes may end a line), framed, sent over a pooled or a new connection. What
 * follows is http_exchange.c's. */
#include "net/http_exchange_int.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/metric.h"
#include "net/fiber.h"
#include "net/http_chars.h"
#include "net/http_write.h"
#include "net/tls.h"

#define POOL_MAX 64
#define POOL_SPAN \
    (50 * CLOCK_SECOND)         /* below the 60 s and 75 s after which servers usually close */
#define COPIED_BODY (64 * 1024) /* kept for a second try */

struct http_client {
    struct list pool;          /* last used first */
    unsigned pooled, m_pooled; /* m_: metric series */
    struct tls_context *trust; /* NULL = whom this machine trusts */
};

struct http_client *http_client_new(void)
{
    struct http_client *c = malloc(sizeof *c);
    bw_must(c);
    list_init(&c->pool);
    c->pooled = 0;
    c->trust = NULL;
    c->m_pooled = metric_new(METRIC(http_client_pooled), "");
    return c;
}

bool http_client_trust(struct http_client *c, const char *ca, struct bw_err *e)
{
    struct tls_context *trust = tls_client_new(ca, e);
    if (!trust)
        return false;
    tls_context_free(c->trust);
    c->trust = trust;
    return true;
}

static struct carrier *unpool(struct http_client *c, struct list *n)
{
    struct carrier *k = LIST_OWNER(n, struct carrier, node);
    list_remove(n);
    c->pooled--;
    metric_add(c->m_pooled, -1);
    k->pool = NULL;
    return k;
}

static void close_carrier(struct carrier *k)
{
    k->kind->close(k);
}

void http_client_free(struct http_client *c)
{
    if (!c)
        return;
    while (!list_empty(&c->pool))
        close_carrier(unpool(c, c->pool.next));
    tls_context_free(c->trust);
    free(c);
}

void http_client_rest(struct http_client *c, struct carrier *k)
{
    bw_buf_release(&k->in);
    k->at = 0;
    k->kind->rest(k);
    k->rested = clock_mono();
    k->pool = c;
    list_push_front(&c->pool, &k->node);
    metric_add(c->m_pooled, 1);
    if (++c->pooled > POOL_MAX)
        close_carrier(unpool(c, c->pool.prev));
}

void http_client_drop(struct carrier *k)
{
    close_carrier(unpool(k->pool, &k->node));
}

/* One that can be used, or NULL. Closes those it meets that cannot. */
static struct carrier *pooled(struct http_client *c, const char *place)
{
    int64_t oldest = clock_mono() - POOL_SPAN;
    for (struct list *n = c->pool.next, *next; n != &c->pool; n = next) {
        struct carrier *k = LIST_OWNER(n, struct carrier, node);
        next = n->next;
        bool usable = k->rested >= oldest && k->kind->is_idle(k);
        if (usable && strcmp(k->place, place) != 0)
            continue;
        unpool(c, n);
        if (usable)
            return k;
        close_carrier(k);
    }
    return NULL;
}

bool carrier_is_tls(const struct uri *uri)
{
    return bw_str_ieq(uri->scheme, BW_LIT("https"));
}

void carrier_place(const struct uri *uri, char out[280])
{
    if (uri->is_unix)
        snprintf(out, 280, "%.*s", BW_FMT(uri->host));
    else
        snprintf(out, 280, "%s%.*s:%u", carrier_is_tls(uri) ? "tls:" : "", BW_FMT(uri->host),
                 uri->port);
}

struct carrier *carrier_open(struct http_client *c, const struct uri *uri, int64_t deadline,
                             struct bw_err *e)
{
    char host[256];
    struct tls_context *tls = NULL;
    if (uri->host.n == 0 || uri->host.n >= sizeof host) {
        bw_fail(e, BW_BAD, "a host name has 1 to %zu bytes", sizeof host - 1);
        return NULL;
    }
    memcpy(host, uri->host.p, uri->host.n);
    host[uri->host.n] = 0;
    unsigned port = uri->is_unix ? 0 : uri->port;
    bw_must(fiber_current() || !loop_current()); /* a loop's callback cannot wait */
    if (carrier_is_tls(uri)) {
        tls = c->trust ? c->trust : tls_client_shared(e);
        if (!tls)
            return NULL;
    }
    struct carrier *k = fiber_current() ? carrier_stream_open(host, port, tls, deadline, e)
                        : tls           ? carrier_tls_open(host, port, tls, deadline, e)
                                        : carrier_socket_open(host, port, deadline, e);
    if (k)
        carrier_place(uri, k->place);
    return k;
}

void carrier_compact(struct carrier *c)
{
    bw_buf_drop(&c->in, c->at);
    c->at = 0;
}

bool http_exchange_connect(struct http_exchange *x, bool fresh, struct bw_err *e)
{
    char place[280];
    carrier_place(&x->uri, place);
    x->carrier = fresh ? NULL : pooled(x->client, place);
    x->reused = x->carrier != NULL;
    if (!x->carrier)
        x->carrier = carrier_open(x->client, &x->uri, x->deadline, e);
    return x->carrier != NULL;
}

static bool all_in(bw_str s, unsigned classes)
{
    return http_chars_skip(s.p, s.p + s.n, classes) == s.p + s.n;
}

/* What we write ourselves, or what would frame the message anew. */
static bool is_ours(bw_str name)
{
    static const char *const ours[] = {
        "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (bw_str_ieq(name, bw_cstr(ours[i])))
            return true;
    return false;
}

static bool check_bytes(bw_str s, struct bw_err *e)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 127)
            return bw_fail(e, BW_BAD, "the path to ask for holds a byte that must be written %%XX");
    return true;
}

static bool check_target(bw_str s, struct bw_err *e)
{
    if (s.n && s.p[0] != '/' && !bw_str_eq(s, BW_LIT("*")))
        return bw_fail(e, BW_BAD, "the path to ask for does not begin with '/'");
    return check_bytes(s, e);
}

static bool check_ask(const struct http_ask *a, struct bw_err *e)
{
    if (!bw_str_ieq(a->uri->scheme, BW_LIT("http")) && !a->uri->is_unix && !carrier_is_tls(a->uri))
        return bw_fail(e, BW_BAD, "only http:// and https:// addresses can be asked, not %.*s://",
                       BW_FMT(a->uri->scheme));
    if (!a->method[0] || !all_in(bw_cstr(a->method), CHAR_TOKEN))
        return bw_fail(e, BW_BAD, "'%.40s' is no HTTP method", a->method);
    for (size_t i = 0; i < a->n_fields; i++) {
        const struct http_field *f = &a->fields[i];
        if (f->name.n == 0 || !all_in(f->name, CHAR_TOKEN))
            return bw_fail(e, BW_BAD, "a field name of the request is no HTTP token");
        if (is_ours(f->name))
            return bw_fail(e, BW_BAD, "the field '%.*s' is set by the client itself",
                           BW_FMT(f->name));
        if (!all_in(f->value, CHAR_FIELD))
            return bw_fail(e, BW_BAD, "the value of the field '%.*s' holds a control character",
                           BW_FMT(f->name));
    }
    return check_target(a->target.p ? a->target : a->uri->path, e) &&
           (a->target.p || check_bytes(a->uri->query, e));
}

static void write_host(struct bw_buf *b, const struct uri *u)
{
    bool v6 = bw_str_find(u->host, ':') < u->host.n;
    bw_buf_put(b, BW_LIT("Host: "));
    if (u->is_unix)
        bw_buf_put(b, BW_LIT("localhost"));
    else
        bw_buf_printf(b, v6 ? "[%.*s]" : "%.*s", BW_FMT(u->host));
    if (!u->is_unix && u->port != (carrier_is_tls(u) ? 443 : 80))
        bw_buf_printf(b, ":%u", u->port);
    bw_buf_put(b, BW_LIT("\r\n"));
}

static bool has_field(const struct http_ask *a, const char *name)
{
    return http_field_get(a->fields, a->n_fields, name).p != NULL;
}

static bool takes_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static void write_target(struct bw_buf *b, const struct http_ask *a)
{
    const struct uri *u = a->uri;
    bw_buf_put(b, bw_cstr(a->method));
    bw_buf_char(b, ' ');
    if (a->target.p) {
        bw_buf_put(b, a->target.n ? a->target : BW_LIT("/"));
    } else {
        bw_buf_put(b, u->path.n ? u->path : BW_LIT("/"));
        if (u->query.n)
            bw_buf_char(b, '?');
        bw_buf_put(b, u->query);
    }
    bw_buf_put(b, BW_LIT(" HTTP/1.1\r\n"));
}

/* What says whose doing this is, unless the caller says so himself. */
static void write_trace(struct bw_buf *b, const struct http_ask *a)
{
    struct trace_carried c;
    if (!trace_carry(&c))
        return;
    if (c.parent[0] && !has_field(a, "traceparent")) {
        http_write_field(b, BW_LIT("traceparent"), bw_cstr(c.parent));
        if (c.state.p && !has_field(a, "tracestate"))
            http_write_field(b, BW_LIT("tracestate"), c.state);
    }
    if (c.name[0] && !has_field(a, "x-request-id"))
        http_write_field(b, BW_LIT("X-Request-Id"), bw_cstr(c.name));
}

static void write_head(struct bw_buf *b, const struct http_ask *a)
{
    write_target(b, a);
    if (!has_field(a, "host"))
        write_host(b, a->uri);
    for (size_t i = 0; i < a->n_fields; i++)
        http_write_field(b, a->fields[i].name, a->fields[i].value);
    write_trace(b, a);
    if (a->body_length < 0)
        bw_buf_put(b, BW_LIT("Transfer-Encoding: chunked\r\n"));
    else if (a->body_length > 0)
        http_write_length(b, a->body_length);
    else if (a->body.n || takes_body(a->method))
        http_write_length(b, (int64_t)a->body.n);
    bw_buf_put(b, BW_LIT("\r\n"));
}

static bool is_idempotent(const char *method)
{
    return strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0 &&
           strcmp(method, "CONNECT") != 0;
}

static struct http_exchange *exchange_new(struct http_client *c, const struct http_ask *a)
{
    struct http_exchange *x = calloc(1, sizeof *x);
    bw_must(x);
    x->client = c;
    bw_arena_init(&x->arena);
    x->uri = (struct uri){.scheme = carrier_is_tls(a->uri) ? BW_LIT("https") : BW_LIT("http"),
                          .host = bw_arena_str(&x->arena, a->uri->host),
                          .port = a->uri->port,
                          .is_unix = a->uri->is_unix};
    x->deadline = a->deadline;
    x->to_head = strcmp(a->method, "HEAD") == 0;
    x->chunked_out = a->body_length < 0;
    x->left_out = a->body_length > 0 ? a->body_length : 0;
    x->may_retry = is_idempotent(a->method) && a->body_length == 0 && a->body.n <= COPIED_BODY;
    bw_buf_init(&x->out, LIMIT_HTTP_HEAD + LIMIT_HTTP_LINE + COPIED_BODY);
    return x;
}

struct http_exchange *http_client_ask(struct http_client *c, const struct http_ask *ask,
                                      struct bw_err *e)
{
    if (!check_ask(ask, e))
        return NULL;
    struct http_exchange *x = exchange_new(c, ask);
    x->span = span_begin("call", SPAN_CLIENT);
    span_rename(x->span, bw_cstr(ask->method));
    span_text(x->span, "http.request.method", bw_cstr(ask->method));
    span_text(x->span, "server.address", ask->uri->host);
    span_int(x->span, "server.port", ask->uri->port);
    write_head(&x->out, ask);
    bw_str later = ask->body;
    if (ask->body.n <= COPIED_BODY) {
        bw_buf_put(&x->out, ask->body);
        later = bw_str_of("", 0);
    }
    bool ok = bw_buf_ok(&x->out) || bw_fail(e, BW_TOOBIG, "the head of the request is too large");
    ok = ok && http_exchange_connect(x, false, e) && http_exchange_begin(x, later, e);
    if (!x->may_retry)
        bw_buf_release(&x->out);
    if (ok)
        return x;
    http_exchange_free(x);
    return NULL;
}
