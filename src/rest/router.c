/* router.c: the tree of routes. A node's literals stand in a small hash table by their folded
 * text, so one probe finds exact and case-insensitive ones alike; the texts come from the registry,
 * never from a peer. The path is matched as it was sent; only a segment with a '%' is decoded for
 * the comparison, on the stack. Parts are handed out still encoded. */
#include "rest/router.h"

#include "core/near.h"

#define SEGMENT_MAX 256 /* decoded; no literal is longer */
#define DEPTH_MAX   32

struct leaf {
    const struct endpoint *endpoint;
    bw_str names[ROUTE_PARTS];
    unsigned n;
};

struct edge {
    bw_str text;
    bool fold;
    struct route_node *to; /* NULL: free slot */
};

struct route_node {
    struct edge *edges; /* cap is 0 or a power of two, at most half full */
    unsigned n, cap;
    struct route_node *part, *rest;
    const struct leaf *leaves[HTTP_OTHER + 1];
    unsigned allowed;
};

struct route_node *router_new(struct bw_arena *a)
{
    return BW_NEW(a, struct route_node);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Of four of its characters and the length: the table is the application's, nobody can aim at it,
 * and a collision costs a comparison. */
static unsigned hash(bw_str s)
{
    if (!s.n)
        return 0;
    const char ends[4] = {s.p[0], s.p[s.n / 3], s.p[s.n * 2 / 3], s.p[s.n - 1]};
    uint32_t four;
    memcpy(&four, ends, sizeof four);
    uint32_t h = ((four | 0x20202020u) + (uint32_t)s.n) * 2654435761u;
    return h >> 16 ^ h;
}

static bool same_folded(bw_str a, bw_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The decoded segment; p == NULL when it cannot be any literal. */
static bw_str plain(bw_str s, char room[SEGMENT_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (n == SEGMENT_MAX)
            return (bw_str){0};
        if (s.p[i] != '%') {
            room[n++] = s.p[i];
            continue;
        }
        int high = i + 2 < s.n ? digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? digit(s.p[i + 2]) : -1;
        if (low < 0)
            return (bw_str){0};
        room[n++] = (char)(high * 16 + low);
        i += 2;
    }
    return bw_str_of(room, n);
}

static const struct edge *find_plain(const struct route_node *n, bw_str text)
{
    if (!text.p)
        return NULL;
    for (unsigned i = hash(text) & (n->cap - 1); n->edges[i].to; i = (i + 1) & (n->cap - 1)) {
        const struct edge *d = &n->edges[i];
        if (bw_str_eq(d->text, text) || (d->fold && same_folded(d->text, text)))
            return d;
    }
    return NULL;
}

static const struct edge *find(const struct route_node *n, bw_str seg)
{
    if (!n->cap)
        return NULL;
    if (!memchr(seg.p, '%', seg.n))
        return find_plain(n, seg);
    char room[SEGMENT_MAX];
    return find_plain(n, plain(seg, room));
}

/* ---- building ---- */

static void place(struct route_node *n, struct edge d)
{
    unsigned i = hash(d.text) & (n->cap - 1);
    while (n->edges[i].to)
        i = (i + 1) & (n->cap - 1);
    n->edges[i] = d;
}

static void widen(struct route_node *n, struct bw_arena *a)
{
    struct edge *old = n->edges;
    unsigned old_cap = n->cap;
    n->cap = old_cap ? old_cap * 2 : 4;
    n->edges = BW_NEW_N(a, struct edge, n->cap);
    for (unsigned i = 0; i < old_cap; i++)
        if (old[i].to)
            place(n, old[i]);
}

/* "Foo" and a case-insensitive "foo" are one edge, so that the two cannot hide each other. */
static struct edge *find_twin(struct route_node *n, bw_str text, bool fold)
{
    for (unsigned i = 0; i < n->cap; i++) {
        struct edge *d = &n->edges[i];
        if (d->to && (d->fold || fold ? same_folded(d->text, text) : bw_str_eq(d->text, text)))
            return d;
    }
    return NULL;
}

static struct route_node *down_literal(struct route_node *n, struct bw_arena *a, bw_str text,
                                       bool fold)
{
    struct edge *twin = find_twin(n, text, fold);
    if (twin) {
        twin->fold |= fold;
        return twin->to;
    }
    if ((n->n + 1) * 2 > n->cap)
        widen(n, a);
    struct route_node *to = router_new(a);
    place(n, (struct edge){.text = text, .fold = fold, .to = to});
    n->n++;
    return to;
}

static bool part_name_ok(bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = lower(s.p[i]);
        if (!((c >= 'a' && c <= 'z') || c == '_' || (i && c >= '0' && c <= '9')))
            return false;
    }
    return s.n > 0;
}

static bool take_name(struct leaf *leaf, const char *path, bw_str name, struct bw_err *e)
{
    if (!part_name_ok(name))
        return bw_fail(e, BW_BAD, "path '%s': ':' and '*' need a name of letters, digits and '_'",
                       path);
    if (leaf->n == ROUTE_PARTS)
        return bw_fail(e, BW_BAD, "path '%s' has more than %d parts", path, ROUTE_PARTS);
    for (unsigned i = 0; i < leaf->n; i++)
        if (bw_str_eq(leaf->names[i], name))
            return bw_fail(e, BW_BAD, "path '%s' names two parts '%.*s'", path, BW_FMT(name));
    leaf->names[leaf->n++] = name;
    return true;
}

static struct route_node *down_part(struct route_node **child, struct bw_arena *a)
{
    if (!*child)
        *child = router_new(a);
    return *child;
}

static bool put_leaf(struct route_node *n, const struct leaf *leaf, struct bw_err *e)
{
    const struct endpoint *ep = leaf->endpoint;
    const struct leaf *there = n->leaves[ep->method];
    if (there)
        return bw_fail(e, BW_CONFLICT,
                       "%s %s (%s) is taken already by %s (%s); rename one of the two",
                       http_method_name(ep->method), ep->path, ep->id, there->endpoint->path,
                       there->endpoint->id);
    n->leaves[ep->method] = leaf;
    n->allowed |= 1u << ep->method | 1u << HTTP_OPTIONS;
    if (ep->method == HTTP_GET)
        n->allowed |= 1u << HTTP_HEAD;
    return true;
}

bool router_add(struct route_node *root, struct bw_arena *a, const struct endpoint *ep,
                struct route_fold fold, struct bw_err *e)
{
    bw_str rest = bw_cstr(ep->path), seg;
    if (rest.n == 0 || rest.p[0] != '/')
        return bw_fail(e, BW_BAD, "path '%s' must begin with '/'", rest.n ? ep->path : "");
    rest = bw_str_of(rest.p + 1, rest.n - 1);
    struct leaf *leaf = BW_NEW(a, struct leaf);
    leaf->endpoint = ep;
    struct route_node *n = root;
    for (unsigned i = 0; bw_str_cut(&rest, '/', &seg); i++) {
        bool named = seg.n && (seg.p[0] == ':' || seg.p[0] == '*');
        if (i == DEPTH_MAX || seg.n > SEGMENT_MAX)
            return bw_fail(e, BW_BAD, "path '%s' is too long", ep->path);
        if (named && !take_name(leaf, ep->path, bw_str_of(seg.p + 1, seg.n - 1), e))
            return false;
        if (named && seg.p[0] == '*' && rest.p)
            return bw_fail(e, BW_BAD, "path '%s': '%.*s' must be the last part", ep->path,
                           BW_FMT(seg));
        if (named)
            n = down_part(seg.p[0] == '*' ? &n->rest : &n->part, a);
        else
            n = down_literal(n, a, seg, i >= fold.from && i < fold.from + fold.count);
    }
    return put_leaf(n, leaf, e);
}

/* ---- matching ---- */

struct search {
    enum http_method method;
    struct route_match *out;
};

/* Cuts the next segment off; *rest is NULL behind the last. */
static bw_str cut(bw_str *rest)
{
    const char *slash = memchr(rest->p, '/', rest->n);
    bw_str seg = bw_str_of(rest->p, slash ? (size_t)(slash - rest->p) : rest->n);
    *rest = slash ? bw_str_of(slash + 1, rest->n - seg.n - 1) : (bw_str){0};
    return seg;
}

static bool arrive(const struct search *s, const struct route_node *n, unsigned parts)
{
    s->out->allowed |= n->allowed;
    const struct leaf *leaf = n->leaves[s->method];
    if (!leaf && s->method == HTTP_HEAD)
        leaf = n->leaves[HTTP_GET];
    if (!leaf)
        return false;
    s->out->endpoint = leaf->endpoint;
    s->out->n_parts = parts;
    memcpy(s->out->names, leaf->names, sizeof leaf->names[0] * parts);
    return true;
}

static bool descend(const struct search *s, const struct route_node *n, bw_str rest, unsigned parts)
{
    if (!rest.p)
        return arrive(s, n, parts);
    bw_str behind = rest, seg = cut(&behind);
    const struct edge *d = find(n, seg);
    if (d && descend(s, d->to, behind, parts))
        return true;
    if (n->part && seg.n) {
        s->out->parts[parts] = seg;
        if (descend(s, n->part, behind, parts + 1))
            return true;
    }
    if (!n->rest)
        return false;
    s->out->parts[parts] = rest;
    return arrive(s, n->rest, parts + 1);
}

void router_match(const struct route_node *root, enum http_method m, bw_str path,
                  struct route_match *out)
{
    out->endpoint = NULL;
    out->allowed = 0;
    out->n_parts = 0;
    if (path.n && path.p[0] == '/')
        descend(&(struct search){.method = m, .out = out}, root, bw_str_of(path.p + 1, path.n - 1),
                0);
}

/* ---- nearest ---- */

static bw_str nearest(const struct route_node *n, bw_str seg)
{
    struct near near;
    near_init(&near, seg);
    for (unsigned i = 0; i < n->cap; i++)
        if (n->edges[i].to)
            near_offer(&near, n->edges[i].text);
    return near.best;
}

void router_near(const struct route_node *root, bw_str path, struct bw_buf *out)
{
    if (path.n < 2 || path.p[0] != '/')
        return;
    const struct route_node *n = root;
    bw_str rest = bw_str_of(path.p + 1, path.n - 1);
    while (rest.p) {
        bw_str begin = rest, seg = cut(&rest), best;
        const struct edge *d = find(n, seg);
        if (d || (n->part && seg.n)) {
            n = d ? d->to : n->part;
            continue;
        }
        bw_str front = bw_str_of(path.p, (size_t)(begin.p - path.p));
        if (!seg.n && !rest.p && n->allowed) { /* a slash too many at the end */
            bw_buf_add(out, front.p, front.n - 1);
            return;
        }
        best = nearest(n, seg);
        if (!best.p)
            return;
        bw_buf_put(out, front);
        bw_buf_put(out, best);
        bw_buf_add(out, seg.p + seg.n, rest.p ? rest.n + 1 : 0);
        return;
    }
}
