/* settings_print.c: a struct of settings back as JSON, which settings_parse reads into the same
 * values. Only secrets do not come back: they are "***". */
#include "core/quantity.h"
#include "core/settings_int.h"

static void print_table(const struct option *t, const char *in, struct bw_json_writer *w);

static bw_str cstr_at(const void *at)
{
    const char *z;
    memcpy(&z, at, sizeof z);
    return bw_cstr(z);
}

/* With a unit it is a text, without one a number. */
static void print_number(const struct option *o, int64_t v, struct bw_json_writer *w)
{
    struct bw_buf b;
    if (v <= 0 || o->type == OPT_INT || (o->type == OPT_SIZE && v % 1024)) {
        bw_json_int(w, v);
        return;
    }
    bw_buf_init(&b, 64);
    settings_write_number(o, v, &b);
    bw_json_text(w, bw_buf_str(&b));
    bw_buf_release(&b);
}

static void print_texts(const char *const *p, struct bw_json_writer *w)
{
    bw_json_array(w);
    for (; p && *p; p++)
        bw_json_text(w, bw_cstr(*p));
    bw_json_end(w);
}

static void print_ints(const struct opt_list *list, struct bw_json_writer *w)
{
    const int64_t *v = list->items;
    bw_json_array(w);
    for (size_t i = 0; i < list->n; i++)
        bw_json_int(w, v[i]);
    bw_json_end(w);
}

static void print_pairs(const char *const *p, struct bw_json_writer *w)
{
    bw_json_object(w);
    for (; p && *p; p++) {
        bw_str value = bw_cstr(*p), name = {0};
        bw_str_cut(&value, '=', &name);
        bw_json_key(w, name);
        bw_json_text(w, value);
    }
    bw_json_end(w);
}

static void print_many(const struct option *o, const struct opt_list *list,
                       struct bw_json_writer *w)
{
    bool map = o->type == OPT_MAP;
    if (map)
        bw_json_object(w);
    else
        bw_json_array(w);
    for (size_t i = 0; i < list->n; i++) {
        const char *item = (const char *)list->items + i * o->item_size;
        if (map)
            bw_json_key(w, cstr_at(item + o->options->offset));
        print_table(o->options + map, item, w);
    }
    bw_json_end(w);
}

static void print_scalar(const struct option *o, const void *at, struct bw_json_writer *w)
{
    switch (o->type) {
    case OPT_BOOL:
        bw_json_bool(w, *(const bool *)at);
        break;
    case OPT_REAL:
        bw_json_real(w, *(const double *)at);
        break;
    case OPT_TEXT:
        bw_json_text(w, *(const bw_str *)at);
        break;
    case OPT_CSTR:
        bw_json_text(w, cstr_at(at));
        break;
    case OPT_ENUM:
        bw_json_text(w, bw_cstr(o->names[*(const int *)at]));
        break;
    case OPT_TEXTS:
        print_texts(*(const char *const *const *)at, w);
        break;
    case OPT_INTS:
        print_ints(at, w);
        break;
    case OPT_PAIRS:
        print_pairs(*(const char *const *const *)at, w);
        break;
    case OPT_RAW:
        bw_json_raw(w, *(const bw_str *)at);
        break;
    default:
        print_number(o, *(const int64_t *)at, w);
    }
}

static bool hidden(const struct option *o, const void *at)
{
    if (!o->secret)
        return false;
    return o->type == OPT_CSTR   ? cstr_at(at).p != NULL
           : o->type == OPT_TEXT ? ((const bw_str *)at)->p != NULL
                                 : true;
}

static void print_table(const struct option *t, const char *in, struct bw_json_writer *w)
{
    bw_json_object(w);
    for (; t->name; t++) {
        const void *at = in + t->offset;
        bw_json_key(w, bw_cstr(t->name));
        if (hidden(t, at))
            bw_json_text(w, BW_LIT("***"));
        else if (t->type == OPT_SECTION)
            print_table(t->options, at, w);
        else if (t->type == OPT_LIST || t->type == OPT_MAP)
            print_many(t, at, w);
        else
            print_scalar(t, at, w);
    }
    bw_json_end(w);
}

void settings_print(const struct option *t, const void *in, struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    w.indent = 2;
    print_table(t, in, &w);
    bw_buf_char(out, '\n');
}
