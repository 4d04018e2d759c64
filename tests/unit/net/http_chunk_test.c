/* http_chunk_test.c: chunked bodies as vectors, whole and byte by byte. */
#include "help/t.h"

#include "core/limits.h"
#include "net/http_chunk.h"

#define V(section, text, result, rest)               \
    {                                                \
        section, text, sizeof text - 1, result, rest \
    }

/* result: the content and then "." when it ended, "~" when more must come, "!" when refused. rest:
 * bytes left in the input at the end. */
static const struct vector {
    const char *section, *text;
    size_t n;
    const char *result;
    size_t rest;
} vectors[] = {
    V("7.1", "0\r\n\r\n", ".", 0),
    V("7.1", "5\r\nhello\r\n0\r\n\r\n", "hello.", 0),
    V("7.1", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET", "hello world.", 3),
    V("7.1", "A\r\n0123456789\r\n00\r\n\r\n", "0123456789.", 0),
    V("7.1", "0a\r\n0123456789\r\n0\r\n\r\n", "0123456789.", 0),
    V("7.1", "000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789.", 0),
    V("7.1", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n.", 0),
    V("7.1", "00000000000000001\r\nx\r\n0\r\n\r\n", "!", 0),
    V("7.1", "8000000000000000\r\n", "!", 0),
    V("7.1", "ffffffffffffffff\r\n", "!", 0),
    V("7.1", "10000000000000000\r\n", "!", 0),
    V("7.1", "7fffffffffffffff\r\nx", "x~", 0),
    V("7.1", "\r\n", "!", 0),
    V("7.1", "-1\r\n", "!", 0),
    V("7.1", "+1\r\nx\r\n", "!", 0),
    V("7.1", "0x1\r\nx\r\n", "!", 0),
    V("7.1", " 1\r\nx\r\n", "!", 0),
    V("7.1", "g\r\n", "!", 0),
    V("7.1", "1_0\r\n", "!", 0),
    V("7.1", "1\nx\r\n", "!", 0),
    V("7.1", "1\rx\r\n", "!", 0),
    V("7.1", "1\r\nx\n0\r\n\r\n", "x!", 0),
    V("7.1", "1\r\nxy\r\n0\r\n\r\n", "x!", 0),
    V("7.1", "1\r\nx0\r\n\r\n", "x!", 0),
    V("7.1", "1\r\nx\r0\r\n\r\n", "x!", 0),
    V("7.1", "2\r\nx\r\n0\r\n\r\n", "x\r!", 0),
    V("7.1", "0\n\n", "!", 0),
    V("7.1", "0\r\n\n", "!", 0),
    V("7.1", "0\r\n\rx", "!", 0),
    V("7.1", "5 \r\nhello\r\n", "!", 0),
    V("7.1", "5\t\r\nhello\r\n", "!", 0),
    V("7.1.1", "1;a\r\nx\r\n0\r\n\r\n", "x.", 0),
    V("7.1.1", "1;a=b\r\nx\r\n0;c=d\r\n\r\n", "x.", 0),
    V("7.1.1", "1;a=\"b;\\\"\r\t\"\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=\"b;\\\" \t\"\r\nx\r\n0\r\n\r\n", "x.", 0),
    V("7.1.1", "1;a=\"\"\r\nx\r\n0\r\n\r\n", "x.", 0),
    V("7.1.1", "1 ; a = b ; c\r\nx\r\n0\r\n\r\n", "x.", 0),
    V("7.1.1", "1;a=b;c=\"d\" ;e\r\nx\r\n0\r\n\r\n", "x.", 0),
    V("7.1.1", "1;a \r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=b \r\nx\r\n", "!", 0),
    V("7.1.1", "1;\r\nx\r\n", "!", 0),
    V("7.1.1", "1;=b\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=b c\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a b\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=\"b\"c\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=\"b\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a\nx\r\n", "!", 0),
    V("7.1.1", "1;a\0\r\nx\r\n", "!", 0),
    V("7.1.1", "1;a=\"\x01\"\r\nx\r\n", "!", 0),
    V("7.1.2", "0\r\nA: b\r\n\r\n", ".", 0),
    V("7.1.2", "0\r\nA:\r\nB: c d\r\n\r\nrest", ".", 4),
    V("7.1.2", "0\r\n: b\r\n\r\n", "!", 0),
    V("7.1.2", "0\r\nA\r\n\r\n", "!", 0),
    V("7.1.2", "0\r\nA : b\r\n\r\n", "!", 0),
    V("7.1.2", "0\r\nA: b\r\n c\r\n\r\n", "!", 0),
    V("7.1.2", "0\r\nA: b\n\r\n", "!", 0),
    V("7.1.2", "0\r\nA: \0\r\n\r\n", "!", 0),
    V("7.1.2", "0\r\nA: b\rc\r\n\r\n", "!", 0),
    V("7.1", "", "~", 0),
    V("7.1", "5", "~", 0),
    V("7.1", "5\r\nhel", "hel~", 0),
    V("7.1", "0\r\n", "~", 0),
    V("7.1", "0\r\n\r", "~", 0),
};

/* What comes out of `n` bytes given `step` at a time; *rest: input that was not used. */
static void decode(struct bw_buf *out, const char *text, size_t n, size_t step, size_t *rest)
{
    static const char ends[] = {
        [HTTP_CHUNK_MORE] = '~', [HTTP_CHUNK_END] = '.', [HTTP_CHUNK_REFUSED] = '!'};
    struct http_chunk c;
    enum http_chunked r = HTTP_CHUNK_MORE;
    http_chunk_init(&c);
    bw_buf_clear(out);
    bw_str in = bw_str_of(text, 0), piece;
    for (size_t given = 0; given < n && r == HTTP_CHUNK_MORE;) {
        size_t more = n - given < step ? n - given : step;
        check_int(in.n, 0);
        in = bw_str_of(text + given, more);
        given += more;
        while ((r = http_chunk_next(&c, &in, &piece)) == HTTP_CHUNK_DATA) {
            check(piece.n > 0);
            bw_buf_put(out, piece);
        }
        *rest = in.n + n - given;
    }
    if (r == HTTP_CHUNK_REFUSED)
        check(c.refusal >= 400 && strlen(c.why) > 15);
    if (r != HTTP_CHUNK_MORE) /* it stays so */
        check_int(http_chunk_next(&c, &in, &piece), r);
    bw_buf_char(out, ends[r]);
}

static void all_ways(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        for (size_t step = 1; step <= v->n + 1; step++) {
            size_t rest = 0;
            decode(&out, v->text, v->n, step, &rest);
            if (!bw_str_eq(bw_buf_str(&out), bw_cstr(v->result)) ||
                (v->result[strlen(v->result) - 1] == '.' && rest != v->rest))
                fail_msg("RFC 9112 %s, by %zu: %s\ngot %.*s (%zu left)", v->section, step, v->text,
                         BW_FMT(bw_buf_str(&out)), rest);
        }
    }
    bw_buf_release(&out);
}

static char last_of(const char *format, int width)
{
    struct bw_buf text, out;
    size_t rest = 0;
    bw_buf_init(&text, 1 << 20);
    bw_buf_init(&out, 1 << 20);
    bw_buf_printf(&text, format, width, 0);
    decode(&out, text.p, text.n, 100, &rest);
    char last = out.p[out.n - 1];
    bw_buf_release(&text);
    bw_buf_release(&out);
    return last;
}

static void limits(void **state)
{
    (void)state;
    check_int(last_of("1;%0*d\r\nx\r\n0\r\n\r\n", LIMIT_HTTP_CHUNK_EXT - 1), '.');
    check_int(last_of("1;%0*d\r\nx\r\n0\r\n\r\n", LIMIT_HTTP_CHUNK_EXT), '!');
    check_int(last_of("0\r\nA:%0*d\r\n\r\n", LIMIT_HTTP_TRAILERS - 5), '.');
    check_int(last_of("0\r\nA:%0*d\r\n\r\n", LIMIT_HTTP_TRAILERS), '!');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
