/* certs.c: see the header. Keys on a curve, since those are made in no time. */
#include "help/certs.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#define DAY 86400L

static EVP_PKEY *ca_key;
static X509 *ca;

static void extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    check(ext && X509_add_ext(x, ext, -1) == 1);
    X509_EXTENSION_free(ext);
}

static X509 *make(const char *name, const char *hosts, long from, long until, EVP_PKEY *key)
{
    static long serial = 1;
    X509 *x = X509_new();
    check(x && X509_set_version(x, 2) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), from);
    X509_gmtime_adj(X509_getm_notAfter(x), until);
    X509_NAME *n = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(x, key);
    extend(x, NID_basic_constraints, hosts ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (hosts)
        extend(x, NID_subject_alt_name, hosts);
    return x;
}

static void sign(X509 *x, X509 *issuer, EVP_PKEY *key)
{
    X509_set_issuer_name(x, X509_get_subject_name(issuer));
    check(X509_sign(x, key, EVP_sha256()) > 0);
}

static void put(const char *path, X509 *x, EVP_PKEY *key)
{
    FILE *f = fopen(path, "w");
    check(f != NULL);
    check(PEM_write_X509(f, x) == 1);
    check(!key || PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1);
    check(fclose(f) == 0);
}

static void signed_by_ca(const char *path, const char *hosts, long from, long until)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = make("a server", hosts, from, until, key);
    sign(x, ca, ca_key);
    put(path, x, key);
    X509_free(x);
    EVP_PKEY_free(key);
}

void certs_make(struct certs *c)
{
    snprintf(c->folder, sizeof c->folder, "/tmp/burrow_certs_XXXXXX");
    check(mkdtemp(c->folder) != NULL);
    snprintf(c->ca, sizeof c->ca, "%s/ca.pem", c->folder);
    snprintf(c->good, sizeof c->good, "%s/good.pem", c->folder);
    snprintf(c->old, sizeof c->old, "%s/old.pem", c->folder);
    snprintf(c->other, sizeof c->other, "%s/other.pem", c->folder);
    snprintf(c->nobody, sizeof c->nobody, "%s/nobody.pem", c->folder);
    ca_key = EVP_EC_gen("P-256");
    ca = make("The Test Authority", NULL, -DAY, 30 * DAY, ca_key);
    sign(ca, ca, ca_key);
    put(c->ca, ca, NULL);
    certs_renew(c, c->good);
    signed_by_ca(c->old, "IP:127.0.0.1", -9 * DAY, -DAY);
    signed_by_ca(c->other, "DNS:elsewhere.example", -DAY, 9 * DAY);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *alone = make("Nobody", "IP:127.0.0.1", -DAY, 9 * DAY, key);
    sign(alone, alone, key);
    put(c->nobody, alone, key);
    X509_free(alone);
    EVP_PKEY_free(key);
}

void certs_renew(const struct certs *c, const char *path)
{
    (void)c;
    signed_by_ca(path, "IP:127.0.0.1,DNS:localhost", -DAY, 9 * DAY);
}

void certs_remove(const struct certs *c)
{
    const char *const files[] = {c->ca, c->good, c->old, c->other, c->nobody};
    for (size_t i = 0; i < 5; i++)
        unlink(files[i]);
    rmdir(c->folder);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
}
