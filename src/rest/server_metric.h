/* server_metric.h: what a server tells of itself as metrics besides its requests. */
#ifndef REST_SERVER_METRIC_H
#define REST_SERVER_METRIC_H

struct bw_server;

void server_metric_begin(struct bw_server *s);
void server_metric_end(struct bw_server *s);

#endif
