/* tls.h: TLS 1.2 and 1.3 by OpenSSL, without input or output of its own: contexts (who we are, whom
 * we trust) and sessions, which turn plain bytes into those of the wire and back. stream_tls.c
 * carries sessions over streams, http_carrier_tls.c over blocking sockets. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <burrow/buf.h>

struct tls_context;

struct tls_server_opts {
    const char *cert;  /* PEM: our certificate, behind it those that vouch for it */
    const char *key;   /* PEM; NULL or "": in the file of the certificate */
    int64_t handshake; /* ns a client has for its handshake; 0 = 10 s */
};

/* A context looks at its files again when connections begin: a renewed certificate is used without
 * a restart. Files that are no good are told to the log once, and what was read before stays in
 * use. Any thread. */
struct tls_context *tls_server_new(const struct tls_server_opts *o, struct bw_err *e);
/* Servers must show a certificate for the name they are called by, from somebody trusted: those in
 * the PEM file `ca`, or when that is NULL, whom this machine trusts (SSL_CERT_FILE and SSL_CERT_DIR
 * are heeded). */
struct tls_context *tls_client_new(const char *ca, struct bw_err *e);
/* The client of those who say nothing about trust, made when first asked for, never freed. */
struct tls_context *tls_client_shared(struct bw_err *e);
void tls_context_free(struct tls_context *c); /* sessions live on; NULL is fine */
/* ns; of servers only. */
int64_t tls_handshake_span(const struct tls_context *c);

/* ---- sessions: of one thread at a time ---- */

struct tls;

enum tls_did {
    TLS_DONE,
    TLS_MORE, /* nothing can be done before more has come */
    TLS_END,  /* the peer has said that this was all */
    TLS_FAILED
};

#define TLS_RECORD (16 * 1024) /* plain bytes in one piece of the wire, at most */

/* host: of a client, the name or address it has called; NULL for a server. */
struct tls *tls_new(struct tls_context *c, const char *host, struct bw_err *e);
void tls_free(struct tls *t); /* NULL is fine */

/* What is to be sent after any of the calls below; the caller takes it out. */
struct bw_buf *tls_out(struct tls *t);
/* A step of the handshake. What is used of *in is cut off; TLS_MORE leaves nothing of it. A failed
 * one may have left an alert to send. */
enum tls_did tls_shake(struct tls *t, bw_str *in, struct bw_err *e);
/* The next plain bytes, at least one with TLS_DONE; out has room for TLS_RECORD. */
enum tls_did tls_read(struct tls *t, bw_str *in, char *out, size_t *n, struct bw_err *e);
/* After the handshake; TLS_RECORD bytes at a time serve best. */
bool tls_write(struct tls *t, bw_str plain, struct bw_err *e);
void tls_end(struct tls *t); /* says that this was all; reading may go on */
/* The handshake has failed, for the peer speaks HTTP without TLS. */
bool tls_met_http(const struct tls *t);

#endif
