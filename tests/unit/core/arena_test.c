/* arena_test.c: alignment, sizes, what clear keeps, the order of defers. */
#include "help/t.h"

#include <stdalign.h>

#include "core/poison.h"

static void pieces_are_apart(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    check(a.first == NULL);
    unsigned char *p[200];
    size_t total = 0;
    for (size_t i = 0; i < 200; i++) {
        size_t n = i * i % 3000;
        p[i] = bw_arena_alloc(&a, n);
        check(p[i] != NULL);
        check((uintptr_t)p[i] % alignof(max_align_t) == 0);
        memset(p[i], (int)i, n);
        total += n;
    }
    check_int(a.used, total);
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * i % 3000; k++)
            check(p[i][k] == i);
    bw_arena_release(&a);
    check(a.first == NULL && a.used == 0);
    bw_arena_release(&a);
}

static void large_pieces(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    memset(bw_arena_alloc(&a, 300000), 1, 300000);
    char *small = bw_arena_alloc(&a, 10);
    memset(bw_arena_alloc(&a, 300000), 2, 300000);
    char *next = bw_arena_alloc(&a, 10);
    memset(small, 3, 10);
    memset(next, 4, 10);
    check(POISON_TORTURE || next - small < 64); /* the large one took no room from the small ones */
    unsigned char *z = bw_arena_zero(&a, 100000);
    for (size_t i = 0; i < 100000; i++)
        check(z[i] == 0);
    bw_arena_release(&a);
}

/* After a few equal rounds every round is served from one chunk, so malloc is called no more. */
static void settles(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    for (size_t want = 100; want < 20000; want *= 3) {
        for (int round = 0; round < 6; round++) {
            struct bw_arena_chunk *kept = a.now;
            for (size_t n = 0; n < want; n += 100)
                memset(bw_arena_alloc(&a, 100), 5, 100);
            check(round < 5 || POISON_TORTURE || (a.first == kept && a.now == kept));
            bw_arena_clear(&a);
            check_int(a.used, 0);
        }
    }
    bw_arena_alloc(&a, 1 << 20);
    bw_arena_clear(&a);
    bw_arena_release(&a);
}

static void texts(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    bw_str s = bw_arena_str(&a, BW_LIT("hello"));
    check_str(s, "hello");
    check(s.p[5] == '\0');
    check(bw_arena_str(&a, bw_cstr(NULL)).p == NULL);
    bw_str empty = bw_arena_str(&a, BW_LIT(""));
    check(empty.p != NULL && empty.n == 0 && empty.p[0] == '\0');
    assert_string_equal(bw_arena_cstr(&a, bw_cstr(NULL)), "");
    check_str(bw_arena_printf(&a, "%d %s", 42, "birds"), "42 birds");
    for (int n = 250; n < 260; n++) {
        bw_str wide = bw_arena_printf(&a, "%*d", n, 7);
        check_int(wide.n, n);
        check(wide.p[n] == '\0' && wide.p[n - 1] == '7' && wide.p[0] == ' ');
    }
    bw_arena_release(&a);
}

static char order[16];

static void note(void *arg)
{
    size_t n = strlen(order);
    order[n] = *(const char *)arg;
    order[n + 1] = '\0';
}

static struct bw_arena *deferring;

static void defer_again(void *arg)
{
    note(arg);
    bw_arena_defer(deferring, note, bw_arena_cstr(deferring, BW_LIT("z")));
}

static void defers(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    order[0] = '\0';
    bw_arena_defer(&a, note, bw_arena_cstr(&a, BW_LIT("a"))); /* what it points at lives still */
    bw_arena_defer(&a, note, bw_arena_cstr(&a, BW_LIT("b")));
    bw_arena_clear(&a);
    assert_string_equal(order, "ba");
    bw_arena_clear(&a);
    assert_string_equal(order, "ba");
    deferring = &a;
    bw_arena_defer(&a, defer_again, bw_arena_cstr(&a, BW_LIT("c")));
    bw_arena_release(&a);
    assert_string_equal(order, "bacz");
}

#if POISON_ASAN
static void asan_sees_stale_pieces(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    char *p = bw_arena_alloc(&a, 24);
    check(!__asan_address_is_poisoned(p) && !__asan_address_is_poisoned(p + 23));
    check(__asan_address_is_poisoned(p + 24));
    char *q = bw_arena_alloc(&a, 16);
    check(POISON_TORTURE || __asan_address_is_poisoned(q - 1)); /* alone in its chunk then */
    check(__asan_address_is_poisoned(q + 16));
    bw_arena_clear(&a);
    check(__asan_address_is_poisoned(p) && __asan_address_is_poisoned(q));
    bw_arena_release(&a);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_apart),
        cmocka_unit_test(large_pieces),
        cmocka_unit_test(settles),
        cmocka_unit_test(texts),
        cmocka_unit_test(defers),
#if POISON_ASAN
        cmocka_unit_test(asan_sees_stale_pieces),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
