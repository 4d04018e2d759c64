/* hash.c: digests, HMAC and randomness, all from OpenSSL 3. The algorithms are looked up once per
 * process: a lookup by name costs more than hashing a short text. A failure here means that the
 * library is broken or memory is out, so it aborts. */
#include "core/hash.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>

static EVP_MD *sha256;
static EVP_MAC *hmac;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look_up(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bw_must(sha256 && hmac);
}

void hash_sha256(unsigned char out[HASH_SHA256_SIZE], bw_str data)
{
    unsigned n = 0;
    pthread_once(&once, look_up);
    bw_must(EVP_Digest(data.p ? data.p : "", data.n, out, &n, sha256, NULL) == 1 &&
            n == HASH_SHA256_SIZE);
}

void hash_hmac_sha256(unsigned char out[HASH_SHA256_SIZE], bw_str key, bw_str data)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    size_t n = 0;
    pthread_once(&once, look_up);
    EVP_MAC_CTX *c = EVP_MAC_CTX_new(hmac);
    bw_must(c != NULL);
    /* A NULL key would mean "as before"; an empty one is a key. */
    bool ok = EVP_MAC_init(c, (const unsigned char *)(key.p ? key.p : ""), key.n, params) &&
              EVP_MAC_update(c, (const unsigned char *)(data.p ? data.p : ""), data.n) &&
              EVP_MAC_final(c, out, &n, HASH_SHA256_SIZE);
    bw_must(ok && n == HASH_SHA256_SIZE);
    EVP_MAC_CTX_free(c);
}

void hash_random(void *out, size_t n)
{
    bw_must(n <= INT_MAX && (n == 0 || RAND_bytes(out, (int)n) == 1));
}

bool hash_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
