/* trace_int.h: a recorded trace, between trace.c (which fills it) and otlp.c (which sends it). */
#ifndef NET_TRACE_INT_H
#define NET_TRACE_INT_H

#include <burrow/arena.h>

#include "net/trace.h"

#define TRACE_SPANS 256 /* of one trace; more are lost, and counted */
#define SPAN_ATTRS  8

struct span_attr {
    const char *key;
    bw_str text; /* p == NULL: a number */
    int64_t number;
};

struct span_data {
    unsigned char id[8], parent[8]; /* parent all 0: none */
    unsigned before;                /* index + 1 of the span that was open */
    bw_str name;
    enum span_kind kind;
    int64_t began, ended; /* monotonic ns; 0: not ended */
    bool failed;
    bw_str why;
    unsigned n_attrs;
    struct span_attr attrs[SPAN_ATTRS];
};

struct trace_record {
    struct trace_record *next; /* the taker's */
    uint64_t serial;
    struct traceparent id; /* span: the caller's, all 0 when there is none */
    bw_str state;
    int64_t wall; /* what makes monotonic ns nanoseconds since 1970 */
    struct bw_arena arena;
    struct span_data *spans;
    unsigned n, cap;
    unsigned open; /* index + 1 of the innermost span that is not ended */
};

#endif
