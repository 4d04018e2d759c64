/* registry.h: everything the server answers, declared once: table routes, service methods, the
 * app's own routes, builtins (builtins.def). Routing, OpenAPI, metrics labels, Allow headers, and
 * later access, rate and cache rules and generated proxy rules, are all read from here. */
#ifndef REST_REGISTRY_H
#define REST_REGISTRY_H

#include <burrow/app.h>

#include "net/http.h"
#include "orm/table.h"

struct bw_req;
struct route_node;

enum endpoint_kind { ENDPOINT_TABLE, ENDPOINT_METHOD, ENDPOINT_ROUTE, ENDPOINT_BUILTIN };

/* What documents one endpoint in OpenAPI beyond what its table or method says. */
struct endpoint_param {
    const char *name, *in /* "query" "header" "path" */, *schema /* JSON */, *help;
};

struct endpoint {
    enum endpoint_kind kind;
    enum http_method method;
    const char *path; /* template: "/api/Article/:id"; also its metrics label */
    bool alias; /* a second spelling of an endpoint told elsewhere: not in OpenAPI; counted with the
                   one of the same id */
    bool (*run)(struct bw_req *rq, struct bw_err *e);
    const char *id; /* operationId: "Article.list" */
    const char *help;
    struct table *table;              /* TABLE */
    const struct column *column;      /* TABLE blob routes */
    const struct bw_service *service; /* METHOD */
    const struct bw_method *rpc;
    const struct bw_route *route;        /* ROUTE */
    const struct endpoint_param *params; /* ended by name == NULL; may be NULL */
    const char *const *consumes; /* media types of the body, NULL-terminated; NULL = takes none */
    const char *produces;        /* media type, NULL = none or chosen by the handler */
    const char *body_schema, *answer_schema; /* JSON Schema texts for OpenAPI; NULL = what table,
                                                column or method say */
    size_t max_body;                         /* 0 = server's */
    bool open_while_starting; /* health and friends answer before ready and while draining */
    /* Rules per endpoint, filled by the steps that own them. */
    void *access, *rate, *cache;
    /* Metric series; m_requests by status class 0..5 (0 and 1 do not happen: counted as 5). */
    unsigned m_requests[6], m_time, m_in_flight;
};

struct registry {
    struct endpoint **all; /* in declaration order */
    size_t n, cap;
    struct route_node *routes; /* how paths are matched: rest/router.h */
    unsigned root_parts;       /* segments of the root: names of tables and services come next */
    struct endpoint unmatched; /* where requests without an endpoint are counted */
    unsigned m_total;          /* metric series of all requests together */
    struct bw_arena *arena;
};

#define ROUTE_PARTS 8

struct route_match {
    const struct endpoint *endpoint; /* NULL: none for this method */
    unsigned allowed; /* bit per http_method that this path takes; 0 = no such path */
    bw_str names[ROUTE_PARTS], parts[ROUTE_PARTS]; /* still percent-encoded */
    unsigned n_parts;
};

/* `root` as in server_opts: "api", "", "api/v1". Memory comes from the arena, for good. */
void registry_init(struct registry *r, const char *root, struct bw_arena *a);
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
