/* hash_test.c: published vectors (FIPS 180-4, RFC 4231). */
#include "help/t.h"

#include "core/hash.h"

static void is(const unsigned char *got, const char *hex)
{
    unsigned char want[HASH_SHA256_SIZE];
    check(hex_parse(bw_cstr(hex), want, sizeof want));
    assert_memory_equal(got, want, sizeof want);
}

static void sha256_vectors(void **state)
{
    (void)state;
    unsigned char out[HASH_SHA256_SIZE];
    hash_sha256(out, BW_LIT("abc"));
    is(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256(out, BW_LIT(""));
    is(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_sha256(out, bw_cstr(NULL));
    is(out, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
}

static void hmac_vectors(void **state)
{
    (void)state;
    unsigned char out[HASH_SHA256_SIZE], key[131];
    memset(key, 0x0b, 20);
    hash_hmac_sha256(out, bw_str_of((char *)key, 20), BW_LIT("Hi There"));
    is(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hash_hmac_sha256(out, BW_LIT("Jefe"), BW_LIT("what do ya want for nothing?"));
    is(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 131);
    hash_hmac_sha256(out, bw_str_of((char *)key, 131),
                     BW_LIT("Test Using Larger Than Block-Size Key - Hash Key First"));
    is(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hash_hmac_sha256(out, bw_cstr(NULL), bw_cstr(NULL));
    is(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void random_and_same(void **state)
{
    (void)state;
    unsigned char a[32] = {0}, b[32] = {0};
    hash_random(a, sizeof a);
    hash_random(b, sizeof b);
    hash_random(b, 0);
    check(!hash_same(a, b, sizeof a));
    memcpy(b, a, sizeof a);
    check(hash_same(a, b, sizeof a));
    b[31] ^= 1;
    check(!hash_same(a, b, sizeof a));
    check(hash_same(a, b, 31));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_vectors),
        cmocka_unit_test(hmac_vectors),
        cmocka_unit_test(random_and_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
