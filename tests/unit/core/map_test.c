/* map_test.c: put, get, remove, against a plain array as the model. */
#include "help/t.h"

#include "core/map.h"

static void basics(void **state)
{
    (void)state;
    struct map m;
    int one = 1, two = 2;
    map_init(&m, false);
    check(map_get(&m, BW_LIT("a")) == NULL);
    check(map_remove(&m, BW_LIT("a")) == NULL);
    check(map_put(&m, BW_LIT("a"), &one) == NULL);
    check(map_put(&m, BW_LIT(""), &two) == NULL);
    check(map_get(&m, BW_LIT("a")) == &one);
    check(map_get(&m, bw_cstr(NULL)) == &two);
    check(map_get(&m, BW_LIT("A")) == NULL);
    check(map_put(&m, BW_LIT("a"), &two) == &one);
    check_int(m.n, 2);
    check(map_remove(&m, BW_LIT("a")) == &two);
    check(map_get(&m, BW_LIT("a")) == NULL);
    check_int(m.n, 1);
    map_release(&m);
    check(map_get(&m, BW_LIT("")) == NULL);
}

static void folds_case(void **state)
{
    (void)state;
    struct map m;
    int one = 1;
    map_init(&m, true);
    map_put(&m, BW_LIT("Content-Type@[`{Z"), &one);
    check(map_get(&m, BW_LIT("content-TYPE@[`{z")) == &one);
    check(map_get(&m, BW_LIT("content-TYPE`[`{z")) == NULL);
    map_put(&m, BW_LIT("\xc3\x89"), &one);
    check(map_get(&m, BW_LIT("\xc3\xa9")) == NULL); /* ASCII only */
    /* Every byte, at every place of a word: what compares equal is found. */
    for (int c = 1; c < 256; c++)
        for (size_t at = 0; at < 10; at++) {
            char key[10], other[10];
            memset(key, 'k', sizeof key);
            memset(other, 'K', sizeof other);
            key[at] = (char)c;
            other[at] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c >= 'a' && c <= 'z' ? c - 32 : c);
            map_put(&m, bw_str_of(key, sizeof key), &one);
            check(map_get(&m, bw_str_of(other, sizeof other)) == &one);
            check(map_remove(&m, bw_str_of(other, sizeof other)) == &one);
        }
    map_release(&m);
}

#define KEYS 500

/* 20,000 random steps; after each hundred, everything is compared. */
static void like_the_model(void **state)
{
    (void)state;
    static char keys[KEYS][16];
    int *model[KEYS] = {0}, values[2] = {0};
    struct map m;
    map_init(&m, false);
    uint32_t x = 12345;
    size_t n = 0;
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "key%d", i * i);
    for (int step = 0; step < 20000; step++) {
        x = x * 1664525 + 1013904223;
        size_t k = (x >> 8) % KEYS;
        int *v = &values[x >> 31];
        bool put = step / 3000 % 2 == 0 ? (x >> 20) % 4 != 0 : (x >> 20) % 4 == 0;
        check(map_get(&m, bw_cstr(keys[k])) == model[k]);
        check((put ? map_put(&m, bw_cstr(keys[k]), v) : map_remove(&m, bw_cstr(keys[k]))) ==
              (void *)model[k]);
        n = n + (put && !model[k]) - (!put && model[k]);
        model[k] = put ? v : NULL;
        check_int(m.n, n);
        for (int i = 0; step % 100 == 0 && i < KEYS; i++)
            check(map_get(&m, bw_cstr(keys[i])) == model[i]);
    }
    size_t seen = 0;
    bw_str key;
    void *value;
    for (size_t i = 0; map_each(&m, &i, &key, &value); seen++)
        check(map_get(&m, key) == value);
    check_int(seen, n);
    map_release(&m);
}

static void hashes_differ(void **state)
{
    (void)state;
    char text[40] = "the same text of some length, no more";
    uint64_t seen[38];
    for (size_t n = 0; n < 38; n++) {
        seen[n] = map_hash(bw_str_of(text, n));
        check(seen[n] == map_hash(bw_str_of(text, n)));
        for (size_t k = 0; k < n; k++)
            check(seen[k] != seen[n]);
    }
    uint64_t before = map_hash(bw_cstr(text));
    text[20] ^= 1;
    check(map_hash(bw_cstr(text)) != before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basics),
        cmocka_unit_test(folds_case),
        cmocka_unit_test(like_the_model),
        cmocka_unit_test(hashes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
