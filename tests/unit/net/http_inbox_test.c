/* http_inbox_test.c: what is viewed stays where it is, whatever comes. */
#include "help/t.h"

#include "net/http_inbox.h"

static void views_stay(void **state)
{
    (void)state;
    struct http_inbox b = {0};
    struct bw_arena a;
    char big[10000];
    memset(big, 'x', sizeof big);
    bw_arena_init(&a);
    http_inbox_add(&b, BW_LIT("head|body"), NULL);
    http_inbox_use(&b, 5);
    http_inbox_pin(&b);
    bw_str head = bw_str_of(b.p, 5), body = http_inbox_rest(&b);
    http_inbox_use(&b, 4);
    for (int i = 0; i < 5; i++) { /* into the room behind, then into new memory */
        http_inbox_add(&b, bw_str_of(big, 1500), &a);
        check_str(head, "head|");
        check_str(body, "body");
        check_int(http_inbox_rest(&b).n, 1500 * (i + 1));
    }
    check_int(b.pin, 0); /* the head lives on in the arena */
    http_inbox_add(&b, bw_str_of(big, sizeof big), &a);
    check_int(http_inbox_rest(&b).n, 17500);
    check_str(head, "head|");
    bw_arena_release(&a);
    http_inbox_release(&b);
    check(b.p == NULL && b.cap == 0);
}

static void settling_keeps_the_pin(void **state)
{
    (void)state;
    struct http_inbox b = {0};
    http_inbox_add(&b, BW_LIT("head|"), NULL);
    http_inbox_use(&b, 5);
    http_inbox_pin(&b);
    for (int i = 0; i < 1000; i++) { /* pieces of a body: no growth */
        http_inbox_add(&b, BW_LIT("0123456789"), NULL);
        http_inbox_settle(&b); /* too early: nothing happens */
        check_str(http_inbox_rest(&b), "0123456789");
        check_int(http_inbox_full(&b), 10);
        http_inbox_use(&b, 10);
        http_inbox_settle(&b);
    }
    check_int(b.cap, 4096);
    check_int(b.n, 5);
    http_inbox_unpin(&b);
    check_int(b.n, 0);
    http_inbox_release(&b);
}

static void without_views_it_moves_up(void **state)
{
    (void)state;
    struct http_inbox b = {0};
    for (int i = 0; i < 10000; i++) { /* always a rest of the next one left */
        http_inbox_add(&b, BW_LIT("abcdefg"), NULL);
        if (i > 0) {
            check(memcmp(http_inbox_rest(&b).p, "abcdefg", 7) == 0);
            http_inbox_use(&b, 7);
        }
    }
    check_int(b.cap, 4096);
    http_inbox_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_stay),
        cmocka_unit_test(settling_keeps_the_pin),
        cmocka_unit_test(without_views_it_moves_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
