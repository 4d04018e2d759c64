/* tls.c: contexts. What OpenSSL keeps of a certificate, a key and whom to trust is one SSL_CTX,
 * replaced as a whole when the files have changed; sessions hold on to the one they began with. The
 * lock is held for a pointer, and every few seconds for looking at two files. */
#include "net/tls_int.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"

#define LOOK_AGAIN     (2 * CLOCK_SECOND)
#define HANDSHAKE_SPAN (10 * CLOCK_SECOND)
/* Of TLS 1.2 only what has forward secrecy and authenticates what it encrypts. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct stamp {
    int64_t ns, size;
    uint64_t inode;
};

struct tls_context {
    bool server;
    char *files[2]; /* certificate and key; or the authorities. NULL = none, or OpenSSL's default */
    struct stamp stamps[2];
    int64_t handshake;
    pthread_mutex_t lock;
    SSL_CTX *ssl;
    int64_t looked;
};

/* ---- one SSL_CTX ---- */

/* The default would ask on the terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

static const unsigned char alpn[] = "\x08http/1.1";

/* A client that offers protocols, and HTTP/1.1 not among them, is told so (RFC 7301). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
                           const unsigned char *offered, unsigned size, void *arg)
{
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, n, alpn, sizeof alpn - 1, offered, size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool read_identity(const struct tls_context *c, SSL_CTX *ssl, struct bw_err *e)
{
    const char *key = c->files[1] ? c->files[1] : c->files[0];
    SSL_CTX_set_default_passwd_cb(ssl, no_password);
    if (SSL_CTX_use_certificate_chain_file(ssl, c->files[0]) != 1)
        return tls_fail_file("the certificate", c->files[0], e);
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        return tls_fail_file("the key of the certificate", key, e);
    if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(ssl))) < 0)
        log_warn("tls", "the certificate has expired", LOG_CSTR("file", c->files[0]));
    return true;
}

static bool set_server(const struct tls_context *c, SSL_CTX *ssl, struct bw_err *e)
{
    SSL_CTX_set_cipher_list(ssl, CIPHERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* tickets need none */
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    return read_identity(c, ssl, e);
}

static bool set_client(const struct tls_context *c, SSL_CTX *ssl, struct bw_err *e)
{
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, tls_judge);
    SSL_CTX_set_alpn_protos(ssl, alpn, sizeof alpn - 1);
    if (c->files[0] && SSL_CTX_load_verify_file(ssl, c->files[0]) != 1)
        return tls_fail_file("the certificates of who is trusted", c->files[0], e);
    if (!c->files[0])
        SSL_CTX_set_default_verify_paths(ssl);
    ERR_clear_error();
    return true;
}

static SSL_CTX *make(const struct tls_context *c, struct bw_err *e)
{
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(c->server ? TLS_server_method() : TLS_client_method());
    bw_must(ssl);
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (c->server ? set_server(c, ssl, e) : set_client(c, ssl, e))
        return ssl;
    SSL_CTX_free(ssl);
    return NULL;
}

/* ---- files that change ---- */

static const char *watched(const struct tls_context *c, int i)
{
    if (c->server || c->files[0] || i > 0)
        return c->files[i];
    const char *said = getenv(X509_get_default_cert_file_env());
    return said ? said : X509_get_default_cert_file();
}

static void look(const struct tls_context *c, struct stamp out[2])
{
    struct stat st;
    memset(out, 0, 2 * sizeof *out);
    for (int i = 0; i < 2; i++)
        if (watched(c, i) && stat(watched(c, i), &st) == 0)
            out[i] = (struct stamp){.ns = st.st_mtim.tv_sec * CLOCK_SECOND + st.st_mtim.tv_nsec,
                                    .size = st.st_size,
                                    .inode = st.st_ino};
}

/* With the lock. */
static void renew(struct tls_context *c)
{
    struct stamp now[2];
    struct bw_err e;
    look(c, now);
    if (memcmp(now, c->stamps, sizeof now) == 0)
        return;
    memcpy(c->stamps, now, sizeof now);
    SSL_CTX *ssl = make(c, &e);
    if (!ssl) {
        log_warn("tls", "files have changed and are no good; what was read before stays in use",
                 log_err(&e));
        return;
    }
    SSL_CTX_free(c->ssl);
    c->ssl = ssl;
    log_info("tls",
             c->server ? "a new certificate is used from now on"
                       : "who is trusted has been read anew",
             LOG_CSTR("file", watched(c, 0)));
}

/* A reference of the caller's own. */
static SSL_CTX *take(struct tls_context *c)
{
    int64_t now = clock_mono();
    pthread_mutex_lock(&c->lock);
    if (now - c->looked >= LOOK_AGAIN) {
        c->looked = now;
        renew(c);
    }
    SSL_CTX *ssl = c->ssl;
    SSL_CTX_up_ref(ssl);
    pthread_mutex_unlock(&c->lock);
    return ssl;
}

/* ---- life ---- */

static char *copy(const char *path)
{
    char *p = path && *path ? strdup(path) : NULL;
    bw_must(p || !path || !*path);
    return p;
}

static struct tls_context *context_new(const struct tls_context *like, struct bw_err *e)
{
    struct tls_context *c = malloc(sizeof *c);
    bw_must(c);
    *c = *like;
    for (int i = 0; i < 2; i++)
        c->files[i] = copy(like->files[i]);
    bw_must(pthread_mutex_init(&c->lock, NULL) == 0);
    c->looked = clock_mono();
    look(c, c->stamps);
    c->ssl = make(c, e);
    if (c->ssl)
        return c;
    tls_context_free(c);
    return NULL;
}

struct tls_context *tls_server_new(const struct tls_server_opts *o, struct bw_err *e)
{
    return context_new(
        &(struct tls_context){.server = true,
                              .files = {(char *)(uintptr_t)o->cert, (char *)(uintptr_t)o->key},
                              .handshake = o->handshake ? o->handshake : HANDSHAKE_SPAN},
        e);
}

struct tls_context *tls_client_new(const char *ca, struct bw_err *e)
{
    return context_new(
        &(struct tls_context){.files = {(char *)(uintptr_t)ca}, .handshake = HANDSHAKE_SPAN}, e);
}

struct tls_context *tls_client_shared(struct bw_err *e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct tls_context *shared;
    pthread_mutex_lock(&lock);
    if (!shared)
        shared = tls_client_new(NULL, e);
    struct tls_context *c = shared;
    pthread_mutex_unlock(&lock);
    return c;
}

void tls_context_free(struct tls_context *c)
{
    if (!c)
        return;
    SSL_CTX_free(c->ssl);
    pthread_mutex_destroy(&c->lock);
    free(c->files[0]);
    free(c->files[1]);
    free(c);
}

int64_t tls_handshake_span(const struct tls_context *c)
{
    return c->handshake;
}

/* ---- a session ---- */

static bool expect(SSL *ssl, const char *host)
{
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
        return true;
    ERR_clear_error();
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct tls *tls_new(struct tls_context *c, const char *host, struct bw_err *e)
{
    size_t n = host ? strlen(host) : 0;
    SSL_CTX *ctx = take(c);
    struct tls *t = calloc(1, sizeof *t + n + 1);
    bw_must(t && c->server == !host);
    memcpy(t->host, host ? host : "", n + 1);
    t->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    bw_must(t->ssl);
    tls_set_up(t);
    if (!host)
        return t;
    if (expect(t->ssl, host))
        return t;
    tls_free(t);
    bw_fail(e, BW_BAD, "'%s' is no host name that a certificate could be for", host);
    return NULL;
}
