/* tls_session.c: a session's bytes. OpenSSL reads from what the caller lends for the call and
 * writes into `out`, by a BIO of our own: nothing is copied that need not be, and an idle session
 * owns no buffer. */
#include "net/tls_int.h"

#include <openssl/err.h>
#include <pthread.h>

#define OUT_MAX (64u * 1024 * 1024) /* far above what a caller lets come together */

/* ---- the BIO ---- */

static int bio_read(BIO *b, char *to, size_t n, size_t *did)
{
    struct tls *t = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    *did = n < t->in.n ? n : t->in.n;
    if (*did == 0) {
        BIO_set_retry_read(b);
        return 0;
    }
    memcpy(to, t->in.p, *did);
    t->in = bw_str_of(t->in.p + *did, t->in.n - *did);
    return 1;
}

static int bio_write(BIO *b, const char *p, size_t n, size_t *did)
{
    struct tls *t = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    bw_buf_add(&t->out, p, n);
    *did = n;
    return bw_buf_ok(&t->out);
}

static long bio_control(BIO *b, int what, long number, void *p)
{
    (void)b;
    (void)number;
    (void)p;
    return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "burrow");
    bw_must(method);
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
}

void tls_set_up(struct tls *t)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    BIO *b = BIO_new(method);
    bw_must(b);
    BIO_set_data(b, t);
    BIO_set_init(b, 1);
    SSL_set_bio(t->ssl, b, b);
    SSL_set_app_data(t->ssl, t);
    bw_buf_init(&t->out, OUT_MAX);
    if (*t->host)
        SSL_set_connect_state(t->ssl);
    else
        SSL_set_accept_state(t->ssl);
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    ERR_clear_error();
    SSL_free(t->ssl);
    bw_buf_release(&t->out);
    free(t->told);
    free(t);
}

/* ---- what callers do ---- */

static enum tls_did outcome(struct tls *t, int r, bool shaking, struct bw_err *e)
{
    switch (SSL_get_error(t->ssl, r)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        if (!shaking)
            return TLS_END;
        break;
    default:
        break;
    }
    tls_fail(t, shaking, e);
    return TLS_FAILED;
}

struct bw_buf *tls_out(struct tls *t)
{
    return &t->out;
}

enum tls_did tls_shake(struct tls *t, bw_str *in, struct bw_err *e)
{
    ERR_clear_error();
    t->in = *in;
    int r = SSL_do_handshake(t->ssl);
    *in = t->in;
    return outcome(t, r, true, e);
}

enum tls_did tls_read(struct tls *t, bw_str *in, char *out, size_t *n, struct bw_err *e)
{
    ERR_clear_error();
    t->in = *in;
    int r = SSL_read_ex(t->ssl, out, TLS_RECORD, n);
    *in = t->in;
    return outcome(t, r, false, e);
}

bool tls_write(struct tls *t, bw_str plain, struct bw_err *e)
{
    size_t did;
    ERR_clear_error();
    return plain.n == 0 || SSL_write_ex(t->ssl, plain.p, plain.n, &did) == 1 ||
           tls_fail(t, false, e);
}

void tls_end(struct tls *t)
{
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
}

bool tls_met_http(const struct tls *t)
{
    return t->met_http;
}
