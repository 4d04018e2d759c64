/* list_url_fuzz.c: parameters of a list (the input as a query string, not decoded; lines for '&')
 * become a query or are refused with a sentence. The tree of conditions is within its bounds, and
 * its text as a group reads back as the same tree; so mORMot's words and ours make one thing. */
#include "rest/list_url.h"

#include "../unit/help/filter_text.h"
#include "orm_fuzz.h"
#include "rest/list_group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned read_params(bw_str text, struct req_param *p)
{
    bw_str line;
    unsigned n = 0;
    while (n < REQ_PARAMS && bw_str_cut(&text, '\n', &line)) {
        bw_str value = line;
        bw_str_cut(&value, '=', &p[n].name);
        p[n++].value = value.p ? value : BW_LIT("");
    }
    return n;
}

static void read_again(const struct table *t, const struct filter *f, struct bw_arena *a)
{
    struct bw_buf one, two;
    struct bw_err e;
    bw_buf_init(&one, 1 << 24);
    bw_buf_init(&two, 1 << 24);
    bw_buf_char(&one, '(');
    filter_text(f, &one);
    bw_buf_char(&one, ')');
    struct filter *again = list_group_read(t, FILTER_AND, bw_buf_str(&one), a, &e);
    bw_must(again && again->first && !again->first->next);
    bw_buf_char(&two, '(');
    filter_text(again->first, &two);
    bw_buf_char(&two, ')');
    bw_must(bw_str_eq(bw_buf_str(&one), bw_buf_str(&two)));
    bw_buf_release(&one);
    bw_buf_release(&two);
}

static unsigned depth_of(const struct filter *f)
{
    unsigned most = 0;
    for (const struct filter *c = f->first; c; c = c->next)
        most = depth_of(c) + 1 > most ? depth_of(c) + 1 : most;
    return most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct list_bounds bounds = {.limit_default = 10, .limit_max = 50};
    struct table *t = orm_fuzz_table();
    struct req_param p[REQ_PARAMS];
    struct bw_arena a;
    struct bw_err e = {.code = BW_OK};
    struct query q;
    if (size == 0)
        return 0;
    bw_arena_init(&a);
    bw_str text = bw_arena_str(&a, bw_str_of((const char *)data + 1, size - 1));
    unsigned n = read_params(text, p);
    query_init(&q, t);
    bool all = data[0] & 1;
    bool ok = all ? list_url_read(&q, (struct list_params){p, n}, &bounds, &a, &e)
                  : list_url_conditions(&q, (struct list_params){p, n}, &a, &e);
    bw_must(ok || (e.code == BW_BAD && e.text[0]));
    if (ok && all)
        bw_must(q.n_order > 0 && q.limit > 0 && q.limit <= 50 && q.offset >= 0);
    if (ok && q.filter) {
        struct bw_value *row = BW_NEW_N(&a, struct bw_value, t->n_columns);
        filter_match(q.filter, row);
        if (depth_of(q.filter) < LIMIT_FILTER_DEPTH)
            read_again(t, q.filter, &a);
    }
    bw_arena_release(&a);
    return 0;
}
