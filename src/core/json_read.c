/* json_read.c: JSON in: pull, typed, over one text in memory. Knows where a value, a name, a comma
 * or an end belongs; tokens are json_scan.c's and number.c's. Nothing recurses: the open
 * objects and arrays are bits of one word, so depth costs no stack. After the first error the
 * reader stands at the end of the text and gives errors only. */
#include "core/json_scan.h"
#include "core/number.h"

#define BOM "\xef\xbb\xbf"

void bw_json_open(struct bw_json_reader *r, struct bw_arena *a, bw_str text)
{
    memset(r, 0, offsetof(struct bw_json_reader, why)); /* the rest is read after a failure only */
    r->start = r->at = r->token = text.p ? text.p : "";
    r->end = r->start + text.n;
    r->arena = a;
    r->max_depth = BW_JSON_DEPTH;
    r->first = true;
}

static inline bool in_object(const struct bw_json_reader *r)
{
    return r->depth && (r->is_object >> (r->depth - 1) & 1);
}

static inline bool at_char(const struct bw_json_reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

/* ---- values ---- */

static enum bw_json_kind push(struct bw_json_reader *r, bool object)
{
    if (r->depth >= r->max_depth || r->depth >= BW_JSON_DEPTH) {
        json_fail(r, r->at, "nested deeper than %u", r->depth);
        return BW_JSON_ERROR;
    }
    uint64_t bit = UINT64_C(1) << r->depth++;
    r->is_object = object ? r->is_object | bit : r->is_object & ~bit;
    r->first = true;
    r->at++;
    return object ? BW_JSON_OBJECT : BW_JSON_ARRAY;
}

static void pop(struct bw_json_reader *r)
{
    r->at++;
    r->depth--;
    r->first = false;
}

static enum bw_json_kind number_failed(struct bw_json_reader *r, const char *why)
{
    json_fail(r, r->at, "%s", why);
    return BW_JSON_ERROR;
}

/* The usual integer, of at most 18 digits; false leaves all else to number_scan. */
static inline bool short_int(struct bw_json_reader *r)
{
    const char *p = r->at + (*r->at == '-'), *first = p;
    const char *limit = r->end - p > 18 ? p + 18 : r->end;
    int64_t v = 0;
    for (; p < limit && (unsigned char)(*p - '0') <= 9; p++)
        v = v * 10 + (*p - '0');
    bool whole =
        p > first && p < r->end && *p != '.' && (*p | 0x20) != 'e' && (unsigned char)(*p - '0') > 9;
    if (!whole || (*first == '0' && p - first > 1) || v == 0)
        return false;
    r->integer = first > r->at ? -v : v;
    r->real = (double)r->integer;
    r->text = bw_str_of(r->at, (size_t)(p - r->at));
    r->at = p;
    return true;
}

static enum bw_json_kind read_number(struct bw_json_reader *r)
{
    if (short_int(r))
        return BW_JSON_INT;
    struct number x;
    size_t n = number_scan(bw_str_of(r->at, (size_t)(r->end - r->at)), &x);
    r->text = bw_str_of(r->at, n);
    if (n == 0)
        return number_failed(r, "not a JSON number: no zero in front, digits before and behind "
                                "'.', digits behind 'e'");
    if (x.integer) {
        if (!number_int(&x, &r->integer))
            return number_failed(r, "the whole number does not fit into 64 bits");
        r->real = x.negative ? -(double)x.digits : (double)x.digits;
    } else if (!number_real(&x, r->text, &r->real)) {
        return number_failed(r, "the number is too large for a double");
    }
    r->at += n;
    return x.integer ? BW_JSON_INT : BW_JSON_REAL;
}

static enum bw_json_kind read_word(struct bw_json_reader *r)
{
    static const struct {
        bw_str word;
        enum bw_json_kind kind;
    } words[] = {
        {{"true", 4}, BW_JSON_BOOL}, {{"false", 5}, BW_JSON_BOOL}, {{"null", 4}, BW_JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bw_str w = words[i].word;
        if ((size_t)(r->end - r->at) < w.n || memcmp(r->at, w.p, w.n) != 0)
            continue;
        r->at += w.n;
        r->boolean = *w.p == 't';
        return words[i].kind;
    }
    json_expected(r, r->at, "a value");
    return BW_JSON_ERROR;
}

/* The value that begins at r->at. */
static enum bw_json_kind read_value(struct bw_json_reader *r)
{
    r->token = r->at;
    if (r->at == r->end) {
        json_expected(r, r->at, "a value");
        return BW_JSON_ERROR;
    }
    char c = *r->at;
    if (c == '"')
        return json_read_text(r, &r->text) ? BW_JSON_TEXT : BW_JSON_ERROR;
    if (c == '-' || (unsigned char)(c - '0') <= 9)
        return read_number(r);
    return c == '{' || c == '[' ? push(r, c == '{') : read_word(r);
}

/* ---- what stands between them ---- */

static bool between(struct bw_json_reader *r)
{
    bool object = in_object(r);
    return json_expected(r, r->at, object ? "',' or '}'" : "',' or ']'");
}

/* Goes to the next element's beginning: false when the innermost object or array ended (consumed)
 * or on error. */
static inline bool arrive(struct bw_json_reader *r, char close)
{
    json_skip_space(r);
    bool comma = false;
    if (!r->first && !at_char(r, close)) {
        if (!at_char(r, ','))
            return between(r);
        r->at++;
        comma = true;
        json_skip_space(r);
    }
    if (at_char(r, close)) {
        if (comma && !r->comments)
            return json_fail(r, r->at, "a ',' must not stand before '%c'", close);
        pop(r);
        return false;
    }
    r->first = false;
    return !r->failed;
}

/* The same outside of any: true when the one value begins. */
static bool arrive_outside(struct bw_json_reader *r)
{
    if (r->first && r->at == r->start && r->end - r->at >= 3 && memcmp(r->at, BOM, 3) == 0) {
        if (!r->comments)
            return json_fail(r, r->at, "begins with a byte order mark: save it as plain UTF-8");
        r->at += 3;
    }
    json_skip_space(r);
    if (r->failed)
        return false;
    bool due = r->first;
    r->first = false;
    if (!due && r->at < r->end)
        return json_expected(r, r->at, "nothing more behind the value");
    return due;
}

static bool arrive_value(struct bw_json_reader *r)
{
    if (!r->depth)
        return arrive_outside(r);
    if (!in_object(r))
        return arrive(r, ']');
    bw_must(r->named); /* bw_json_member comes first */
    r->named = false;
    return true;
}

enum bw_json_kind bw_json_next(struct bw_json_reader *r)
{
    if (r->failed)
        return BW_JSON_ERROR;
    if (arrive_value(r))
        return read_value(r);
    return r->failed ? BW_JSON_ERROR : BW_JSON_END;
}

bool bw_json_member(struct bw_json_reader *r, bw_str *name)
{
    if (r->failed)
        return false;
    bw_must(in_object(r) && !r->named);
    if (!arrive(r, '}'))
        return false;
    if (!at_char(r, '"'))
        return json_expected(r, r->at, "a name in double quotes");
    r->token = r->at;
    if (!json_read_text(r, name))
        return false;
    json_skip_space(r);
    if (!at_char(r, ':'))
        return json_expected(r, r->at, "':' behind the name");
    r->at++;
    json_skip_space(r);
    r->named = true;
    return !r->failed;
}

/* ---- whole values ---- */

bool bw_json_skip(struct bw_json_reader *r, enum bw_json_kind begun)
{
    if (begun != BW_JSON_ARRAY && begun != BW_JSON_OBJECT)
        return !r->failed;
    const char *token = r->token;
    struct bw_arena *arena = r->arena;
    unsigned outside = r->depth - 1;
    bw_str name;
    r->arena = NULL;
    while (!r->failed && r->depth > outside) {
        if (!in_object(r) || bw_json_member(r, &name))
            bw_json_next(r);
    }
    r->arena = arena;
    r->token = token;
    return !r->failed;
}

bool bw_json_whole(struct bw_json_reader *r, bw_str *raw)
{
    if (r->failed || !arrive_value(r))
        return false;
    struct bw_arena *arena = r->arena;
    const char *from = r->at;
    r->arena = NULL;
    bool ok = bw_json_skip(r, read_value(r));
    r->arena = arena;
    *raw = bw_str_of(from, (size_t)(r->at - from));
    return ok;
}

bool bw_json_finish(struct bw_json_reader *r)
{
    if (r->failed)
        return false;
    if (r->depth)
        return between(r);
    if (r->first)
        return json_expected(r, json_skip_blank(r->at, r->end), "a value");
    arrive_outside(r);
    return !r->failed;
}

bool bw_json_valid(bw_str text, unsigned max_depth)
{
    struct bw_json_reader r;
    bw_str raw;
    bw_json_open(&r, NULL, text);
    r.max_depth = max_depth;
    return bw_json_whole(&r, &raw) && bw_json_finish(&r);
}
