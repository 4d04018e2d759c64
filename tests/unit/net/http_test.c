/* http_test.c: requests and answers as handlers use them, and the bytes of heads. */
#include "help/t.h"

#include "core/clock.h"
#include "net/http.h"
#include "net/http_write.h"

static void methods(void **state)
{
    (void)state;
    for (int m = 0; m < HTTP_OTHER; m++)
        check_int(http_method_of(bw_cstr(http_method_name((enum http_method)m))), m);
    check_int(http_method_of(BW_LIT("get")), HTTP_OTHER);
    check_int(http_method_of(BW_LIT("")), HTTP_OTHER);
    check_int(http_method_of(BW_LIT("PROPFIND")), HTTP_OTHER);
}

static void answer_fields(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    struct http_field few[1];
    struct http_req rq = {.arena = &a};
    struct http_res rs = {.rq = &rq, .fields = few, .cap_fields = 1};
    char value[] = "one";
    http_res_field(&rs, "A", bw_cstr(value));
    value[0] = 'x'; /* it was copied */
    http_res_field(&rs, "B", BW_LIT("two"));
    http_res_field(&rs, "a", BW_LIT("three"));
    check_int(rs.n_fields, 3);
    check_str(http_res_get(&rs, "a"), "one");
    http_res_set(&rs, "A", BW_LIT(""));
    check_int(rs.n_fields, 2);
    check_str(http_res_get(&rs, "a"), "");
    check_str(http_res_get(&rs, "b"), "two");
    check(http_res_get(&rs, "c").p == NULL);
    bw_arena_release(&a);
}

struct pieces {
    const char *const *next;
    bool fails;
};

static bool read_piece(struct http_req *rq, bw_str *piece, struct bw_err *e)
{
    struct pieces *p = rq->source;
    if (p->fails && !*p->next)
        return bw_fail(e, BW_GONE, "the peer went away");
    *piece = *p->next ? bw_cstr(*p->next++) : BW_LIT("");
    return true;
}

static bool gather(int64_t length, size_t max, struct pieces p, bw_str *body, struct bw_err *e)
{
    static struct bw_arena a;
    bw_arena_release(&a);
    bw_arena_init(&a);
    struct http_req rq = {
        .arena = &a, .content_length = length, .max_body = max, .read = read_piece, .source = &p};
    return http_req_body(&rq, body, e);
}

static void whole_bodies(void **state)
{
    (void)state;
    static const char *const none[] = {NULL}, *const one[] = {"hello", NULL},
                             *const two[] = {"hel", "lo", NULL};
    struct bw_err e;
    bw_str body;
    check_ok(gather(0, 9, (struct pieces){none, false}, &body, &e), &e);
    check_str(body, "");
    check(body.p != NULL);
    check_ok(gather(5, 9, (struct pieces){one, false}, &body, &e), &e);
    check_str(body, "hello");
    check_ok(gather(5, 9, (struct pieces){two, false}, &body, &e), &e);
    check_str(body, "hello");
    check_ok(gather(-1, 5, (struct pieces){two, false}, &body, &e), &e);
    check_str(body, "hello");
    check_ok(gather(-1, 5, (struct pieces){none, false}, &body, &e), &e);
    check_str(body, "");
    check(!gather(5, 4, (struct pieces){one, false}, &body, &e));
    check_int(e.code, BW_TOOBIG);
    check(!gather(-1, 4, (struct pieces){two, false}, &body, &e));
    check_int(e.code, BW_TOOBIG);
    check(!gather(9, 9, (struct pieces){two, true}, &body, &e));
    check_int(e.code, BW_GONE);
    check_ok(gather(0, 9, (struct pieces){none, false}, &body, &e), &e);
}

static void head_bytes(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 1000);
    http_write_status(&b, 200);
    http_write_status(&b, 404);
    http_write_status(&b, 599);
    http_write_field(&b, BW_LIT("A"), BW_LIT("b c"));
    http_write_field(&b, BW_LIT("D"), BW_LIT(""));
    http_write_length(&b, 1234567890123);
    http_write_request_line(&b, BW_LIT("GET"), BW_LIT("/x?y"));
    check_str(bw_buf_str(&b), "HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 599 \r\n"
                              "A: b c\r\nD: \r\nContent-Length: 1234567890123\r\n"
                              "GET /x?y HTTP/1.1\r\n");
    bw_buf_release(&b);
}

static void chunk_heads(void **state)
{
    (void)state;
    char out[HTTP_CHUNK_HEAD_MAX];
    check_str(bw_str_of(out, http_write_chunk_head(out, 1)), "1\r\n");
    check_str(bw_str_of(out, http_write_chunk_head(out, 0x1f)), "1f\r\n");
    check_str(bw_str_of(out, http_write_chunk_head(out, SIZE_MAX)), "ffffffffffffffff\r\n");
}

static void date_lines(void **state)
{
    (void)state;
    struct http_date d = {0};
    check_str(http_date_lines(&d, 784111777999), "Server: Burrow\r\n"
                                                 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    check_str(http_date_lines(&d, 784111778000), "Server: Burrow\r\n"
                                                 "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods),      cmocka_unit_test(answer_fields),
        cmocka_unit_test(whole_bodies), cmocka_unit_test(head_bytes),
        cmocka_unit_test(chunk_heads),  cmocka_unit_test(date_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
