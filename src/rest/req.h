/* req.h: one request inside the server: what the transport gave, what the steps found out, what the
 * handler uses (route.h is its public face). Lives on the fiber's stack, dies with the request. */
#ifndef REST_REQ_H
#define REST_REQ_H

#include "net/http.h"
#include "net/trace.h"
#include "rest/registry.h"
#include "rest/server.h"

#define REQ_PARAMS 64

struct log_field;

struct req_param {
    bw_str name, value; /* decoded */
};

struct bw_req {
    struct http_req *http;
    struct http_res *res;
    struct bw_server *server;
    const struct registry *registry; /* the server's, or its admin's */
    bool admin;                      /* by the admin socket: may be told everything */
    struct bw_arena *arena;          /* http->arena */
    struct route_match match;
    const struct endpoint *endpoint;
    struct req_param *params; /* of the query string, in order; by req_params */
    unsigned n_params;
    bool params_read;
    struct bw_json_writer json;          /* over res->body */
    struct faults *faults;               /* what a 422 tells field by field; NULL when none */
    void *client;                        /* link's in-process client of this request */
    int64_t began;                       /* monotonic ns */
    bool counted;                        /* in flight, by step route: step observe takes it back */
    struct bw_req *hand_next, **hand_at; /* in_hand.h */
    struct trace trace;                  /* it is current while the request is worked on */
    char name[40];                       /* of this request, by req_name; "" until asked */
};

/* The request's name in problems and log records: X-Request-Id when a peer gave a harmless one
 * (letters, digits, "-_.", at most 36), else a random UUID. */
const char *req_name(struct bw_req *rq);

/* The trace of the request as a last field of a log record; none when it belongs to none. */
struct log_field req_trace_field(struct bw_req *rq, char id[33]);

/* Reads the query string once; BW_BAD on a bad escape or more than REQ_PARAMS. */
bool req_params(struct bw_req *rq, struct bw_err *e);
bw_str req_param(struct bw_req *rq,
                 const char *name); /* first of that name, p == NULL when none or unreadable */
/* Fails with BW_BAD for a query parameter that is none of these (NULL-terminated), with "did you
 * mean". */
bool req_only_params(struct bw_req *rq, const char *const *known, struct bw_err *e);
bw_str req_part(const struct bw_req *rq, const char *name); /* path part, decoded */
/* A path part as record id: BW_MISSING when it is no positive int64. */
bool req_id(const struct bw_req *rq, int64_t *id, struct bw_err *e);
/* "Prefer: count=exact, return=representation" → value of one preference ("" when valueless), p ==
 * NULL when absent. RFC 7240. */
bw_str req_prefer(const struct bw_req *rq, const char *name);
/* Content-Type must be one of these (parameters ignored); BW_MEDIA names them. No body: fine. */
bool req_media(const struct bw_req *rq, const char *const *types, struct bw_err *e);

/* Sets Allow from what the path takes. */
void req_allow(struct bw_req *rq);

/* Answers with application/problem+json (RFC 9457) from an error: the only place where errors
 * become HTTP (problem.c). Sets what belongs to the status: Allow for 405, Retry-After for 503 and
 * 429. */
void problem_answer(struct bw_req *rq, const struct bw_err *e);
/* One failure among others in an answer (a write of a batch): an object with type, title, status,
 * detail and, from `f` (may be NULL), errors. What went wrong inside stays untold. */
void problem_write(struct bw_req *rq, const struct bw_err *e, const struct faults *f,
                   struct bw_json_writer *w);

#endif
