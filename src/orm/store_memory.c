/* store_memory.c: the kind "memory": tables in memory, shared by all threads, optionally kept in a
 * JSON file. Made for small tables (settings, sessions, tests): with a file, each group of writes
 * writes all of it. */
#include "orm/store_memory_int.h"

static void close_memory(struct store *base)
{
    struct store_memory *s = (struct store_memory *)base;
    for (unsigned i = 0; i < s->n_tables; i++)
        mem_table_release(&s->tables[i]);
    vec_release(&s->steps);
    mem_disk_close(s->disk);
    turns_release(&s->turns);
    pthread_mutex_destroy(&s->queue_lock);
    pthread_rwlock_destroy(&s->lock);
    bw_arena_release(&s->arena);
    free(s);
}

static bool open_file(struct store_memory *s, const struct store_opts *o, struct bw_err *e)
{
    struct bw_buf b;
    if (!(s->disk = mem_disk_open(o->path, !o->sync || strcmp(o->sync, "off") != 0, e)))
        return false;
    bw_buf_init(&b, (size_t)4 * LIMIT_BLOB);
    bool ok = mem_disk_read(s->disk, &b, e);
    if (ok && b.n)
        ok = mem_load(s, bw_buf_str(&b), e) || bw_because(e, "reading %s", o->path);
    else if (ok && o->sync_schema) /* a folder that cannot be written tells so now */
        ok = mem_save(s, e);
    bw_buf_release(&b);
    return ok;
}

static struct store *open_memory(const struct store_opts *o, struct table *const *tables,
                                 unsigned n, struct bw_err *e)
{
    struct store_memory *s = calloc(1, sizeof *s);
    bw_must(s);
    bw_arena_init(&s->arena);
    bw_must(pthread_rwlock_init(&s->lock, NULL) == 0);
    bw_must(pthread_mutex_init(&s->queue_lock, NULL) == 0);
    turns_init(&s->turns);
    list_init(&s->queue);
    atomic_init(&s->counter, 1);
    s->tables = BW_NEW_N(&s->arena, struct mem_table, n);
    for (unsigned i = 0; i < n; i++)
        mem_table_init(&s->tables[s->n_tables++], tables[i], &s->arena);
    if (o->path && *o->path && !open_file(s, o, e)) {
        close_memory(&s->base);
        return NULL;
    }
    return &s->base;
}

static uint64_t counter(struct store *s)
{
    return atomic_load(&((struct store_memory *)s)->counter);
}

static bool ping(struct store *s, struct bw_err *e)
{
    (void)s;
    (void)e;
    return true;
}

static bool check_index(const struct mem_table *m, const struct mem_index *x, struct bw_buf *report)
{
    size_t want = 0;
    uint64_t hash;
    for (size_t i = 0; i < m->slots.n; i++)
        want += m->slots.p[i].now && mem_index_hash(x, m->slots.p[i].now->v, &hash);
    if (want == x->entries)
        return true;
    bw_buf_printf(report, "%.*s: the index of '%.*s' has %zu entries for %zu records\n",
                  BW_FMT(m->table->name), BW_FMT(x->columns[0]->name), x->entries, want);
    return false;
}

/* Do the slots and the indexes agree? What could break them is a fault of ours. Nobody writes now.
 */
static bool check_table(const struct mem_table *m, struct bw_buf *report)
{
    int64_t live = 0, last = INT64_MIN;
    bool ordered = true, indexed = true;
    for (unsigned i = 0; i < m->n_indexes; i++)
        indexed = check_index(m, &m->indexes[i], report) && indexed;
    for (size_t i = 0; i < m->slots.n; i++) {
        live += m->slots.p[i].now != NULL;
        ordered = ordered && (i == 0 || m->slots.p[i].id > last);
        last = m->slots.p[i].id;
    }
    if (ordered && live == m->live)
        return indexed;
    bw_buf_printf(report, "%.*s: the records are out of order or miscounted\n",
                  BW_FMT(m->table->name));
    return false;
}

static bool verify(struct store *base, struct bw_buf *report, struct bw_err *e)
{
    struct store_memory *s = (struct store_memory *)base;
    bool ok = true;
    struct turn turn = {.deadline = 0};
    if (!turn_begin(&s->turns, &turn, e))
        return false;
    pthread_rwlock_rdlock(&s->lock);
    for (unsigned i = 0; i < s->n_tables; i++)
        ok = check_table(&s->tables[i], report) && ok;
    pthread_rwlock_unlock(&s->lock);
    turn_end(&s->turns, &turn);
    return ok || bw_fail(e, BW_SYS, "the memory store is not consistent");
}

const struct store_kind store_memory = {
    .name = "memory",
    .help = "in memory; with a path every write is kept in that JSON file, as a whole",
    .open = open_memory,
    .close = close_memory,
    .get = mem_get,
    .list = mem_list,
    .next = mem_next,
    .cursor_close = mem_cursor_close,
    .count = mem_count,
    .write = mem_write,
    .begin = mem_begin,
    .tx_write = mem_tx_write,
    .tx_end = mem_tx_end,
    .counter = counter,
    .ping = ping,
    .verify = verify,
};
