/* fetch.h: one HTTP exchange for actions, probes and notices, by net/http_client; and mail by
 * libcurl (loaded when it is first needed) on a worker thread. Certificates are verified against
 * whom this machine trusts; SSL_CERT_FILE names others. */
#ifndef ANGEL_FETCH_H
#define ANGEL_FETCH_H

#include <burrow/buf.h>

struct fetch {
    const char *url;           /* http://, https://, http+unix:// */
    const char *method;        /* NULL: GET */
    const char *const *fields; /* "Name: value", NULL-terminated; may be NULL */
    bw_str body;
    int64_t deadline; /* monotonic ns */
};
/* *Waits.* Any status is a success; the answer's body is added to `out` up to its maximum (what is
 * more is left out; NULL: not wanted). */
bool fetch(const struct fetch *f, int *status, struct bw_buf *out, struct bw_err *e);

/* *Waits.* A mail through url (smtp://, smtps://), STARTTLS where the server has it. */
struct fetch_mail {
    const char *url, *user, *password; /* NULL: none */
    const char *from, *const *to;      /* NULL-terminated */
    bw_str text;                       /* with its header, CRLF */
    int64_t deadline;
};
bool fetch_mail(const struct fetch_mail *m, struct bw_err *e);

#endif
