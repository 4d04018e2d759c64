/* compress.c: one driver per coding, in the order of the enum. Levels are chosen for answers made
 * anew each time: about as long to compress as to make them. Windows are bounded (256 KiB), so that
 * a long streamed answer costs about 1 MiB, not ten. */
#include "net/compress.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "net/http_accept.h"

#define WINDOW_BITS 18
#define OUT_STEP    (16 * 1024)

struct compress {
    const struct driver *driver;
    union {
        z_stream gzip;
        BrotliEncoderState *br;
        ZSTD_CCtx *zstd;
    };
};

struct driver {
    bw_str name;
    void (*open)(struct compress *z);
    void (*restart)(struct compress *z);
    void (*close)(struct compress *z);
    /* Uses some of *in, fills some of [out, out + *n): *n becomes what was written. 1: all is
     * written, 0: there is more, -1: failed. */
    int (*step)(struct compress *z, bw_str *in, enum compress_step step, bw_str *out);
};

static void zstd_open(struct compress *z)
{
    z->zstd = ZSTD_createCCtx();
    bw_must(z->zstd);
    ZSTD_CCtx_setParameter(z->zstd, ZSTD_c_compressionLevel, 3);
    ZSTD_CCtx_setParameter(z->zstd, ZSTD_c_windowLog, WINDOW_BITS);
}

static void zstd_restart(struct compress *z)
{
    ZSTD_CCtx_reset(z->zstd, ZSTD_reset_session_only);
}

static void zstd_close(struct compress *z)
{
    ZSTD_freeCCtx(z->zstd);
}

static int zstd_step(struct compress *z, bw_str *in, enum compress_step step, bw_str *out)
{
    ZSTD_inBuffer from = {.src = in->p, .size = in->n};
    ZSTD_outBuffer to = {.dst = (void *)(uintptr_t)out->p, .size = out->n};
    size_t left =
        ZSTD_compressStream2(z->zstd, &to, &from, step == COMPRESS_END ? ZSTD_e_end : ZSTD_e_flush);
    *in = bw_str_of(in->p + from.pos, in->n - from.pos);
    out->n = to.pos;
    if (ZSTD_isError(left))
        return -1;
    return step == COMPRESS_MORE ? in->n == 0 : left == 0;
}

static void br_open(struct compress *z)
{
    z->br = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    bw_must(z->br);
    BrotliEncoderSetParameter(z->br, BROTLI_PARAM_QUALITY, 4);
    BrotliEncoderSetParameter(z->br, BROTLI_PARAM_LGWIN, WINDOW_BITS);
    BrotliEncoderSetParameter(z->br, BROTLI_PARAM_MODE, BROTLI_MODE_TEXT);
}

static void br_close(struct compress *z)
{
    BrotliEncoderDestroyInstance(z->br);
}

static void br_restart(struct compress *z) /* the library knows no other way */
{
    br_close(z);
    br_open(z);
}

static int br_step(struct compress *z, bw_str *in, enum compress_step step, bw_str *out)
{
    const uint8_t *from = (const uint8_t *)in->p;
    uint8_t *to = (uint8_t *)(uintptr_t)out->p;
    size_t left = in->n, room = out->n;
    static const BrotliEncoderOperation how[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                                 BROTLI_OPERATION_FINISH};
    bool ok = BrotliEncoderCompressStream(z->br, how[step], &left, &from, &room, &to, NULL);
    *in = bw_str_of((const char *)from, left);
    out->n -= room;
    return !ok ? -1 : left == 0 && !BrotliEncoderHasMoreOutput(z->br);
}

static void gzip_open(struct compress *z)
{
    z->gzip = (z_stream){0};
    bw_must(deflateInit2(&z->gzip, 5, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
}

static void gzip_restart(struct compress *z)
{
    deflateReset(&z->gzip);
}

static void gzip_close(struct compress *z)
{
    deflateEnd(&z->gzip);
}

static int gzip_step(struct compress *z, bw_str *in, enum compress_step step, bw_str *out)
{
    uInt give = in->n < 1u << 30 ? (uInt)in->n : 1u << 30;
    bool all = give == in->n;
    z->gzip.next_in = (Bytef *)(uintptr_t)in->p;
    z->gzip.avail_in = give;
    z->gzip.next_out = (Bytef *)(uintptr_t)out->p;
    z->gzip.avail_out = (uInt)out->n;
    static const int how[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    int r = deflate(&z->gzip, all ? how[step] : Z_NO_FLUSH);
    size_t used = give - z->gzip.avail_in;
    *in = bw_str_of(in->p + used, in->n - used);
    out->n -= z->gzip.avail_out;
    if (r == Z_STREAM_ERROR)
        return -1;
    return step == COMPRESS_END ? r == Z_STREAM_END : in->n == 0 && z->gzip.avail_out > 0;
}

static const struct driver drivers[] = {
    [CODING_ZSTD] = {{"zstd", 4}, zstd_open, zstd_restart, zstd_close, zstd_step},
    [CODING_BR] = {{"br", 2}, br_open, br_restart, br_close, br_step},
    [CODING_GZIP] = {{"gzip", 4}, gzip_open, gzip_restart, gzip_close, gzip_step},
};

const char *compress_name(enum coding c)
{
    return c < CODINGS ? drivers[c].name.p : "";
}

static enum coding coding_of(bw_str name)
{
    for (int c = 0; c < CODINGS; c++)
        if (bw_str_ieq(name, drivers[c].name))
            return (enum coding)c;
    return bw_str_ieq(name, BW_LIT("x-gzip")) ? CODING_GZIP : CODING_NONE;
}

enum coding compress_choose(bw_str accept_encoding)
{
    int q[CODINGS] = {-1, -1, -1}, others = 0, plain = 0, quality;
    bw_str item;
    while (http_quality_next(&accept_encoding, &item, &quality)) {
        enum coding c = coding_of(item);
        if (c != CODING_NONE)
            q[c] = quality;
        else if (bw_str_eq(item, BW_LIT("*")))
            others = quality;
        else if (bw_str_ieq(item, BW_LIT("identity")))
            plain = quality;
    }
    enum coding best = CODING_NONE;
    for (int c = 0, best_q = 0; c < CODINGS; c++) {
        int mine = q[c] < 0 ? others : q[c];
        if (mine > best_q && mine >= plain) {
            best = (enum coding)c;
            best_q = mine;
        }
    }
    return best;
}

bool compress_worth(bw_str content_type)
{
    static const char *const types[] = {
        "application/json",
        "application/problem+json",
        "application/javascript",
        "application/xml",
        "application/openmetrics-text",
        "application/x-ndjson",
        "application/ndjson",
        "application/wasm",
        "application/sql",
        "application/toml",
        "application/yaml",
    };
    bw_str type = bw_str_trim(bw_str_of(content_type.p, bw_str_find(content_type, ';')));
    if (type.n > 5 && bw_str_ieq(bw_str_of(type.p, 5), BW_LIT("text/")))
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (bw_str_ieq(type, bw_cstr(types[i])))
            return true;
    return bw_str_ends(type, BW_LIT("+json")) || bw_str_ends(type, BW_LIT("+xml"));
}

struct compress *compress_new(enum coding c)
{
    bw_must(c < CODINGS);
    struct compress *z = calloc(1, sizeof *z);
    bw_must(z);
    z->driver = &drivers[c];
    z->driver->open(z);
    return z;
}

void compress_free(struct compress *z)
{
    if (!z)
        return;
    z->driver->close(z);
    free(z);
}

void compress_restart(struct compress *z)
{
    z->driver->restart(z);
}

enum coding compress_coding(const struct compress *z)
{
    return (enum coding)(z->driver - drivers);
}

bool compress_add(struct compress *z, bw_str in, enum compress_step step, struct bw_buf *out)
{
    size_t room = in.n / 4 + 512 < OUT_STEP ? in.n / 4 + 512 : OUT_STEP;
    for (int done = 0; done == 0;) {
        char *at = bw_buf_room(out, room);
        if (!at)
            return false;
        bw_str piece = bw_str_of(at, room);
        done = z->driver->step(z, &in, step, &piece);
        if (done < 0)
            return false;
        out->n += piece.n;
    }
    return true;
}
