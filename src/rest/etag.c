/* etag.c: making and comparing entity tags (RFC 9110 §8.8.3, §13.1). Pure. */
#include "rest/etag.h"

#include "core/hash.h"

bw_str etag_of_version(char out[ETAG_SIZE], int64_t version)
{
    struct bw_buf b = {.p = out, .cap = ETAG_SIZE, .max = ETAG_SIZE}; /* never grows: it fits */
    bw_buf_put(&b, BW_LIT("\"v"));
    bw_buf_int(&b, version);
    bw_buf_char(&b, '"');
    return bw_buf_str(&b);
}

bw_str etag_of_bytes(char out[ETAG_SIZE], bw_str bytes)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[HASH_SHA256_SIZE];
    hash_sha256(sum, bytes);
    char *p = out;
    *p++ = '"';
    *p++ = 'h';
    for (int i = 0; i < 10; i++) {
        *p++ = digits[sum[i] >> 4];
        *p++ = digits[sum[i] & 15];
    }
    *p++ = '"';
    return bw_str_of(out, (size_t)(p - out));
}

/* What is between the quotes, without a content coding's suffix. */
static bw_str bare(bw_str tag)
{
    static const char *const suffixes[] = {"-gzip", "-br", "-zstd"};
    bw_str s = tag.n >= 2 ? bw_str_of(tag.p + 1, tag.n - 2) : tag;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (bw_str_ends(s, bw_cstr(suffixes[i])))
            return bw_str_of(s.p, s.n - strlen(suffixes[i]));
    return s;
}

/* Cuts one `W/"…"` or `"…"` off the list; false at its end or where it is malformed. */
static bool cut_tag(bw_str *list, bw_str *tag, bool *weak)
{
    size_t i = 0;
    while (i < list->n && strchr(" \t,", list->p[i]))
        i++;
    *weak = list->n - i > 2 && list->p[i] == 'W' && list->p[i + 1] == '/';
    i += *weak ? 2 : 0;
    if (i >= list->n || list->p[i] != '"')
        return false;
    const char *end = memchr(list->p + i + 1, '"', list->n - i - 1);
    if (!end)
        return false;
    *tag = bw_str_of(list->p + i, (size_t)(end - list->p) - i + 1);
    *list = bw_str_of(end + 1, list->n - (size_t)(end + 1 - list->p));
    return true;
}

bool etag_listed(bw_str field, bw_str etag, bool weak)
{
    bw_str tag;
    bool is_weak;
    if (bw_str_eq(bw_str_trim(field), BW_LIT("*")))
        return true;
    while (field.p && cut_tag(&field, &tag, &is_weak))
        if ((weak || !is_weak) && bw_str_eq(bare(tag), bare(etag)))
            return true;
    return false;
}

int64_t etag_version(bw_str field)
{
    bw_str tag, rest = field, second;
    bool weak;
    int64_t version;
    if (!field.p || !cut_tag(&rest, &tag, &weak) || weak || cut_tag(&rest, &second, &weak))
        return 0;
    tag = bare(tag);
    bool is = tag.n > 1 && tag.p[0] == 'v' &&
              bw_str_int(bw_str_of(tag.p + 1, tag.n - 1), &version) && version > 0;
    return is ? version : 0;
}
