/* router.h: from a path to its endpoint: a tree with one level per path segment. At each level a
 * literal beats ":part", which beats "*rest"; where the better one leads to no endpoint for the
 * method, the next is tried, so GET /a/all and POST /a/:id may both be asked for "/a/all".
 * Built at start, read-only after that. */
#ifndef REST_ROUTER_H
#define REST_ROUTER_H

#include "rest/endpoint.h"

struct route_node;

/* Segments fold_from … fold_from + folds - 1 that are literals match case-insensitively. */
struct route_fold {
    unsigned from, count;
};

struct route_node *router_new(struct bw_arena *a);
/* BW_BAD for a template that is none, BW_CONFLICT when method and path are taken. */
bool router_add(struct route_node *root, struct bw_arena *a, const struct endpoint *ep,
                struct route_fold fold, struct bw_err *e);
void router_match(const struct route_node *root, enum http_method m, bw_str path,
                  struct route_match *out);
/* The first segment that leads nowhere, replaced by the nearest literal that stands there; nothing
 * is added when none is near. */
void router_near(const struct route_node *root, bw_str path, struct bw_buf *out);

#endif
