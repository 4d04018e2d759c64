/* store_memory_save.c: the tables as one JSON text: for each its columns by name and its records as
 * arrays in that order, one to a line; blobs in base64. What is written is what the writer sees;
 * only the holder of the turn comes here, so nothing moves meanwhile. */
#include "orm/store_memory_int.h"

#define CHUNK (256 * 1024)

static void put_value(struct bw_json_writer *w, struct bw_value v)
{
    switch (v.kind) {
    case BW_KIND_INT:
        bw_json_int(w, v.i);
        break;
    case BW_KIND_REAL:
        bw_json_real(w, v.r);
        break;
    case BW_KIND_TEXT:
        bw_json_text(w, v.s);
        break;
    case BW_KIND_BLOB:
        bw_json_base64(w, v.s);
        break;
    default:
        bw_json_null(w);
    }
}

/* Without a file the text stays in the buffer. */
static bool flush(struct store_memory *s, struct bw_buf *b, struct bw_err *e)
{
    if (!s->disk)
        return bw_buf_ok(b);
    bool ok = bw_buf_ok(b) ? mem_disk_write(s->disk, bw_buf_str(b), e)
                           : bw_fail(e, BW_TOOBIG, "a record is too big for the file");
    bw_buf_clear(b);
    return ok;
}

static bool put_rows(struct store_memory *s, const struct mem_table *m, struct bw_json_writer *w,
                     struct bw_err *e)
{
    for (size_t i = 0; i < m->slots.n; i++) {
        const struct mem_slot *slot = &m->slots.p[i];
        const struct mem_row *r = slot->touched ? slot->next : slot->now;
        if (!r)
            continue;
        bw_buf_char(w->out, '\n');
        bw_json_array(w);
        for (unsigned c = 0; c < m->table->n_columns; c++)
            put_value(w, r->v[c]);
        bw_json_end(w);
        if (w->out->n > CHUNK && !flush(s, w->out, e))
            return false;
    }
    return true;
}

static bool put_table(struct store_memory *s, const struct mem_table *m, struct bw_json_writer *w,
                      struct bw_err *e)
{
    bw_json_object(w);
    bw_json_put_text(w, "name", m->table->name);
    bw_json_put_int(w, "next", m->next_id);
    bw_json_key(w, BW_LIT("columns"));
    bw_json_array(w);
    for (unsigned c = 0; c < m->table->n_columns; c++)
        bw_json_text(w, m->table->columns[c].name);
    bw_json_end(w);
    bw_json_key(w, BW_LIT("rows"));
    bw_json_array(w);
    bool ok = put_rows(s, m, w, e);
    if (ok) {
        bw_json_end(w);
        bw_json_end(w);
    }
    return ok;
}

static bool put_all(struct store_memory *s, struct bw_buf *b, struct bw_err *e)
{
    struct bw_json_writer w;
    bw_json_init(&w, b);
    bw_json_object(&w);
    bw_json_put_text(&w, "format", BW_LIT("burrow tables"));
    bw_json_key(&w, BW_LIT("tables"));
    bw_json_array(&w);
    for (unsigned i = 0; i < s->n_tables; i++)
        if (!put_table(s, &s->tables[i], &w, e))
            return false;
    bw_json_end(&w);
    bw_json_end(&w);
    bw_buf_char(b, '\n');
    return flush(s, b, e);
}

bool mem_write_text(struct store_memory *s, struct bw_buf *out)
{
    return put_all(s, out, NULL);
}

bool mem_save(struct store_memory *s, struct bw_err *e)
{
    struct bw_buf b;
    if (!mem_disk_begin(s->disk, e))
        return false;
    bw_buf_init(&b, (size_t)4 * LIMIT_BLOB);
    bool ok = put_all(s, &b, e) && mem_disk_commit(s->disk, e);
    bw_buf_release(&b);
    if (!ok)
        mem_disk_abandon(s->disk);
    return ok;
}
