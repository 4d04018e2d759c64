/* traceparent.h: W3C Trace Context (Recommendation, level 1): the two fields that carry a trace
 * from one program to the next. Pure. */
#ifndef CORE_TRACEPARENT_H
#define CORE_TRACEPARENT_H

#include <burrow/str.h>
#include <stdbool.h>

#define TRACEPARENT_TEXT 55 /* bytes of version 00 */
#define TRACESTATE_MAX   2048
#define TRACE_SAMPLED    0x01

struct traceparent {
    unsigned char trace[16], span[8];
    unsigned char flags;
};

/* Strict: lower case, no zero ids; a later version is read as far as it is known. */
bool traceparent_parse(struct traceparent *t, bw_str text);
void traceparent_write(const struct traceparent *t, char out[TRACEPARENT_TEXT + 1]);
/* One or more fields joined by commas: at most 32 members of different keys, at most TRACESTATE_MAX
 * bytes. What is not valid is not passed on. */
bool tracestate_valid(bw_str text);

#endif
