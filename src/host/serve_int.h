/* serve_int.h: what host.c and serve.c share. */
#ifndef HOST_SERVE_INT_H
#define HOST_SERVE_INT_H

#include "host/host.h"

struct loops;
struct http_server;
struct signal_watch;

struct serving {
    struct host *host;
    struct loops *loops;
    struct http_server *http;
    struct signal_watch *signals[2];
    bool stopping;
};

#endif
