/* tls_int.h: what the files of TLS share: the session, and the sentences about it. */
#ifndef NET_TLS_INT_H
#define NET_TLS_INT_H

#include <openssl/ssl.h>

#include "net/tls.h"

struct tls {
    SSL *ssl;
    bw_str in; /* lent for the call */
    struct bw_buf out;
    bool met_http;
    int verdict; /* X509_V_…: why the peer's certificate was refused */
    char *told;  /* the same as a sentence's end; NULL = none */
    char host[]; /* whom we have called; "" = we are the server */
};

/* tls_session.c: behind t->ssl and t->host. */
void tls_set_up(struct tls *t);

/* tls_verdict.c */
/* Called by OpenSSL for each certificate of a chain. */
int tls_judge(int ok, X509_STORE_CTX *x);
/* From OpenSSL's queue of errors, which is empty afterwards: why a session broke. */
bool tls_fail(struct tls *t, bool shaking, struct bw_err *e);
/* The same for a file that was to be read. */
bool tls_fail_file(const char *what, const char *path, struct bw_err *e);

#endif
