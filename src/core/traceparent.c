#include "core/traceparent.h"

#define MEMBERS    32
#define KEY_MAX    256
#define TENANT_MAX 241
#define VENDOR_MAX 14
#define VALUE_MAX  256

/* ---- traceparent: "00-<32 hex>-<16 hex>-<2 hex>" ---- */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *p, unsigned char *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = digit(p[2 * i]), low = digit(p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool is_zero(const unsigned char *id, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (id[i])
            return false;
    return true;
}

bool traceparent_parse(struct traceparent *t, bw_str text)
{
    const char *p = text.p;
    unsigned char version;
    if (text.n < TRACEPARENT_TEXT || !read_hex(p, &version, 1) || version == 0xff)
        return false;
    if (text.n > TRACEPARENT_TEXT && (version == 0 || p[TRACEPARENT_TEXT] != '-'))
        return false;
    return p[2] == '-' && p[35] == '-' && p[52] == '-' && read_hex(p + 3, t->trace, 16) &&
           read_hex(p + 36, t->span, 8) && read_hex(p + 53, &t->flags, 1) &&
           !is_zero(t->trace, 16) && !is_zero(t->span, 8);
}

static char *put_hex(char *out, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    return out;
}

void traceparent_write(const struct traceparent *t, char out[TRACEPARENT_TEXT + 1])
{
    static const unsigned char version = 0;
    out = put_hex(out, &version, 1);
    *out++ = '-';
    out = put_hex(out, t->trace, sizeof t->trace);
    *out++ = '-';
    out = put_hex(out, t->span, sizeof t->span);
    *out++ = '-';
    *put_hex(out, &t->flags, 1) = 0;
}

/* ---- tracestate: "key=value, key=value" ---- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_number(char c)
{
    return c >= '0' && c <= '9';
}

/* What stands behind the first character of a key. */
static bool rest_fits(bw_str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (!is_lower(s.p[i]) && !is_number(s.p[i]) && (!s.p[i] || !strchr("_-*/", s.p[i])))
            return false;
    return true;
}

static bool key_fits(bw_str key)
{
    bw_str vendor = key, tenant;
    if (!bw_str_cut(&vendor, '@', &tenant) || tenant.n == 0)
        return false;
    if (!vendor.p)
        return key.n <= KEY_MAX && is_lower(key.p[0]) && rest_fits(key);
    return tenant.n <= TENANT_MAX && (is_lower(tenant.p[0]) || is_number(tenant.p[0])) &&
           rest_fits(tenant) && vendor.n > 0 && vendor.n <= VENDOR_MAX && is_lower(vendor.p[0]) &&
           rest_fits(vendor);
}

static bool value_fits(bw_str value)
{
    if (value.n == 0 || value.n > VALUE_MAX)
        return false;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] > '~' || value.p[i] == ',' || value.p[i] == '=')
            return false;
    return value.p[value.n - 1] != ' ';
}

static bool is_among(const bw_str *keys, unsigned n, bw_str key)
{
    for (unsigned i = 0; i < n; i++)
        if (bw_str_eq(keys[i], key))
            return true;
    return false;
}

bool tracestate_valid(bw_str text)
{
    bw_str keys[MEMBERS], member, key;
    unsigned n = 0;
    if (text.n > TRACESTATE_MAX)
        return false;
    while (bw_str_cut(&text, ',', &member)) {
        member = bw_str_trim(member);
        if (member.n == 0) /* may be empty */
            continue;
        bw_str value = member;
        bw_str_cut(&value, '=', &key);
        if (n == MEMBERS || !value.p || !key_fits(key) || !value_fits(value) ||
            is_among(keys, n, key))
            return false;
        keys[n++] = key;
    }
    return n > 0;
}
