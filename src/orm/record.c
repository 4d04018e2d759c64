/* record.c: the record's frame and the faults found in one. A fault is a field, a rule's name for
 * programs and a sentence for people. All faults are told, not only the first, so nobody has to
 * mend a record one answer at a time. */
#include "orm/record.h"

#include "core/utf8.h"

#define FAULTS_MAX (sizeof((struct faults *)0)->at / sizeof((struct faults *)0)->at[0])

void record_init(struct record *r, const struct table *t, struct bw_arena *a)
{
    *r = (struct record){.v = BW_NEW_N(a, struct bw_value, t->n_columns)};
}

void fault_add(struct faults *f, bw_str field, const char *rule, const char *fmt, ...)
{
    if (f->n == FAULTS_MAX)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    bw_str all = bw_str_of(text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
    all.n = utf8_cut(all, all.n);
    f->at[f->n++] =
        (struct fault){.field = field, .rule = rule, .text = bw_arena_str(f->arena, all)};
}

bool faults_hold(const struct faults *f, bw_str field)
{
    for (unsigned i = 0; i < f->n; i++)
        if (bw_str_eq(f->at[i].field, field))
            return true;
    return false;
}

static void set_field(struct bw_err *e, bw_str field)
{
    size_t n = utf8_cut(field, field.n < sizeof e->field ? field.n : sizeof e->field - 1);
    memcpy(e->field, field.p ? field.p : "", n);
    e->field[n] = 0;
}

bool faults_fail(const struct faults *f, struct bw_err *e)
{
    if (f->n == 0)
        return true;
    if (!e)
        return false;
    struct bw_buf all;
    bw_buf_init(&all, sizeof e->text * 2);
    for (unsigned i = 0; i < f->n; i++) {
        if (i && bw_str_eq(f->at[i].text, f->at[i - 1].text))
            continue; /* fields that break one rule together share a sentence */
        bw_buf_put(&all, i ? BW_LIT("; ") : BW_LIT(""));
        bw_buf_put(&all, f->at[i].text);
    }
    bw_fail(e, BW_INVALID, "%s", all.n ? bw_buf_cstr(&all) : "");
    set_field(e, f->at[0].field);
    bw_buf_release(&all);
    return false;
}

struct bw_value *record_keep(const struct table *t, const struct bw_value *row, struct bw_arena *a)
{
    struct bw_value *copy = BW_NEW_N(a, struct bw_value, t->n_columns);
    for (unsigned i = 0; i < t->n_columns; i++) {
        copy[i] = row[i];
        if (row[i].kind == BW_KIND_TEXT || row[i].kind == BW_KIND_BLOB)
            copy[i].s = bw_arena_str(a, row[i].s);
    }
    return copy;
}
