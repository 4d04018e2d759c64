/* filter_text.h: a tree of conditions as the text that a URL's group would be: for comparing, and
 * for reading it once more. */
#ifndef TEST_FILTER_TEXT_H
#define TEST_FILTER_TEXT_H

#include "orm/query.h"
#include "orm/record.h"

static inline void filter_text_value(const struct column *c, struct bw_value v, struct bw_buf *out)
{
    struct bw_buf json;
    struct bw_json_writer w;
    if (v.kind != BW_KIND_TEXT) {
        bw_buf_init(&json, 1 << 20);
        bw_json_init(&w, &json);
        record_write_value(c, v, &w);
        bw_str s = bw_buf_str(&json);
        bool quoted = s.n > 1 && s.p[0] == '"';
        bw_buf_put(out, quoted ? bw_str_of(s.p + 1, s.n - 2) : s);
        bw_buf_release(&json);
        return;
    }
    bw_buf_char(out, '"');
    for (size_t i = 0; i < v.s.n; i++) {
        if (v.s.p[i] == '"' || v.s.p[i] == '\\')
            bw_buf_char(out, '\\');
        bw_buf_char(out, v.s.p[i]);
    }
    bw_buf_char(out, '"');
}

static inline void filter_text_test(const struct filter *f, struct bw_buf *out)
{
    static const char *const names[] = {
#define X(name, op) #name,
        BW_OPS(X)
#undef X
    };
    bw_buf_printf(out, "%.*s.%s%s.", BW_FMT(f->column->name), f->not ? "not." : "", names[f->op]);
    if (f->op == BW_IN) {
        bw_buf_char(out, '(');
        for (unsigned i = 0; i < f->n_values; i++) {
            if (i)
                bw_buf_char(out, ',');
            filter_text_value(f->column, f->values[i], out);
        }
        bw_buf_char(out, ')');
    } else if (f->op == BW_IS && f->value.kind == BW_NULL) {
        bw_buf_put(out, BW_LIT("null"));
    } else {
        filter_text_value(f->column, f->value, out);
    }
}

static inline void filter_text(const struct filter *f, struct bw_buf *out)
{
    if (f->kind == FILTER_TEST) {
        filter_text_test(f, out);
        return;
    }
    bw_buf_printf(out, "%s%s(", f->not ? "not." : "", f->kind == FILTER_AND ? "and" : "or");
    for (const struct filter *c = f->first; c; c = c->next) {
        filter_text(c, out);
        if (c->next)
            bw_buf_char(out, ',');
    }
    bw_buf_char(out, ')');
}

#endif
