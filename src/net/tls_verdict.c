/* tls_verdict.c: why a session or a file is no good, as a sentence. OpenSSL says it in numbers: of
 * a certificate's check by tls_judge, while the certificate is at hand; of all else in its queue of
 * errors. */
#include "net/tls_int.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

/* ---- a certificate that is refused ---- */

static void put_time(struct bw_buf *b, const ASN1_TIME *t)
{
    struct tm tm;
    char text[40];
    if (ASN1_TIME_to_tm(t, &tm) == 1 && strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm))
        bw_buf_put(b, bw_cstr(text));
    else
        bw_buf_put(b, BW_LIT("a time that cannot be read"));
}

static void put_name(struct bw_buf *b, const GENERAL_NAME *name)
{
    char text[INET6_ADDRSTRLEN];
    const ASN1_STRING *s = name->d.ia5;
    int family = name->type == GEN_IPADD && ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6;
    if (name->type == GEN_DNS)
        bw_buf_printf(b, "'%.*s'", ASN1_STRING_length(s) < 100 ? ASN1_STRING_length(s) : 100,
                      (const char *)ASN1_STRING_get0_data(s));
    else if (inet_ntop(family, ASN1_STRING_get0_data(s), text, sizeof text))
        bw_buf_put(b, bw_cstr(text));
}

static bool is_host(const GENERAL_NAME *name)
{
    return name->type == GEN_DNS ||
           (name->type == GEN_IPADD && (ASN1_STRING_length(name->d.iPAddress) == 4 ||
                                        ASN1_STRING_length(name->d.iPAddress) == 16));
}

/* The first few hosts it is for. */
static void put_hosts(struct bw_buf *b, X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int told = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (!is_host(name))
            continue;
        bw_buf_put(b, told == 0 ? BW_LIT("") : told < 3 ? BW_LIT(", ") : BW_LIT(" …"));
        if (told++ == 3)
            break;
        put_name(b, name);
    }
    if (!told)
        bw_buf_put(b, BW_LIT("no host at all"));
    GENERAL_NAMES_free(names);
}

static void put_issuer(struct bw_buf *b, X509 *cert)
{
    char name[200] = "";
    X509_NAME_get_text_by_NID(X509_get_issuer_name(cert), NID_commonName, name, sizeof name);
    for (char *p = name; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    bw_buf_put(b, bw_cstr(*name ? name : "somebody without a name"));
}

static void tell_verdict(struct bw_buf *b, const struct tls *t, X509 *cert)
{
    switch (t->verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        bw_buf_put(b, BW_LIT("its certificate has expired, on "));
        put_time(b, X509_get0_notAfter(cert));
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        bw_buf_put(b, BW_LIT("its certificate is not valid before "));
        put_time(b, X509_get0_notBefore(cert));
        bw_buf_put(b, BW_LIT("; is this machine's clock right?"));
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        bw_buf_put(b, BW_LIT("its certificate is for "));
        put_hosts(b, cert);
        bw_buf_printf(b, ", not for '%s'", t->host);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        bw_buf_put(b, BW_LIT("its certificate is signed by '"));
        put_issuer(b, cert);
        bw_buf_put(b, BW_LIT("', who is not trusted here"));
        break;
    default:
        bw_buf_printf(b, "its certificate is refused: %s",
                      X509_verify_cert_error_string(t->verdict));
    }
}

int tls_judge(int ok, X509_STORE_CTX *x)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    X509 *cert = X509_STORE_CTX_get_current_cert(x);
    struct bw_buf b;
    if (ok || t->told || !cert)
        return ok;
    t->verdict = X509_STORE_CTX_get_error(x);
    bw_buf_init(&b, 1024);
    tell_verdict(&b, t, cert);
    t->told = strdup(bw_buf_cstr(&b));
    bw_must(t->told);
    bw_buf_release(&b);
    return ok;
}

/* ---- all else ---- */

/* What OpenSSL calls it, and what a person does. */
static const struct reason {
    int reason;
    const char *says;
} reasons[] = {
    {SSL_R_HTTP_REQUEST, "it speaks HTTP without TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, "it takes us for a proxy"},
    {SSL_R_WRONG_VERSION_NUMBER, "it does not speak TLS at that port"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "it does not speak TLS at that port"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "it speaks no version of TLS from 1.2 on"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "it speaks no version of TLS from 1.2 on"},
    {SSL_R_NO_SHARED_CIPHER, "it speaks none of the ciphers that are safe"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "it and we have no cipher in common"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "it does not speak HTTP/1.1"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "it does not speak HTTP/1.1"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "it does not trust who has signed our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "it says that our certificate has expired"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "it does not accept our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "it does not accept our certificate"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "it wants a certificate of ours, and we have none"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, "it does not know that host name"},
};

static const char *explain(unsigned long code)
{
    const char *text = ERR_reason_error_string(code);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == reasons[i].reason)
            return reasons[i].says;
    return text ? text : "the session broke";
}

bool tls_fail(struct tls *t, bool shaking, struct bw_err *e)
{
    unsigned long code = ERR_peek_error();
    const char *why = shaking && t->told ? t->told : explain(code);
    t->met_http = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
    ERR_clear_error();
    return bw_fail(e, BW_DOWN, "%s", why);
}

bool tls_fail_file(const char *what, const char *path, struct bw_err *e)
{
    unsigned long code = ERR_peek_error();
    int lib = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);
    const char *why = ERR_reason_error_string(code);
    if (ERR_SYSTEM_ERROR(code))
        why = strerror(reason);
    else if (lib == ERR_LIB_X509 && reason == X509_R_KEY_VALUES_MISMATCH)
        why = "it belongs to another certificate";
    else if (lib == ERR_LIB_OSSL_DECODER || (lib == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE))
        why = "there is none in it, in PEM form (-----BEGIN …)";
    else if (reason == PEM_R_BAD_PASSWORD_READ || reason == PEM_R_PROBLEMS_GETTING_PASSWORD)
        why = "it is locked by a password; store it without one, readable by this user alone";
    ERR_clear_error();
    return bw_fail(e, BW_BAD, "cannot read %s, %s: %s", what, path, why ? why : "it is no good");
}
