/* trace.h: the trace a request belongs to: what came with it (W3C Trace Context), and, when
 * somebody takes them (net/otlp.h), spans: its steps, its queries, its calls of others.
 *
 * A trace is current on the fiber that works on its request (on a plain thread: on that thread).
 * While the writer runs a write, the fiber waits for sure, and the writer's thread has the trace
 * (trace_enter): so one thread at a time touches it, and there is no lock.
 * When nobody takes spans, a request pays for a pointer stored; what came with it is read only when
 * asked for. */
#ifndef NET_TRACE_H
#define NET_TRACE_H

#include <stdatomic.h>

#include "core/traceparent.h"
#include "net/http.h"

struct trace_record;

/* A span by number, so that one kept too long does no harm. {0}: none, and all calls do nothing. */
struct span {
    uint64_t record;
    unsigned index;
};

enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 }; /* as in OTLP */

struct trace {
    struct trace *outer;       /* the one that was current before: of who calls in this process */
    const struct http_req *rq; /* its fields tell what came */
    const char *name;          /* of the request, "" = none (yet) */
    /* Gives it a name now, when it has none yet; set behind trace_begin, NULL = it stays so. */
    const char *(*draw_name)(struct trace *t);
    struct trace_record *record; /* NULL: not recorded */
    struct span root;
    bool looked, came; /* traceparent has been read; it was there and valid */
    struct traceparent in;
    bw_str state; /* tracestate, p == NULL none */
};

/* t is current until trace_end; both on the same fiber. name must live as long. */
void trace_begin(struct trace *t, const struct http_req *rq, const char *name);
/* The spans go to who takes them. */
void trace_end(struct trace *t);
struct trace *trace_current(void); /* NULL when none */
/* t (may be NULL) becomes the current one here; gives back the one before. */
struct trace *trace_enter(struct trace *t);
/* Of the request being worked on here, "" or NULL when there is none: for log_name_requests. */
const char *trace_request_name(void);
/* 32 hex digits, "" when the request belongs to no trace. */
void trace_id(struct trace *t, char out[33]);

/* What a call of another program carries: false when there is nothing to carry. */
struct trace_carried {
    char parent[TRACEPARENT_TEXT + 1]; /* "" none */
    bw_str state;                      /* p == NULL none */
    const char *name;                  /* X-Request-Id; "" none */
};
bool trace_carry(struct trace_carried *out);

/* ---- spans of the current trace; times and parents are found out ---- */

struct span span_begin(const char *name, enum span_kind kind); /* the name must live for ever */
void span_rename(struct span s, bw_str name);                  /* copied, as all texts */
void span_text(struct span s, const char *key, bw_str value);
void span_int(struct span s, const char *key, int64_t value);
void span_fail(struct span s, bw_str why); /* "" = the other attributes tell */
void span_end(struct span s);

/* ---- for who takes the spans ---- */

struct trace_opts {
    bool by_parent; /* a caller's decision counts; else the ratio alone */
    double ratio;   /* of the traces that begin here, 0 … 1 */
    /* Any thread; must not wait. The record is its own from here on: trace_record_free. */
    void (*take)(struct trace_record *r);
};
/* Copied; NULL: nobody takes any more. No request may be in hand when it changes. */
void trace_record_to(const struct trace_opts *o);
void trace_record_free(struct trace_record *r);

#endif
