/* http_accept.h: lists with qualities, as in Accept and Accept-Encoding (RFC 9110 §12.4.2). Pure.
 */
#ifndef NET_HTTP_ACCEPT_H
#define NET_HTTP_ACCEPT_H

#include <burrow/str.h>

/* Cuts the next non-empty item off *rest: its text without parameters, and its quality in
 * thousandths (1000 when none is given or it is malformed). False at the end. */
bool http_quality_next(bw_str *rest, bw_str *item, int *quality);

#endif
