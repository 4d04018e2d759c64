/* compress_test.c: which coding is chosen, and that what is made can be read by the libraries'
 * decoders, whole and in flushed pieces. */
#include "help/t.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "net/compress.h"
#include "net/http.h"

static void choices(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *want;
    } table[] = {
        {"", ""},
        {"gzip", "gzip"},
        {"GZip", "gzip"},
        {"x-gzip", "gzip"},
        {"br", "br"},
        {"zstd", "zstd"},
        {"deflate", ""},
        {"identity", ""},
        {"gzip, deflate, br, zstd", "zstd"},
        {"gzip, deflate, br", "br"},
        {"gzip;q=1.0, br;q=0.5", "gzip"},
        {"gzip; q=0.5 , br;q=0.501", "br"},
        {"zstd;q=0, br;q=0.0, gzip", "gzip"},
        {"gzip;q=0", ""},
        {"*", "zstd"},
        {"*;q=0", ""},
        {"*, zstd;q=0", "br"},
        {"gzip, *;q=0", "gzip"},
        {"identity;q=1, gzip;q=0.5", ""},
        {"identity;q=0.5, gzip;q=0.5", "gzip"},
        {"gzip;q=2", "gzip"},
        {" , ,gzip,", "gzip"},
    };
    check(compress_choose(bw_str_of(NULL, 0)) == CODING_NONE);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *got = compress_name(compress_choose(bw_cstr(table[i].accept)));
        if (strcmp(got, table[i].want) != 0)
            fail_msg("\"%s\" gives \"%s\", not \"%s\"", table[i].accept, got, table[i].want);
    }
}

static void types(void **state)
{
    (void)state;
    static const char *const yes[] = {"text/html",
                                      "text/plain; charset=utf-8",
                                      "Application/JSON",
                                      "application/problem+json",
                                      "application/vnd.x+json",
                                      "image/svg+xml"};
    static const char *const no[] = {"",          "image/png",       "application/octet-stream",
                                     "video/mp4", "application/zip", "text"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        check(compress_worth(bw_cstr(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        check(!compress_worth(bw_cstr(no[i])));
}

static size_t decode(enum coding c, const struct bw_buf *in, char *out, size_t room)
{
    if (c == CODING_ZSTD) {
        ZSTD_DCtx *d = ZSTD_createDCtx();
        ZSTD_inBuffer from = {in->p, in->n, 0};
        ZSTD_outBuffer to = {out, room, 0};
        check(!ZSTD_isError(ZSTD_decompressStream(d, &to, &from)));
        ZSTD_freeDCtx(d);
        return to.pos;
    }
    if (c == CODING_BR) {
        BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        const uint8_t *from = (const uint8_t *)in->p;
        uint8_t *to = (uint8_t *)out;
        size_t left = in->n, free_room = room;
        check(BrotliDecoderDecompressStream(d, &left, &from, &free_room, &to, NULL) !=
              BROTLI_DECODER_RESULT_ERROR);
        BrotliDecoderDestroyInstance(d);
        return room - free_room;
    }
    z_stream z = {0};
    check(inflateInit2(&z, 15 + 16) == Z_OK);
    z.next_in = (Bytef *)in->p;
    z.avail_in = (uInt)in->n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    check(inflate(&z, Z_SYNC_FLUSH) >= 0);
    inflateEnd(&z);
    return room - z.avail_out;
}

static void check_round(struct compress *z, const char *text, size_t n, size_t piece)
{
    struct bw_buf out;
    char *back = malloc(n + 1);
    bw_buf_init(&out, 1 << 20);
    for (size_t at = 0; at < n;) {
        size_t give = n - at < piece ? n - at : piece;
        bool last = at + give == n;
        check(compress_add(z, bw_str_of(text + at, give), last ? COMPRESS_END : COMPRESS_FLUSH,
                           &out));
        at += give;
        check_int(decode(compress_coding(z), &out, back, n + 1), at); /* all so far is there */
    }
    check(memcmp(back, text, n) == 0);
    if (piece >= n && n > 1000)
        check(out.n < n / 2);
    bw_buf_release(&out);
    free(back);
}

/* What is not flushed may stay inside, but comes with the end. */
static void unflushed(struct compress *z, const char *text, size_t n)
{
    struct bw_buf out;
    char *back = malloc(n + 1);
    bw_buf_init(&out, 1 << 20);
    for (size_t at = 0; at < n; at += 5000)
        check(compress_add(z, bw_str_of(text + at, 5000), COMPRESS_MORE, &out));
    check(compress_add(z, BW_LIT(""), COMPRESS_END, &out));
    check_int(decode(compress_coding(z), &out, back, n + 1), n);
    check(memcmp(back, text, n) == 0);
    bw_buf_release(&out);
    free(back);
}

static void rounds(void **state)
{
    (void)state;
    size_t n = 100000;
    char *text = malloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = "all work and no play "[i % 21 + (i / 977 + i / 31) % 2 * (i % 21 < 20)];
    for (int c = 0; c < CODINGS; c++) {
        struct compress *z = compress_new((enum coding)c);
        static const size_t pieces[] = {100000, 30000, 1777};
        for (size_t i = 0; i < 3; i++) {
            check_round(z, text, n, pieces[i]);
            compress_restart(z);
        }
        check_round(z, text, 1, 1);
        compress_restart(z);
        unflushed(z, text, n);
        compress_free(z);
    }
    free(text);
    compress_free(NULL);
}

static void out_is_bounded(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 100);
    struct compress *z = compress_new(CODING_GZIP);
    check(!compress_add(z, BW_LIT("x"), COMPRESS_END, &out));
    compress_free(z);
    bw_buf_release(&out);
}

static void accepts(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *type;
        bool want;
    } table[] = {
        {"", "text/plain", true},
        {"*/*", "text/plain", true},
        {"text/*", "text/plain", true},
        {"text/*", "application/json", false},
        {"TEXT/Plain", "text/plain", true},
        {"text/html, application/json;q=0.9", "application/json", true},
        {"text/html", "application/json", false},
        {"application/json;q=0", "application/json", false},
        {"*/*, application/json;q=0", "application/json", false},
        {"*/*;q=0, application/json", "application/json", true},
        {"text/*;q=0, */*", "text/plain", false},
        {"application/openmetrics-text; version=1.0.0; q=0.5", "application/openmetrics-text",
         true},
        {"tex/*", "text/plain", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (http_accepts(bw_cstr(table[i].accept), table[i].type) != table[i].want)
            fail_msg("Accept: %s and %s", table[i].accept, table[i].type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices),        cmocka_unit_test(types),   cmocka_unit_test(rounds),
        cmocka_unit_test(out_is_bounded), cmocka_unit_test(accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
