/* log_format_5424.c: a record as a message of RFC 5424: what stands in front of the message are
 * words of printable ASCII, fields are structured data with its three escapes. Pure. */
#include "core/log_int.h"

#define SD_ID "burrow@32473" /* the number that RFC 5612 gives to documentation: nobody else's */

static void put_word(struct bw_buf *out, const char *s, size_t max)
{
    size_t n = 0;
    for (; s && *s && n < max; s++, n++)
        bw_buf_char(out, *s > ' ' && *s < 127 ? *s : '_');
    if (!n)
        bw_buf_char(out, '-');
    bw_buf_char(out, ' ');
}

static void put_name(struct bw_buf *out, const char *s)
{
    for (size_t n = 0; *s && n < 32; s++, n++)
        bw_buf_char(out, *s > ' ' && *s < 127 && *s != '=' && *s != ']' && *s != '"' ? *s : '_');
}

static void put_value(struct bw_buf *out, bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"' || c == '\\' || c == ']')
            bw_buf_char(out, '\\');
        bw_buf_char(out, (unsigned char)c < ' ' || c == 127 ? ' ' : c);
    }
}

static void put_field(struct bw_buf *out, const struct log_field *f)
{
    bw_buf_char(out, ' ');
    put_name(out, f->key);
    bw_buf_put(out, BW_LIT("=\""));
    if (f->kind == 'i')
        bw_buf_int(out, f->i);
    else if (f->kind == 'r')
        bw_buf_printf(out, "%.17g", f->r);
    else if (f->kind == 'b')
        bw_buf_put(out, f->i ? BW_LIT("true") : BW_LIT("false"));
    else
        put_value(out, f->s);
    bw_buf_char(out, '"');
}

void log_format_5424(struct bw_buf *out, const char *app, int priority,
                     const struct log_record *rec)
{
    char host[256];
    if (gethostname(host, sizeof host) != 0)
        host[0] = 0;
    host[sizeof host - 1] = 0;
    bw_buf_printf(out, "<%d>1 ", priority);
    log_format_time(out, rec->at);
    bw_buf_char(out, ' ');
    put_word(out, host, 255);
    put_word(out, app, 48);
    bw_buf_printf(out, "%ld ", (long)getpid());
    put_word(out, rec->area, 32);
    if (rec->fields && rec->fields->key) {
        bw_buf_put(out, BW_LIT("[" SD_ID));
        for (const struct log_field *f = rec->fields; f->key; f++)
            put_field(out, f);
        bw_buf_put(out, BW_LIT("] "));
    } else {
        bw_buf_put(out, BW_LIT("- "));
    }
    log_format_message(out, &(struct log_record){.text = rec->text});
}
