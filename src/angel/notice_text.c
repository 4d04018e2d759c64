/* notice_text.c: which kind a target is of, and a notice as text. */
#include "angel/notice_int.h"
#include "core/uri.h"

static const struct notice_kind *const kinds[] = {
#define NOTICE(name) &notice_##name,
#include "angel/notices.def"
#undef NOTICE
};

const struct notice_kind *notice_kind_of(const char *target, const char **rest)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((*rest = kinds[i]->is(target)))
            return kinds[i];
    return NULL;
}

const char *notice_line(const struct notice_job *j)
{
    const struct notice_item *it = j->item;
    struct bw_buf b;
    bw_buf_init(&b, 64);
    bw_time_write(&b, it->at);
    const char *line = bw_arena_printf(j->arena, "%.*s %s %s %s: %s", BW_FMT(bw_buf_str(&b)),
                                       j->host, it->kind, *it->unit ? it->unit : "angel", it->text)
                           .p;
    bw_buf_release(&b);
    return line;
}

static const char *const places[] = {"%what%", "%msg%", "%urimsg%"};

bool notice_has_places(const char *text)
{
    for (size_t i = 0; i < 3; i++)
        if (strstr(text, places[i]))
            return true;
    return false;
}

static size_t place_at(const char *text, size_t *which)
{
    for (*which = 0; *which < 3; ++*which)
        if (!strncmp(text, places[*which], strlen(places[*which])))
            return strlen(places[*which]);
    return 0;
}

const char *notice_fill(const struct notice_job *j, const char *text, bool as_url)
{
    const struct notice_item *it = j->item;
    const char *what = bw_arena_printf(j->arena, "%s %s", it->kind, it->unit).p;
    struct bw_buf b;
    size_t which;
    bw_buf_init(&b, 64 * 1024);
    while (*text) {
        size_t n = *text == '%' ? place_at(text, &which) : 0;
        if (!n) {
            bw_buf_char(&b, *text++);
            continue;
        }
        bw_str value = bw_cstr(which ? it->text : what);
        if (as_url || which == 2)
            uri_encode(&b, value);
        else
            bw_buf_put(&b, value);
        text += n;
    }
    const char *out = bw_arena_cstr(j->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return out;
}
