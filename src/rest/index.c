/* index.c: the front page. Tables, services and routes with the paths to try; whoever opens the
 * server in a browser finds the way from here. No script, nothing from elsewhere: the page's
 * policy forbids both. */
#include "rest/index.h"

#include "rest/req.h"

static const char head[] =
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
    "content='width=device-width,initial-scale=1'><style>"
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{margin:0}h2{margin:2rem 0 .5rem;font-size:1.1rem}p{margin:.25rem 0 0;opacity:.75}"
    "table{border-collapse:collapse;width:100%}"
    "td{padding:.4rem .75rem .4rem 0;border-top:1px solid #8884;vertical-align:top}"
    "td:first-child{white-space:nowrap;width:16rem}"
    "code{font:.9em ui-monospace,monospace}small{opacity:.75}</style>";

/* ---- HTML ---- */

static void escaped(struct bw_buf *out, bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const char *name = s.p[i] == '<'   ? "&lt;"
                           : s.p[i] == '>' ? "&gt;"
                           : s.p[i] == '&' ? "&amp;"
                           : s.p[i] == '"' ? "&quot;"
                                           : NULL;
        if (name)
            bw_buf_put(out, bw_cstr(name));
        else
            bw_buf_char(out, s.p[i]);
    }
}

static void put(struct bw_buf *out, const char *before, const char *text, const char *behind)
{
    bw_buf_put(out, bw_cstr(before));
    escaped(out, bw_cstr(text ? text : ""));
    bw_buf_put(out, bw_cstr(behind));
}

static void heading(struct bw_buf *out, const char *text)
{
    put(out, "<h2>", text, "</h2><table>");
}

static void fields(struct bw_buf *out, const struct table *t)
{
    bw_buf_put(out, BW_LIT("<td><small>"));
    for (unsigned i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (c->hidden)
            continue;
        put(out, i ? ", " : "", c->name.p, " <i>");
        bw_buf_put(out, bw_cstr(type_name(c->f ? c->f->type : c->type)));
        if (c->ref)
            put(out, " → ", c->ref->def->name, "");
        bw_buf_put(out, BW_LIT("</i>"));
    }
    bw_buf_put(out, BW_LIT("</small>"));
}

static void link_to(struct bw_buf *out, const struct endpoint *ep)
{
    bool asks = strchr(ep->path, ':') || strchr(ep->path, '*') ||
                (ep->rpc && ep->rpc->in && ep->rpc->in->name);
    bool link = ep->method == HTTP_GET && !asks;
    put(out, "<tr><td><code>", http_method_name(ep->method), " ");
    if (link)
        put(out, "<a href=\"", ep->path, "\">");
    put(out, "", ep->path, link ? "</a></code><td>" : "</code><td>");
    put(out, "", ep->help, "\n");
}

static bool offers(const struct bw_server *s, enum endpoint_kind kind)
{
    for (size_t i = 0; i < s->registry.n; i++)
        if (s->registry.all[i]->kind == kind && !s->registry.all[i]->alias)
            return true;
    return false;
}

static void endpoints(struct bw_buf *out, const struct bw_server *s, enum endpoint_kind kind,
                      const char *title)
{
    if (!offers(s, kind))
        return;
    heading(out, title);
    for (size_t i = 0; i < s->registry.n; i++)
        if (s->registry.all[i]->kind == kind && !s->registry.all[i]->alias)
            link_to(out, s->registry.all[i]);
    bw_buf_put(out, BW_LIT("</table>"));
}

static void tables(struct bw_buf *out, const struct bw_server *s)
{
    if (!s->model.n_tables)
        return;
    const char *root = s->opts.root;
    heading(out, "Tables");
    for (unsigned i = 0; i < s->model.n_tables; i++) {
        const struct table *t = &s->model.tables[i];
        put(out, "<tr><td><a href=\"/", root, *root ? "/" : "");
        put(out, "", t->def->name, "?limit=20\">");
        put(out, "", t->def->name, "</a>");
        if (t->def->help)
            put(out, "<br><small>", t->def->help, "</small>");
        fields(out, t);
        bw_buf_char(out, '\n');
    }
    bw_buf_put(out, BW_LIT("</table>"));
}

static void page(struct bw_buf *out, const struct bw_server *s)
{
    bw_buf_put(out, bw_cstr(head));
    put(out, "<title>", s->app->name, "</title>");
    put(out, "<h1>", s->app->name, "</h1><p>");
    put(out, "", s->app->help, " ");
    put(out, "Version ", s->app->version ? s->app->version : "0", ", served by Burrow.</p>\n");
    tables(out, s);
    endpoints(out, s, ENDPOINT_METHOD, "Services");
    endpoints(out, s, ENDPOINT_ROUTE, "Routes");
    endpoints(out, s, ENDPOINT_BUILTIN, "Server");
}

/* ---- JSON ---- */

static void list(struct bw_json_writer *w, const struct bw_server *s)
{
    const char *root = s->opts.root;
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(s->app->name));
    bw_json_put_text(w, "version", bw_cstr(s->app->version ? s->app->version : "0"));
    bw_json_key(w, BW_LIT("endpoints"));
    bw_json_array(w);
    for (size_t i = 0; i < s->registry.n; i++) {
        const struct endpoint *ep = s->registry.all[i];
        if (ep->alias)
            continue;
        bw_json_object(w);
        bw_json_put_text(w, "method", bw_cstr(http_method_name(ep->method)));
        bw_json_put_text(w, "path", bw_cstr(ep->path));
        bw_json_end(w);
    }
    bw_json_end(w);
    bw_json_key(w, BW_LIT("openapi"));
    struct bw_arena a;
    bw_arena_init(&a);
    bw_json_text(w, bw_arena_printf(&a, "/%s%sopenapi.json", root, *root ? "/" : ""));
    bw_arena_release(&a);
    bw_json_end(w);
}

static bool run(struct bw_req *rq, struct bw_err *e)
{
    bw_str accept = bw_req_header(rq, "accept");
    bw_reply_header(rq, "Vary", BW_LIT("Accept"));
    /* Named, not merely let through by a wildcard: those are programs. */
    bool browser = false;
    for (size_t i = 0; accept.p && i + 9 <= accept.n && !browser; i++)
        browser = bw_str_ieq(bw_str_of(accept.p + i, 9), BW_LIT("text/html"));
    if (browser && http_accepts(accept, "text/html")) {
        page(rq->res->body, rq->server);
        bw_reply_header(rq, "Content-Security-Policy",
                        BW_LIT("default-src 'none'; style-src 'unsafe-inline'"));
        return bw_reply_header(rq, "Content-Type", BW_LIT("text/html; charset=utf-8"));
    }
    if (!http_accepts(accept, "application/json"))
        return bw_fail(e, BW_ACCEPT, "this path answers with application/json or text/html");
    list(bw_reply_json(rq), rq->server);
    return true;
}

static const struct endpoint front = {
    .kind = ENDPOINT_BUILTIN,
    .method = HTTP_GET,
    .path = "/",
    .run = run,
    .id = "index",
    .help = "What this server offers: a page for a browser, JSON for others.",
    .answer_schema = "{\"type\":\"object\"}",
};

bool index_register(struct bw_server *s, struct bw_err *e)
{
    struct route_match m = {0};
    registry_match(&s->registry, HTTP_GET, BW_LIT("/"), &m);
    return m.endpoint || registry_add(&s->registry, &front, e);
}
