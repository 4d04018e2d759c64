/* cmd_import.c: burrow import: records from a file into a table, straight through the store. Either
 * all of them or, with --skip, those that are good; a bad row is told with its line. Rows are read
 * and checked while the writer inserts those before them. */
#include "cli/appfile.h"
#include "cli/rowfile.h"

#include <inttypes.h>

#include "core/clock.h"

#define CHUNK    1000 /* rows handed to the store together */
#define COMPLAIN 20   /* bad rows told one by one */

static const struct arg switches[] = {
    {"table", "NAME", "the table the records go to"},
    {"format", "FORMAT", "csv, json or ndjson; else by the file's ending"},
    {"skip", NULL, "leave bad rows out; without it one bad row undoes all"},
    APPFILE_SWITCHES,
    {NULL, NULL, NULL},
};

/* A chunk in the making, or at the store: two of them take turns. */
struct chunk {
    struct bw_arena arena;
    struct change *changes;
    unsigned *lines;
    size_t n;
};

struct import {
    struct rowfile file;
    struct table *table;
    struct store_tx *tx; /* all or nothing */
    bool skip, terminal;
    struct chunk chunks[2];
    unsigned turn;
    int64_t good, bad, told_at;
    struct bw_err err; /* why all was undone */
};

static void complain(struct import *m, unsigned line, bw_str why)
{
    m->bad++;
    if (m->bad <= COMPLAIN)
        fprintf(stderr, "%s:%u: %.*s\n", m->file.path, line, BW_FMT(why));
    else if (m->bad == COMPLAIN + 1)
        fprintf(stderr, "%s: … and more\n", m->file.path);
}

static void progress(struct import *m, bool last)
{
    int64_t now = clock_mono();
    if (!m->terminal || (!last && now - m->told_at < 100 * CLOCK_MS))
        return;
    m->told_at = now;
    int done = (int)(rowfile_progress(&m->file) * 30);
    fprintf(stderr, "\r[%.*s%*s] %" PRId64 " rows%s", done, "##############################",
            30 - done, "", m->good + m->bad, last ? "\n" : "");
}

/* What the store said of a chunk's rows. */
static void judge(struct import *m, struct chunk *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->changes[i].ok)
            m->good++;
        else if (c->changes[i].err.code != BW_OK)
            complain(m, c->lines[i], bw_cstr(c->changes[i].err.text));
    }
    c->n = 0;
    bw_arena_clear(&c->arena);
}

static void begin_chunk(struct chunk *c)
{
    c->n = 0;
    c->changes = BW_NEW_N(&c->arena, struct change, CHUNK);
    c->lines = BW_NEW_N(&c->arena, unsigned, CHUNK);
}

/* Hands the chunk over. With a transaction it is pipelined, so it is the other chunk that is done
 * now. */
static bool hand_over(struct import *m, struct chunk *c)
{
    if (m->skip) {
        bool ok = store_write(m->table->store, c->changes, c->n, false, &m->err);
        judge(m, c);
        return ok;
    }
    struct chunk *other = &m->chunks[!m->turn];
    bool ok = store_tx_write(m->tx, c->changes, c->n, &m->err);
    judge(m, other);
    m->turn = !m->turn;
    return ok;
}

/* 1: goes on, 0: end, -1: failed. */
static int read_row(struct import *m, struct chunk *c)
{
    struct faults faults = {.arena = &c->arena};
    struct change *change = &c->changes[c->n];
    *change = (struct change){.kind = CHANGE_ADD, .table = m->table};
    record_init(&change->rec, m->table, &c->arena);
    int got = rowfile_next(&m->file, m->table, &change->rec, &faults, &m->err);
    if (got <= 0)
        return got;
    if (!faults_hold(&faults, BW_LIT(""))) /* else the row could not be read: nothing is missing */
        record_check(&change->rec, m->table, RECORD_TRUSTED, &faults);
    if (!faults.n) {
        c->lines[c->n++] = m->file.line;
        return 1;
    }
    struct bw_err why;
    faults_fail(&faults, &why);
    complain(m, m->file.line, bw_cstr(why.text));
    if (m->skip)
        return 1;
    bw_fail(&m->err, BW_INVALID, "%s:%u: %s", m->file.path, m->file.line, why.text);
    return -1;
}

static bool read_rows(struct import *m)
{
    int got;
    do {
        struct chunk *c = &m->chunks[m->turn];
        begin_chunk(c);
        while ((got = read_row(m, c)) > 0 && c->n < CHUNK)
            progress(m, false);
        if (got < 0 || (c->n && !hand_over(m, c)))
            return false;
    } while (got > 0);
    return true;
}

static bool import_all(struct import *m)
{
    if (m->skip)
        return read_rows(m);
    m->tx = store_begin(m->table->store, 0, &m->err);
    if (!m->tx)
        return false;
    bool ok = read_rows(m);
    struct bw_err end = {.code = BW_OK};
    bool ended = store_tx_end(m->tx, ok, &end);
    for (int i = 0; i < 2; i++)
        judge(m, &m->chunks[i]);
    if (ok && !ended)
        m->err = end;
    return ok && ended;
}

static bool import(struct import *m, struct host *h, const struct args *a, struct bw_err *e)
{
    enum rowfile_format format;
    const char *path = a->words.p[0], *table = args_value(a, "table", NULL);
    m->table = model_need(&h->server.model, bw_cstr(table), e);
    if (!m->table || !rowfile_format(path, args_value(a, "format", NULL), &format, e))
        return false;
    bool ok = rowfile_open(&m->file, path, format, m->table, e);
    if (ok) {
        ok = import_all(m);
        progress(m, true);
        if (!ok && e)
            *e = m->err;
    }
    rowfile_close(&m->file);
    return ok;
}

static int conclude(const struct import *m, bool ok, const struct command *c,
                    const struct bw_err *e)
{
    if (!ok) {
        if (m->bad == 0 || m->skip) /* else the row was told */
            command_complain(c, e, 1);
        if (m->table && !m->skip)
            fprintf(stderr, "burrow import: nothing was imported\n");
        return 1;
    }
    printf("%lld records imported into %.*s", (long long)m->good, BW_FMT(m->table->name));
    printf(m->bad ? ", %lld skipped\n" : "\n", (long long)m->bad);
    return 0;
}

static int run(const struct command *c, const struct args *a)
{
    struct appfile f;
    struct bw_err e = {.code = BW_OK};
    if (!args_has(a, "table")) {
        bw_fail(&e, BW_BAD, "into which table? Say --table NAME");
        return command_complain(c, &e, 2);
    }
    struct import m = {.skip = args_has(a, "skip"), .terminal = isatty(STDERR_FILENO)};
    bw_arena_init(&m.chunks[0].arena);
    bw_arena_init(&m.chunks[1].arena);
    struct host *h =
        appfile_load(&f, NULL, a, &e) ? host_open(&f.app, &f.conf, HOST_SERVE, &e) : NULL;
    bool ok = h && import(&m, h, a, &e);
    int status = conclude(&m, ok, c, &e);
    bw_arena_release(&m.chunks[0].arena);
    bw_arena_release(&m.chunks[1].arena);
    host_close(h);
    appfile_release(&f);
    return status;
}

const struct command command_import = {
    .name = "import",
    .usage = "FILE --table NAME --app APP.json [SWITCH …]",
    .help = "Puts the records of a CSV, JSON or NDJSON file into a table",
    .text =
        "CSV begins with a line of field names; a text that may be null is null where a field is "
        "empty, and\nempty where it is \"\". Ids and times in the file are kept. Nothing may serve "
        "the database\nmeanwhile; to a running server, POST the file to /api/TABLE/batch instead.",
    .switches = switches,
    .min_words = 1,
    .max_words = 1,
    .settings = true,
    .run = run,
};
