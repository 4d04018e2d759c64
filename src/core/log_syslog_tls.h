/* log_syslog_tls.h: syslog over TLS (RFC 5425): a connected socket becomes a channel whose other
 * end has proven its name. Blocks the log's writer for a second at a time at most. Private to core.
 */
#ifndef CORE_LOG_SYSLOG_TLS_H
#define CORE_LOG_SYSLOG_TLS_H

#include "core/log.h"

struct syslog_tls;

/* The handshake, on a non-blocking socket that stays the caller's. `host`: whose name or address
 * the certificate must hold. NULL on failure. */
struct syslog_tls *syslog_tls_open(int fd, const char *host, const struct log_opts *o,
                                   struct bw_err *e);
bool syslog_tls_send(struct syslog_tls *t, bw_str bytes);
/* Has the other end closed it? */
bool syslog_tls_gone(struct syslog_tls *t);
void syslog_tls_close(struct syslog_tls *t); /* NULL is fine */

#endif
