/* store_memory_table.c: rows, and the slots that hold them by rising id. A deleted record leaves a
 * dead slot, swept when half of them are dead: so a delete costs no moving. */
#include "orm/store_memory_int.h"

struct mem_row *mem_row_new(const struct table *t, int64_t id, const struct bw_value *v)
{
    size_t values = t->n_columns * sizeof *v, texts = 0;
    for (unsigned i = 0; i < t->n_columns; i++)
        texts += v[i].kind >= BW_KIND_TEXT ? v[i].s.n + 1 : 0;
    struct mem_row *r = malloc(sizeof *r + values + texts);
    bw_must(r);
    atomic_init(&r->refs, 1);
    r->id = id;
    char *p = (char *)r->v + values;
    for (unsigned i = 0; i < t->n_columns; i++) {
        r->v[i] = v[i];
        if (v[i].kind < BW_KIND_TEXT)
            continue;
        if (v[i].s.n)
            memcpy(p, v[i].s.p, v[i].s.n);
        p[v[i].s.n] = 0;
        r->v[i].s.p = p;
        p += v[i].s.n + 1;
    }
    r->v[0] = bw_int(id);
    return r;
}

void mem_row_free(struct mem_row *r)
{
    if (r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
        free(r);
}

struct mem_row *mem_row_share(struct mem_row *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

static void add_index(struct mem_table *m, const struct column **columns, unsigned n,
                      const struct index_rule *rule)
{
    m->indexes[m->n_indexes++] =
        (struct mem_index){.columns = columns, .n = n, .unique = rule != NULL, .rule = rule};
}

void mem_table_init(struct mem_table *m, struct table *t, struct bw_arena *a)
{
    *m = (struct mem_table){.table = t, .next_id = 1};
    index_rules_of(&m->rules, t, a);
    m->indexes = BW_NEW_N(a, struct mem_index, m->rules.n + t->n_columns);
    for (unsigned i = 0; i < m->rules.n; i++)
        if (m->rules.at[i].unique)
            add_index(m, m->rules.at[i].columns, m->rules.at[i].n, &m->rules.at[i]);
    for (unsigned i = 1; i < t->n_columns; i++) {
        if (!t->columns[i].ref)
            continue;
        const struct column **columns = BW_NEW_N(a, const struct column *, 1);
        columns[0] = &t->columns[i];
        add_index(m, columns, 1, NULL);
    }
    t->store_data = m;
}

void mem_table_release(struct mem_table *m)
{
    for (size_t i = 0; i < m->slots.n; i++)
        mem_row_free(m->slots.p[i].now);
    for (unsigned i = 0; i < m->n_indexes; i++)
        mem_index_release(&m->indexes[i]);
    vec_release(&m->slots);
}

size_t mem_lower(const struct mem_table *m, int64_t id)
{
    size_t lo = 0, hi = m->slots.n;
    if (hi && m->slots.p[hi - 1].id < id)
        return hi;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->slots.p[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct mem_slot *mem_find(const struct mem_table *m, int64_t id)
{
    size_t i = mem_lower(m, id);
    return i < m->slots.n && m->slots.p[i].id == id ? &m->slots.p[i] : NULL;
}

static struct mem_row *seen(const struct mem_slot *s)
{
    return s->touched ? s->next : s->now;
}

struct mem_row *mem_seen(const struct mem_table *m, int64_t id)
{
    const struct mem_slot *s = mem_find(m, id);
    return s ? seen(s) : NULL;
}

static struct mem_slot *need_slot(struct mem_table *m, int64_t id)
{
    size_t i = mem_lower(m, id);
    if (i < m->slots.n && m->slots.p[i].id == id)
        return &m->slots.p[i];
    (void)vec_push(&m->slots);
    struct mem_slot *s = &m->slots.p[i];
    memmove(s + 1, s, (m->slots.n - 1 - i) * sizeof *s);
    *s = (struct mem_slot){.id = id};
    m->dead++;
    return s;
}

static void index_row(struct mem_table *m, const struct mem_row *r,
                      void (*fn)(struct mem_index *, uint64_t, int64_t))
{
    uint64_t hash;
    for (unsigned i = 0; r && i < m->n_indexes; i++)
        if (mem_index_hash(&m->indexes[i], r->v, &hash))
            fn(&m->indexes[i], hash, r->id);
}

void mem_put(struct store_memory *s, struct mem_table *m, int64_t id, struct mem_row *row)
{
    struct mem_slot *slot = need_slot(m, id);
    *vec_push(&s->steps) = (struct mem_step){
        .t = m, .id = id, .before = seen(slot), .after = row, .touched = slot->touched};
    slot->next = row;
    slot->touched = true;
    index_row(m, row, mem_index_add);
    if (id >= m->next_id)
        m->next_id = id == INT64_MAX ? INT64_MAX : id + 1;
}

void mem_undo(struct store_memory *s, size_t mark)
{
    while (s->steps.n > mark) {
        struct mem_step *step = &s->steps.p[--s->steps.n];
        struct mem_slot *slot = mem_find(step->t, step->id);
        index_row(step->t, step->after, mem_index_remove);
        mem_row_free(step->after);
        slot->touched = step->touched;
        slot->next = step->touched ? step->before : NULL;
    }
}

static void sweep(struct mem_table *m)
{
    if (m->dead < 64 || m->dead < m->slots.n / 2)
        return;
    size_t n = 0;
    for (size_t i = 0; i < m->slots.n; i++)
        if (m->slots.p[i].now)
            m->slots.p[n++] = m->slots.p[i];
    m->slots.n = n;
    m->dead = 0;
}

void mem_commit(struct store_memory *s)
{
    for (size_t i = 0; i < s->steps.n; i++) {
        struct mem_step *step = &s->steps.p[i];
        struct mem_slot *slot = mem_find(step->t, step->id);
        index_row(step->t, step->before, mem_index_remove);
        if (slot->touched) {
            int change = (slot->next != NULL) - (slot->now != NULL);
            step->t->live += change;
            step->t->dead -= (size_t)change;
            slot->now = slot->next;
            slot->next = NULL;
            slot->touched = false;
        }
        mem_row_free(step->before);
    }
    for (size_t i = 0; i < s->steps.n; i++)
        sweep(s->steps.p[i].t);
    if (s->steps.n)
        atomic_fetch_add(&s->counter, 1);
    vec_clear(&s->steps);
}
