/* route.h: C functions on a request. Paths are written whole: "/api/stats/:category"; a part that
 * begins with ':' matches one path segment, a last part "*name" the rest. More literal routes win.
 */
#ifndef BURROW_ROUTE_H
#define BURROW_ROUTE_H

#include <burrow/service.h>

struct bw_req;

/* Runs on a fiber; may wait. On failure the error becomes the answer, unless streaming had begun.
 */
typedef bool bw_route_fn(struct bw_req *rq, struct bw_err *e);

struct bw_route {
    const char *method; /* "GET" (HEAD comes with it), "POST", … */
    const char *path;
    bw_route_fn *run;
    const char *help;
    size_t max_body; /* bytes; 0 = the server's setting */
};

BW_API bw_str bw_req_method(const struct bw_req *rq);
BW_API bw_str bw_req_path(const struct bw_req *rq); /* decoded */
BW_API bw_str bw_req_part(struct bw_req *rq,
                          const char *name); /* of the path, decoded; p == NULL when none */
BW_API bw_str bw_req_query(struct bw_req *rq,
                           const char *name); /* first of that name, decoded; p == NULL when none */
BW_API bw_str bw_req_header(const struct bw_req *rq,
                            const char *name); /* combined fields by ", "; p == NULL when none */
BW_API bool bw_req_body(struct bw_req *rq, bw_str *body,
                        struct bw_err *e); /* *Waits.* the whole, up to the limit */
BW_API bool bw_req_read(struct bw_req *rq, bw_str *chunk,
                        struct bw_err *e); /* *Waits.* next piece, n == 0 at the end */
BW_API struct bw_client *bw_req_client(struct bw_req *rq); /* in-process, arena of the request */
BW_API struct bw_arena *bw_req_arena(struct bw_req *rq);
BW_API struct bw_server *bw_req_server(struct bw_req *rq);

/* The answer. 200 unless said; each returns true so that it can end a handler. */
BW_API bool bw_reply_status(struct bw_req *rq, int status);
BW_API bool bw_reply_header(struct bw_req *rq, const char *name, bw_str value);
BW_API bool bw_reply(struct bw_req *rq, const char *content_type, bw_str body); /* copied */
/* A JSON writer over the answer's body; content type application/json. */
BW_API struct bw_json_writer *bw_reply_json(struct bw_req *rq);
/* *Waits.* Sends what has been written so far when it is more than a bound; streams from then on.
 */
BW_API bool bw_reply_flush(struct bw_req *rq, struct bw_err *e);
BW_API bool bw_reply_write(struct bw_req *rq, bw_str bytes, struct bw_err *e); /* *Waits.* */

#endif
