/* batch_read.c: one write of a batch from its JSON:
 *
 *   {"add":"Article","record":{…}}
 *   {"update":"Article","id":7,"record":{…}}     "version":3 besides: it must match
 *   {"delete":"Article","id":7}                  "version":3 likewise
 *
 * or, under a table's path, the record to be added. Members may come in any order: a record that
 * stands before its table is kept as text until that is known. */
#include "rest/batch_int.h"

#include "core/near.h"
#include "core/utf8.h"

/* What the members of one write have said so far. */
struct reading {
    struct batch *b;
    struct chunk *chunk;
    struct change *change;
    struct faults *faults;
    struct bw_json_reader *in;
    struct bw_err *e;
    bool named, has_id, has_version, has_record, record_read;
    bw_str record; /* as text, when it came too early */
    int64_t id, version;
};

static enum record_use use_of(const struct change *c)
{
    return c->kind == CHANGE_ADD ? RECORD_ADD : RECORD_UPDATE;
}

/* ---- members ---- */

static bool once(struct reading *r, bool *seen, const char *name)
{
    if (*seen)
        return bw_json_refuse(r->in, "'%s' is given twice", name);
    return *seen = true;
}

static bool read_table(struct reading *r, enum change_kind kind)
{
    struct bw_err why;
    if (r->named)
        return bw_json_refuse(r->in, "one write is one of add, update and delete");
    r->named = true;
    if (bw_json_next(r->in) != BW_JSON_TEXT)
        return bw_json_refuse(r->in, "the name of a table belongs here");
    r->change->kind = kind;
    r->change->table = model_need(&r->b->rq->server->model, r->in->text, &why);
    return r->change->table || bw_json_refuse(r->in, "%.200s", why.text);
}

static bool read_add(struct reading *r)
{
    return read_table(r, CHANGE_ADD);
}

static bool read_update(struct reading *r)
{
    return read_table(r, CHANGE_UPDATE);
}

static bool read_delete(struct reading *r)
{
    return read_table(r, CHANGE_DELETE);
}

static bool read_number(struct reading *r, const char *name, int64_t *out)
{
    if (bw_json_next(r->in) != BW_JSON_INT || r->in->integer < 1)
        return bw_json_refuse(r->in, "'%s' is an integer from 1", name);
    *out = r->in->integer;
    return true;
}

static bool read_id(struct reading *r)
{
    return once(r, &r->has_id, "id") && read_number(r, "id", &r->id);
}

static bool read_version(struct reading *r)
{
    return once(r, &r->has_version, "version") && read_number(r, "version", &r->version);
}

static bool read_fields(struct reading *r, struct bw_json_reader *in)
{
    struct change *c = r->change;
    r->record_read = true;
    return record_read(&c->rec, c->table, use_of(c), in, r->faults);
}

static bool read_record(struct reading *r)
{
    struct change *c = r->change;
    if (!once(r, &r->has_record, "record"))
        return false;
    if (!c->table || c->kind == CHANGE_DELETE)
        return bw_json_whole(r->in, &r->record);
    record_init(&c->rec, c->table, &r->chunk->arena);
    return read_fields(r, r->in);
}

static const struct {
    const char *name;
    bool (*read)(struct reading *r);
} members[] = {{"add", read_add}, {"update", read_update}, {"delete", read_delete},
               {"id", read_id},   {"record", read_record}, {"version", read_version}};

static bool read_member(struct reading *r, bw_str name)
{
    struct near near;
    char hint[96];
    near_init(&near, name);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (bw_str_eq(name, bw_cstr(members[i].name)))
            return members[i].read(r);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        near_offer(&near, bw_cstr(members[i].name));
    bw_str shown = bw_str_of(name.p, utf8_cut(name, name.n < 40 ? name.n : 40));
    return bw_json_refuse(r->in, "a write has no member '%.*s'%s", BW_FMT(shown),
                          near_hint(&near, hint));
}

static bool read_members(struct reading *r)
{
    bw_str name;
    if (bw_json_next(r->in) != BW_JSON_OBJECT)
        return bw_json_refuse(r->in, "a write is an object such as {\"add\":\"Table\","
                                     "\"record\":{…}}");
    while (bw_json_member(r->in, &name))
        if (!read_member(r, name))
            return false;
    return bw_json_finish(r->in);
}

/* ---- the whole ---- */

static bool read_late_record(struct reading *r)
{
    struct bw_json_reader in;
    if (r->record_read)
        return true;
    record_init(&r->change->rec, r->change->table, &r->chunk->arena);
    if (!r->has_record)
        return true;
    bw_json_open(&in, &r->chunk->arena, r->record);
    return read_fields(r, &in) || bw_json_fail(&in, r->e);
}

/* What belongs to each kind of write, and what does not. */
static bool complete(struct reading *r)
{
    if (!r->named)
        return bw_fail(r->e, BW_BAD, "a write says what to do: add, update or delete");
    bool add = r->change->kind == CHANGE_ADD, remove = r->change->kind == CHANGE_DELETE;
    if (add && (r->has_id || r->has_version))
        return bw_fail(r->e, BW_BAD, "an add has no '%s': what is added says it in its record",
                       r->has_id ? "id" : "version");
    if (!add && !r->has_id)
        return bw_fail(r->e, BW_BAD, "'id' is missing: it says which record");
    if (remove && r->has_record)
        return bw_fail(r->e, BW_BAD, "a delete has no 'record'");
    if (!remove && !r->has_record)
        return bw_fail(r->e, BW_BAD, "'record' is missing");
    if (r->has_version && !r->change->table->version)
        return bw_fail(r->e, BW_BAD, "%.*s has no version field", BW_FMT(r->change->table->name));
    return true;
}

static bool any_field(const struct record *r)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        if (r->has.bits[i])
            return true;
    return false;
}

/* The id and version may also stand in the record: then they agree. */
static bool settle_update(struct reading *r)
{
    struct record *rec = &r->change->rec;
    if (rec->id && rec->id != r->id)
        return bw_fail(r->e, BW_BAD, "the record's id is %lld, the write's is %lld",
                       (long long)rec->id, (long long)r->id);
    if (rec->version && r->version && rec->version != r->version)
        return bw_fail(r->e, BW_BAD, "the record's version is %lld, the write's is %lld",
                       (long long)rec->version, (long long)r->version);
    if (r->faults->n == 0 && !any_field(rec))
        return bw_fail(r->e, BW_BAD, "the record names no field of %.*s to change",
                       BW_FMT(r->change->table->name));
    rec->id = r->id;
    r->change->version = r->version ? r->version : rec->version;
    return true;
}

static bool check(struct reading *r)
{
    record_check(&r->change->rec, r->change->table, use_of(r->change), r->faults);
    return faults_fail(r->faults, r->e);
}

static bool read_any(struct reading *r)
{
    if (!read_members(r))
        return bw_json_fail(r->in, r->e);
    if (!complete(r) || !read_late_record(r))
        return false;
    if (r->change->kind == CHANGE_DELETE) {
        r->change->rec.id = r->id;
        r->change->version = r->version;
        return true;
    }
    return (r->change->kind == CHANGE_ADD || settle_update(r)) && check(r);
}

static bool read_added(struct reading *r)
{
    r->change->kind = CHANGE_ADD;
    record_init(&r->change->rec, r->change->table, &r->chunk->arena);
    if (!read_fields(r, r->in) || !bw_json_finish(r->in))
        return bw_json_fail(r->in, r->e);
    return check(r);
}

/* Changes are large, mostly by the error inside: only what is read gets set. */
static void begin(struct change *c, struct table *t)
{
    c->kind = CHANGE_ADD;
    c->table = t;
    c->version = 0;
    c->filter = NULL;
    c->ok = false;
    c->err.code = BW_OK;
}

static struct faults *clean_faults(struct chunk *c)
{
    if (!c->faults)
        c->faults = BW_NEW(&c->arena, struct faults);
    c->faults->arena = &c->arena;
    return c->faults;
}

bool batch_read(struct batch *b, struct chunk *c, bw_str text)
{
    struct batch_write *w = &c->writes[c->n++];
    struct change *change = &c->changes[c->n_changes];
    struct bw_json_reader in;
    struct bw_err e;
    struct reading r = {
        .b = b, .chunk = c, .change = change, .faults = clean_faults(c), .in = &in, .e = &e};
    begin(change, b->table);
    bw_json_open(&in, &c->arena, text);
    bool ok = b->table ? read_added(&r) : read_any(&r);
    *w = (struct batch_write){.table = change->table};
    if (ok) {
        w->change = change;
        c->n_changes++;
        return true;
    }
    w->err = BW_NEW(&c->arena, struct bw_err);
    *w->err = e;
    if (r.faults->n) {
        if (e.code == BW_INVALID) {
            w->faults = r.faults;
            w->refused = BW_NEW(&c->arena, struct record);
            *w->refused = change->rec;
            w->update = change->kind == CHANGE_UPDATE ? change->rec.id : 0;
        }
        c->faults = NULL; /* the next write gets clean ones */
    }
    return false;
}

bool batch_read_option(const struct batch *b, bw_str line, bool *atomic)
{
    struct bw_json_reader in;
    bw_str name;
    if (b->table && table_column(b->table, BW_LIT("atomic")))
        return false; /* then it is a record */
    bw_json_open(&in, NULL, line);
    if (bw_json_next(&in) != BW_JSON_OBJECT || !bw_json_member(&in, &name) ||
        !bw_str_eq(name, BW_LIT("atomic")) || bw_json_next(&in) != BW_JSON_BOOL)
        return false;
    *atomic = in.boolean;
    return !bw_json_member(&in, &name) && bw_json_finish(&in);
}
