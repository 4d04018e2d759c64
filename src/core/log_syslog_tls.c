/* log_syslog_tls.c: see log_syslog_tls.h. Trust and keys are read anew for each connection, so that
 * renewed certificates are found by the next one. */
#include "core/log_syslog_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "core/clock.h"

struct syslog_tls {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
};

static bool fail(struct bw_err *e, const char *doing, const char *on)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return bw_fail(e, BW_BAD, "%s %s: %s", doing, on, why ? why : "the other end gave no answer");
}

static bool is_said(const char *file)
{
    return file && *file;
}

/* Whom to trust, and who we are when the other end asks. */
static bool load(SSL_CTX *ctx, const struct log_opts *o, struct bw_err *e)
{
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (!is_said(o->syslog_ca))
        SSL_CTX_set_default_verify_paths(ctx);
    else if (SSL_CTX_load_verify_file(ctx, o->syslog_ca) != 1)
        return fail(e, "reading log.syslog_ca", o->syslog_ca);
    if (!is_said(o->syslog_cert))
        return true;
    const char *key = is_said(o->syslog_key) ? o->syslog_key : o->syslog_cert;
    if (SSL_CTX_use_certificate_chain_file(ctx, o->syslog_cert) != 1)
        return fail(e, "reading log.syslog_cert", o->syslog_cert);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return fail(e, "reading log.syslog_key", key);
    return true;
}

static bool expect(SSL *ssl, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
        return true;
    ERR_clear_error();
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* What `result` of a call on ssl asks for; false when it is over, or nothing came in time. */
static bool go_on(const struct syslog_tls *t, int result, int64_t deadline)
{
    int want = SSL_get_error(t->ssl, result);
    int64_t left = (deadline - clock_mono()) / CLOCK_MS;
    if ((want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE) || left <= 0)
        return false;
    short events = want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    return poll(&(struct pollfd){.fd = t->fd, .events = events}, 1, (int)left) > 0;
}

static bool shake_hands(struct syslog_tls *t, const char *host, struct bw_err *e)
{
    int64_t deadline = clock_mono() + CLOCK_SECOND;
    int r;
    while ((r = SSL_connect(t->ssl)) != 1)
        if (!go_on(t, r, deadline))
            break;
    if (r == 1)
        return true;
    long verdict = SSL_get_verify_result(t->ssl);
    if (verdict != X509_V_OK) {
        ERR_clear_error();
        return bw_fail(e, BW_BAD,
                       "the certificate of the syslog server %s is not trusted: %s; log.syslog_ca "
                       "may name who has signed it",
                       host, X509_verify_cert_error_string(verdict));
    }
    return fail(e, "TLS with the syslog server", host);
}

struct syslog_tls *syslog_tls_open(int fd, const char *host, const struct log_opts *o,
                                   struct bw_err *e)
{
    struct syslog_tls *t = calloc(1, sizeof *t);
    bw_must(t);
    ERR_clear_error();
    t->fd = fd;
    t->ctx = SSL_CTX_new(TLS_client_method());
    bw_must(t->ctx);
    bool ok = load(t->ctx, o, e);
    if (ok) {
        t->ssl = SSL_new(t->ctx);
        bw_must(t->ssl && SSL_set_fd(t->ssl, fd) == 1);
        ok = expect(t->ssl, host) ? shake_hands(t, host, e)
                                  : fail(e, "expecting the syslog server", host);
    }
    if (ok)
        return t;
    syslog_tls_close(t);
    return NULL;
}

bool syslog_tls_send(struct syslog_tls *t, bw_str bytes)
{
    int64_t deadline = clock_mono() + CLOCK_SECOND;
    size_t sent;
    ERR_clear_error();
    while (SSL_write_ex(t->ssl, bytes.p, bytes.n, &sent) != 1)
        if (!go_on(t, 0, deadline))
            return false;
    return true;
}

bool syslog_tls_gone(struct syslog_tls *t)
{
    char byte;
    ERR_clear_error();
    /* Reading also takes in what TLS itself has to say: tickets, new keys. */
    int r = SSL_read(t->ssl, &byte, 1);
    return r <= 0 && SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ;
}

void syslog_tls_close(struct syslog_tls *t)
{
    if (!t)
        return;
    ERR_clear_error();
    if (t->ssl && SSL_is_init_finished(t->ssl))
        SSL_shutdown(t->ssl); /* tells the other end that this was all */
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    free(t);
}
