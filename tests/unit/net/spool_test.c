#include "help/loops.h"
#include "help/t.h"

#include "net/spool.h"

/* Bytes that tell their place. */
static void fill(char *p, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (char)((at + i) * 31 + (at + i) / 251);
}

static void put(struct spool *s, size_t total, size_t step)
{
    char *p = malloc(step);
    struct bw_err e;
    assert_non_null(p);
    for (size_t at = 0; at < total;) {
        size_t n = total - at < step ? total - at : step;
        fill(p, n, at);
        check_ok(spool_write(s, bw_str_of(p, n), &e), &e);
        at += n;
    }
    free(p);
}

static size_t get(struct spool *s, size_t *pieces)
{
    static char want[SPOOL_MEMORY];
    size_t at = 0;
    bw_str piece;
    struct bw_err e;
    for (*pieces = 0;; ++*pieces) {
        check_ok(spool_read(s, &piece, &e), &e);
        if (piece.n == 0)
            return at;
        check(piece.n <= SPOOL_MEMORY);
        fill(want, piece.n, at);
        assert_memory_equal(piece.p, want, piece.n);
        at += piece.n;
    }
}

static void round_trip(size_t total, size_t step)
{
    struct spool s;
    size_t pieces;
    spool_init(&s, INT64_MAX);
    put(&s, total, step);
    check_int(s.size, total);
    check_int(s.fd >= 0, total > SPOOL_MEMORY); /* a file only when it must be */
    check_int(get(&s, &pieces), total);
    check_int(pieces, (total + SPOOL_MEMORY - 1) / SPOOL_MEMORY);
    spool_release(&s);
}

static void all_sizes(struct loops *ls)
{
    (void)ls;
    static const size_t totals[] = {0,
                                    1,
                                    1000,
                                    SPOOL_MEMORY - 1,
                                    SPOOL_MEMORY,
                                    SPOOL_MEMORY + 1,
                                    3 * SPOOL_MEMORY,
                                    3 * SPOOL_MEMORY + 7};
    static const size_t steps[] = {611, 65536, SPOOL_MEMORY, SPOOL_MEMORY + 3, 2000003};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
            round_trip(totals[i], steps[k]);
}

static void on_a_thread(void **state)
{
    (void)state;
    all_sizes(NULL);
}

static void on_a_fiber(void **state)
{
    (void)state;
    t_on_loops(1, all_sizes);
}

static void maximum(void **state)
{
    (void)state;
    struct spool s;
    struct bw_err e;
    bw_str piece;
    spool_init(&s, 10);
    check_ok(spool_write(&s, BW_LIT("0123456"), &e), &e);
    check(!spool_write(&s, BW_LIT("7890"), &e));
    check_int(e.code, BW_TOOBIG);
    check_says(&e, "10 bytes");
    check_ok(spool_write(&s, BW_LIT("789"), &e), &e);
    check_ok(spool_read(&s, &piece, &e), &e);
    check_str(piece, "0123456789");
    spool_release(&s);
    spool_release(&s);
}

static void no_place(void **state)
{
    (void)state;
    struct spool s;
    struct bw_err e;
    static char big[SPOOL_MEMORY + 1];
    char *kept = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    spool_init(&s, INT64_MAX);
    check(!spool_write(&s, bw_str_of(big, sizeof big), &e));
    check_says(&e, "/nowhere/at/all");
    spool_release(&s);
    if (kept)
        setenv("TMPDIR", kept, 1);
    else
        unsetenv("TMPDIR");
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_thread),
        cmocka_unit_test(on_a_fiber),
        cmocka_unit_test(maximum),
        cmocka_unit_test(no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
