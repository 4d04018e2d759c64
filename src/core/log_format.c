/* log_format.c: one record as one line, text or JSON. Whatever a field holds, the line stays one
 * line and cannot steer a terminal: controls, also those beyond ASCII, are escaped; a text value
 * that could be mistaken for several is quoted. Pure. */
#include <burrow/json.h>

#include "core/civil.h"
#include "core/log_int.h"

static const char *const level_names[] = {
#define X(name, text) #text,
    LOG_LEVELS(X)
#undef X
};

const char *log_level_name(int level)
{
    return level_names[level];
}

static const char *const level_colours[] = {"\033[90m", "\033[90m", "\033[32m",
                                            "\033[33m", "\033[31m", "\033[1;31m"};

/* Always with milliseconds, so that columns line up and lines sort. */
void log_format_time(struct bw_buf *out, bw_time at)
{
    struct civil c;
    char z[] = "0000-00-00T00:00:00.000Z";
    civil_of_time(&c, at);
    civil_two(z, (unsigned)c.year / 100);
    civil_two(z + 2, (unsigned)c.year % 100);
    civil_two(z + 5, (unsigned)c.month);
    civil_two(z + 8, (unsigned)c.day);
    civil_two(z + 11, (unsigned)c.hour);
    civil_two(z + 14, (unsigned)c.minute);
    civil_two(z + 17, (unsigned)c.second);
    z[20] = (char)('0' + c.micro / 100000);
    civil_two(z + 21, (unsigned)c.micro / 1000 % 100);
    bw_buf_add(out, z, sizeof z - 1);
}

/* JSON's escapes, and DEL and U+0080-U+009F, which some terminals obey, as well. */
static bool is_rare_control(const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    if (c == 0x7f)
        return true;
    return c == 0xc2 && end - p > 1 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0;
}

static void put_escaped(struct bw_buf *out, bw_str s)
{
    const char *from = s.p, *p = from, *end = from + s.n;
    while (p < end) {
        if (!is_rare_control(p, end)) {
            p++;
            continue;
        }
        bw_json_escape(out, bw_str_of(from, (size_t)(p - from)));
        bool two = (unsigned char)*p == 0xc2;
        bw_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)p[two]);
        p += two ? 2 : 1;
        from = p;
    }
    if (from < end)
        bw_json_escape(out, bw_str_of(from, (size_t)(end - from)));
}

static void put_quoted(struct bw_buf *out, bw_str s)
{
    bw_buf_char(out, '"');
    put_escaped(out, s);
    bw_buf_char(out, '"');
}

static bool needs_quotes(bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || is_rare_control(s.p + i, s.p + s.n))
            return true;
    }
    return s.n == 0;
}

static void put_text(struct bw_buf *out, bw_str s, bool json)
{
    if (!s.p)
        bw_buf_add(out, "null", 4);
    else if (json || needs_quotes(s))
        put_quoted(out, s);
    else
        put_escaped(out, s); /* what is not UTF-8 */
}

static void put_value(struct bw_buf *out, const struct log_field *f, bool json)
{
    switch (f->kind) {
    case 'i':
        bw_buf_int(out, f->i);
        break;
    case 'r':
        bw_json_write_real(out, f->r);
        break;
    case 'b':
        bw_buf_put(out, f->i ? BW_LIT("true") : BW_LIT("false"));
        break;
    default:
        put_text(out, f->s, json);
    }
}

static void format_json(struct bw_buf *out, const struct log_record *rec)
{
    bw_buf_put(out, BW_LIT("{\"ts\":\""));
    log_format_time(out, rec->at);
    bw_buf_put(out, BW_LIT("\",\"level\":\""));
    bw_buf_put(out, bw_cstr(level_names[rec->level]));
    bw_buf_put(out, BW_LIT("\",\"area\":"));
    put_quoted(out, bw_cstr(rec->area ? rec->area : ""));
    bw_buf_put(out, BW_LIT(",\"msg\":"));
    put_quoted(out, bw_cstr(rec->text));
    for (const struct log_field *f = rec->fields; f && f->key; f++) {
        bw_buf_char(out, ',');
        put_quoted(out, bw_cstr(f->key));
        bw_buf_char(out, ':');
        put_value(out, f, true);
    }
    bw_buf_put(out, BW_LIT("}\n"));
}

void log_format_message(struct bw_buf *out, const struct log_record *rec)
{
    put_escaped(out, bw_cstr(rec->text));
    for (const struct log_field *f = rec->fields; f && f->key; f++) {
        bw_buf_char(out, ' ');
        bw_buf_put(out, bw_cstr(f->key));
        bw_buf_char(out, '=');
        put_value(out, f, false);
    }
}

static void format_text(struct bw_buf *out, const struct log_record *rec, bool colour)
{
    static const char spaces[] = "      ";
    const char *level = level_names[rec->level];
    size_t n = strlen(level);
    log_format_time(out, rec->at);
    bw_buf_char(out, ' ');
    if (colour)
        bw_buf_put(out, bw_cstr(level_colours[rec->level]));
    bw_buf_add(out, level, n);
    if (colour)
        bw_buf_put(out, BW_LIT("\033[0m"));
    bw_buf_add(out, spaces, 6 - n);
    if (rec->area && *rec->area) {
        put_escaped(out, bw_cstr(rec->area));
        bw_buf_put(out, BW_LIT(": "));
    }
    log_format_message(out, rec);
    bw_buf_char(out, '\n');
}

void log_format(struct bw_buf *out, bool json, bool colour, const struct log_record *rec)
{
    if (json)
        format_json(out, rec);
    else
        format_text(out, rec, colour);
}
