/* endpoint.h: one thing the server answers: method, path, function, and what documents, counts and
 * limits it. Also what matching a path to one finds. */
#ifndef REST_ENDPOINT_H
#define REST_ENDPOINT_H

#include <burrow/app.h>

#include "net/http.h"
#include "orm/table.h"

struct bw_req;

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
    unsigned m_requests[6], m_time, m_in_flight, m_received, m_sent;
};

#define ROUTE_PARTS 8

struct route_match {
    const struct endpoint *endpoint; /* NULL: none for this method */
    unsigned allowed; /* bit per http_method that this path takes; 0 = no such path */
    bw_str names[ROUTE_PARTS], parts[ROUTE_PARTS]; /* still percent-encoded */
    unsigned n_parts;
};

#endif
