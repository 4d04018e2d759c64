/* registry.h: everything the server answers, declared once: table routes, service methods, the
 * app's own routes, builtins (builtins.def). Routing, OpenAPI, metrics labels, Allow headers, and
 * later access, rate and cache rules and generated proxy rules, are all read from here. */
#ifndef REST_REGISTRY_H
#define REST_REGISTRY_H

#include "rest/endpoint.h"

struct route_node;

struct registry {
    struct endpoint **all; /* in declaration order */
    size_t n, cap;
    struct route_node *routes; /* how paths are matched: rest/router.h */
    unsigned root_parts;       /* segments of the root: names of tables and services come next */
    struct endpoint unmatched; /* where requests without an endpoint are counted */
    struct endpoint other;     /* and those to endpoints past LIMIT_METRIC_ROUTES */
    unsigned counted;          /* endpoints with series of their own, and the others */
    unsigned m_total;          /* metric series of all requests together */
    bool together;             /* all endpoints are counted as one */
    struct bw_arena *arena;
};

/* `root` as in server_opts: "api", "", "api/v1". Memory comes from the arena, for good. */
void registry_init(struct registry *r, const char *root, struct bw_arena *a);
/* One whose requests are counted apart and together: route="(admin)", burrow_admin_requests. */
void registry_init_admin(struct registry *r, struct bw_arena *a);
/* The endpoint is copied, its texts are borrowed. BW_CONFLICT when the same method and path stands
 * already. */
bool registry_add(struct registry *r, const struct endpoint *e, struct bw_err *err);
/* path still encoded. Table and service names match case-insensitively (segments under the root).
 */
void registry_match(const struct registry *r, enum http_method m, bw_str path,
                    struct route_match *out);
/* What a path that matched nothing may have meant: "/api/Article" for "/api/Artcle"; empty when
 * nothing is near. */
void registry_near(const struct registry *r, bw_str path, struct bw_buf *out);
/* Requests answered since the start of the process, over all endpoints. */
int64_t registry_requests(const struct registry *r);

#endif
