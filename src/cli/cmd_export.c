/* cmd_export.c: burrow export: a table's records as CSV, JSON or NDJSON, all fields, ordered by id;
 * what import reads back. Streams: memory does not grow with the table. */
#include "cli/appfile.h"
#include "cli/rowfile.h"

#include <errno.h>

static const struct arg switches[] = {
    {"table", "NAME", "the table"},
    {"format", "FORMAT", "csv, json or ndjson (ndjson)"},
    {"out", "FILE", "write there instead of standard output"},
    {"secrets", NULL, "write-only fields too: for a copy that import can read back whole"},
    APPFILE_SWITCHES,
    {NULL, NULL, NULL},
};

struct exporting {
    struct table *table;
    enum rowfile_format format;
    struct column_set set;
    bool secrets;
    FILE *out;
    struct bw_buf line;
};

/* All but hidden columns, blobs too. A write-only field leaves by the owner's explicit word only.
 */
static void choose_columns(struct exporting *x)
{
    for (unsigned i = 0; i < x->table->n_columns; i++) {
        const struct column *c = &x->table->columns[i];
        if (!c->hidden && (x->secrets || !c->f || !c->f->write_only))
            column_add(&x->set, i);
    }
}

static void csv_value(struct exporting *x, const struct column *c, struct bw_value v)
{
    struct bw_json_writer w;
    struct bw_buf b;
    if (v.kind == BW_NULL)
        return;
    if (v.kind == BW_KIND_TEXT && c->type != BW_TYPE_JSON) {
        csv_write(&x->line, v.s);
        return;
    }
    bw_buf_init(&b, LIMIT_BLOB);
    bw_json_init(&w, &b);
    record_write_value(c, v, &w);
    bw_str s = bw_buf_str(&b);
    if (s.n >= 2 && s.p[0] == '"' &&
        c->type != BW_TYPE_JSON) /* times and base64 need no JSON quotes here */
        s = bw_str_of(s.p + 1, s.n - 2);
    csv_write(&x->line, s);
    bw_buf_release(&b);
}

static void csv_row(struct exporting *x, const struct bw_value *row)
{
    bool first = true;
    for (unsigned i = 0; i < x->table->n_columns; i++) {
        if (!column_in(&x->set, i))
            continue;
        if (!first)
            bw_buf_char(&x->line, ',');
        first = false;
        if (row)
            csv_value(x, &x->table->columns[i], row[i]);
        else
            csv_write(&x->line, x->table->columns[i].name);
    }
    bw_buf_char(&x->line, '\n');
}

static void json_row(struct exporting *x, const struct bw_value *row, bool first)
{
    struct bw_json_writer w;
    if (x->format == ROWFILE_JSON)
        bw_buf_put(&x->line, first ? BW_LIT("[\n") : BW_LIT(",\n"));
    bw_json_init(&w, &x->line);
    record_write(x->table, &x->set, row, NULL, &w);
    if (x->format == ROWFILE_NDJSON)
        bw_buf_char(&x->line, '\n');
}

static bool put(struct exporting *x, struct bw_err *e)
{
    bool ok = bw_buf_ok(&x->line) &&
              fwrite(x->line.p ? x->line.p : "", 1, x->line.n, x->out) == x->line.n;
    bw_buf_clear(&x->line);
    return ok || bw_fail_sys(e, errno, "writing the export");
}

static bool write_rows(struct exporting *x, struct store_cursor *cursor, struct bw_value *row,
                       struct bw_err *e)
{
    bool first = true, ok = true;
    int got = 0;
    if (x->format == ROWFILE_CSV)
        csv_row(x, NULL);
    while (ok && (got = store_next(cursor, row, e)) > 0) {
        if (x->format == ROWFILE_CSV)
            csv_row(x, row);
        else
            json_row(x, row, first);
        first = false;
        ok = put(x, e);
    }
    if (x->format == ROWFILE_JSON)
        bw_buf_put(&x->line, first ? BW_LIT("[]\n") : BW_LIT("\n]\n"));
    return ok && got == 0 && put(x, e);
}

static bool export_table(struct exporting *x, struct bw_err *e)
{
    struct bw_arena a;
    struct query q;
    choose_columns(x);
    bw_arena_init(&a);
    bw_buf_init(&x->line, 2u * LIMIT_BLOB);
    query_init(&q, x->table);
    q.select = x->set;
    q.limit = 0;
    query_finish(&q);
    struct store_cursor *cursor = store_list(&q, &a, e);
    bool ok =
        cursor && write_rows(x, cursor, BW_NEW_N(&a, struct bw_value, x->table->n_columns), e);
    store_cursor_close(cursor);
    bw_buf_release(&x->line);
    bw_arena_release(&a);
    return ok;
}

static bool export_to(struct exporting *x, const char *path, struct bw_err *e)
{
    x->out = path ? fopen(path, "wbxe") : stdout;
    if (!x->out)
        return bw_fail_sys(e, errno, "making the file %s", path);
    bool ok = export_table(x, e);
    if (path && fclose(x->out) != 0 && ok)
        ok = bw_fail_sys(e, errno, "writing %s", path);
    if (!path && fflush(stdout) != 0 && ok)
        ok = bw_fail_sys(e, errno, "writing to standard output");
    return ok;
}

static bool export_as_told(struct exporting *x, struct host *h, const struct args *a,
                           struct bw_err *e)
{
    const char *table = args_value(a, "table", NULL);
    x->table = model_need(&h->server.model, bw_cstr(table), e);
    const char *path = args_value(a, "out", NULL),
               *format = args_value(a, "format", path ? NULL : "ndjson");
    return x->table && rowfile_format(path ? path : "", format, &x->format, e) &&
           export_to(x, path, e);
}

static int run(const struct command *c, const struct args *a)
{
    struct appfile f;
    struct bw_err e = {.code = BW_OK};
    struct exporting x = {.secrets = args_has(a, "secrets")};
    if (!args_has(a, "table")) {
        bw_fail(&e, BW_BAD, "which table? Say --table NAME");
        return command_complain(c, &e, 2);
    }
    struct host *h =
        appfile_load(&f, NULL, a, &e) ? host_open(&f.app, &f.conf, HOST_INSPECT, &e) : NULL;
    bool ok = h && export_as_told(&x, h, a, &e);
    host_close(h);
    appfile_release(&f);
    return ok ? 0 : command_complain(c, &e, 1);
}

const struct command command_export = {
    .name = "export",
    .usage = "--table NAME --app APP.json [SWITCH …]",
    .help = "Writes a table's records as CSV, JSON or NDJSON",
    .text = "In CSV null is an empty field, an empty text is \"\".",
    .switches = switches,
    .settings = true,
    .run = run,
};
