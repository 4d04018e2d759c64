/* Requests in hand: what a crash report tells of them. */
#include "help/t.h"

#include <unistd.h>

#include "help/loops.h"
#include "rest/in_hand.h"

static char text[1024];

static void dump(void)
{
    int fds[2];
    check(pipe(fds) == 0);
    in_hand_dump(fds[1]);
    close(fds[1]);
    ssize_t n = read(fds[0], text, sizeof text - 1);
    check(n >= 0);
    text[n] = 0;
    close(fds[0]);
}

static void work(struct loops *unused)
{
    (void)unused;
    struct http_req h[3] = {{.method_text = BW_LIT("GET"), .path = BW_LIT("/a\033[2J")},
                            {.method_text = BW_LIT("PUT"), .path = BW_LIT("/b")},
                            {.method_text = BW_LIT("GET"), .path = BW_LIT("/c")}};
    static struct bw_req rq[3];
    for (int i = 0; i < 3; i++) {
        rq[i].http = &h[i];
        in_hand_add(&rq[i]);
    }
    snprintf(rq[1].name, sizeof rq[1].name, "r-1");
    dump();
    assert_string_equal(text, "in hand: GET /c \nin hand: PUT /b r-1\nin hand: GET /a [2J \n");
    in_hand_remove(&rq[1]);
    dump();
    assert_string_equal(text, "in hand: GET /c \nin hand: GET /a [2J \n");
    in_hand_remove(&rq[2]);
    in_hand_remove(&rq[0]);
    dump();
    assert_string_equal(text, "");
}

static void tells_in_any_order(void **state)
{
    (void)state;
    t_on_loops(1, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_in_any_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
