/* notice_http.c: a POST of JSON, signed with HMAC-SHA256 when there is a secret; or, as in
 * Angelize, a GET when the address has places to be filled in. */
#include "angel/fetch.h"
#include "angel/notice_int.h"
#include "core/hash.h"

static const char *is(const char *target)
{
    return !strncmp(target, "http://", 7) || !strncmp(target, "https://", 8) ||
                   !strncmp(target, "http+unix://", 12)
               ? target
               : NULL;
}

static void write_body(const struct notice_job *j, struct bw_buf *b)
{
    const struct notice_item *it = j->item;
    struct bw_json_writer w;
    bw_json_init(&w, b);
    bw_json_object(&w);
    bw_json_put_text(&w, "id", bw_cstr(it->name));
    bw_json_put_time(&w, "time", it->at);
    bw_json_put_text(&w, "host", bw_cstr(j->host));
    bw_json_put_text(&w, "unit", bw_cstr(it->unit));
    bw_json_put_text(&w, "kind", bw_cstr(it->kind));
    bw_json_put_text(&w, "text", bw_cstr(it->text));
    bw_json_put_bool(&w, "good", it->good);
    bw_json_end(&w);
}

static const char *signature(const struct notice_job *j, bw_str body)
{
    unsigned char mac[HASH_SHA256_SIZE];
    struct bw_buf b;
    hash_hmac_sha256(mac, bw_cstr(j->hmac_secret), body);
    bw_buf_init(&b, 256);
    bw_buf_put(&b, BW_LIT("X-Burrow-Signature: sha256="));
    hex_write(&b, bw_str_of((const char *)mac, sizeof mac));
    const char *out = bw_arena_cstr(j->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return out;
}

static bool ask(const struct fetch *f, struct bw_err *e)
{
    int status = 0;
    if (!fetch(f, &status, NULL, e))
        return false;
    return (status >= 200 && status < 300) ||
           bw_fail(e, BW_DOWN, "it was answered with status %d", status);
}

static bool tell(const struct notice_job *j, struct bw_err *e)
{
    const char *fields[3] = {"Content-Type: application/json"};
    struct bw_buf body;
    struct fetch f = {.url = j->target, .deadline = j->deadline};
    if (notice_has_places(j->target)) {
        f.url = notice_fill(j, j->target, true);
        return ask(&f, e);
    }
    bw_buf_init(&body, 64 * 1024);
    write_body(j, &body);
    f.method = "POST";
    f.body = bw_buf_str(&body);
    f.fields = fields;
    if (j->hmac_secret)
        fields[1] = signature(j, f.body);
    bool ok = ask(&f, e);
    bw_buf_release(&body);
    return ok;
}

const struct notice_kind notice_http = {
    .name = "http",
    .help = "http://…, https://…: a POST of JSON; a GET when it has %what%, %msg% or %urimsg%.",
    .is = is,
    .send = tell,
};
