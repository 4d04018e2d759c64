/* diff.c: what changed between two short texts, by lines: the longest common subsequence, in a
 * table of lengths. Generated files have hundreds of lines, not thousands. */
#include "deploy/deploy.h"

#include "core/vec.h"

#define LINES_MAX 4000

typedef VEC(bw_str) lines;

static void split(bw_str text, lines *out)
{
    while (text.n && out->n < LINES_MAX) {
        size_t end = bw_str_find(text, '\n');
        *vec_push(out) = bw_str_of(text.p, end);
        size_t used = end < text.n ? end + 1 : end;
        text = bw_str_of(text.p + used, text.n - used);
    }
}

struct table {
    const lines *a, *b;
    unsigned short *length; /* of the longest common part of a from i on and b from j on */
};

static unsigned short *at(const struct table *t, size_t i, size_t j)
{
    return &t->length[i * (t->b->n + 1) + j];
}

static void measure(struct table *t)
{
    for (size_t i = t->a->n; i-- > 0;)
        for (size_t j = t->b->n; j-- > 0;) {
            unsigned short down = *at(t, i + 1, j), right = *at(t, i, j + 1);
            *at(t, i, j) = bw_str_eq(t->a->p[i], t->b->p[j])
                               ? (unsigned short)(*at(t, i + 1, j + 1) + 1)
                               : (down > right ? down : right);
        }
}

static void put(struct bw_buf *out, char side, bw_str line)
{
    bw_buf_printf(out, "%c%.*s\n", side, BW_FMT(line));
}

static void tell(const struct table *t, struct bw_buf *out)
{
    bool run = false;
    for (size_t i = 0, j = 0; i < t->a->n || j < t->b->n;) {
        bool both = i < t->a->n && j < t->b->n;
        if (both && bw_str_eq(t->a->p[i], t->b->p[j])) {
            i++;
            j++;
            run = false;
            continue;
        }
        if (!run)
            bw_buf_printf(out, "@@ line %zu @@\n", i + 1);
        run = true;
        if (j == t->b->n || (i < t->a->n && *at(t, i + 1, j) >= *at(t, i, j + 1)))
            put(out, '-', t->a->p[i++]);
        else
            put(out, '+', t->b->p[j++]);
    }
}

void deploy_diff(bw_str theirs, bw_str mine, struct bw_buf *out)
{
    lines a = {0}, b = {0};
    if (bw_str_eq(theirs, mine))
        return;
    split(theirs, &a);
    split(mine, &b);
    struct table t = {.a = (const lines *)&a, .b = (const lines *)&b};
    t.length = calloc((a.n + 1) * (b.n + 1), sizeof *t.length);
    bw_must(t.length);
    measure(&t);
    tell(&t, out);
    if (!out->n)
        bw_buf_put(out, BW_LIT("@@ the end of the last line @@\n"));
    free(t.length);
    vec_release(&a);
    vec_release(&b);
}
