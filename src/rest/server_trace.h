/* server_trace.h: the end of a request's trace. */
#ifndef REST_SERVER_TRACE_H
#define REST_SERVER_TRACE_H

struct bw_req;

void server_trace_end(struct bw_req *rq);

#endif
