/* rowfile.c: reads records from a mapped file. Errors carry "path:line: ". */
#include "cli/rowfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *const format_names[] = {"csv", "json", "ndjson"};

bool rowfile_format(const char *path, const char *name, enum rowfile_format *format,
                    struct bw_err *e)
{
    const char *dot = strrchr(path, '.');
    bw_str wanted = bw_cstr(name ? name : dot ? dot + 1 : "");
    if (!name && bw_str_ieq(wanted, BW_LIT("jsonl")))
        wanted = BW_LIT("ndjson");
    for (int i = 0; i < 3; i++)
        if (bw_str_ieq(wanted, bw_cstr(format_names[i]))) {
            *format = (enum rowfile_format)i;
            return true;
        }
    return bw_fail(e, BW_BAD, "what is in %s? Say --format csv, json or ndjson", path);
}

static bool map_file(struct rowfile *f, struct bw_err *e)
{
    struct stat st;
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return bw_fail_sys(e, errno, "opening %s", f->path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return bw_fail(e, BW_BAD, "%s is no plain file", f->path);
    }
    void *p = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    int why = errno;
    close(fd);
    if (p == MAP_FAILED)
        return bw_fail_sys(e, why, "reading %s", f->path);
    f->text = bw_str_of(p ? p : "", (size_t)st.st_size);
    return true;
}

static bool read_head_line(struct rowfile *f, const struct table *t, struct bw_err *e)
{
    csv_open(&f->csv, f->text);
    if (!csv_next(&f->csv, &f->scratch))
        return bw_fail(e, BW_BAD, "%s:%u: %s", f->path, f->csv.line,
                       f->csv.why ? f->csv.why : "no head line");
    for (unsigned i = 0; i < f->csv.n; i++) {
        f->columns[i] = table_need(t, bw_str_trim(f->csv.fields[i]), e);
        if (!f->columns[i])
            return bw_because(e, "%s:%u: the head line", f->path, f->csv.line);
        for (unsigned k = 0; k < i; k++)
            if (f->columns[k] == f->columns[i])
                return bw_fail(e, BW_BAD, "%s:%u: the head line names '%.*s' twice", f->path,
                               f->csv.line, BW_FMT(f->columns[i]->name));
    }
    f->n_columns = f->csv.n;
    return true;
}

static bool json_wrong(struct rowfile *f, struct bw_err *e)
{
    struct bw_err why;
    bw_json_fail(&f->json, &why);
    return bw_fail(e, BW_BAD, "%s: %s", f->path, why.text);
}

bool rowfile_open(struct rowfile *f, const char *path, enum rowfile_format format,
                  const struct table *t, struct bw_err *e)
{
    memset(f, 0, sizeof *f);
    f->path = path;
    f->format = format;
    bw_arena_init(&f->scratch);
    if (!map_file(f, e))
        return false;
    f->at = f->text.p;
    if (format == ROWFILE_CSV)
        return read_head_line(f, t, e);
    if (format == ROWFILE_JSON) {
        bw_json_open(&f->json, &f->scratch, f->text);
        if (bw_json_next(&f->json) != BW_JSON_ARRAY) {
            bw_json_refuse(&f->json, "a file of records begins with '['");
            return json_wrong(f, e);
        }
    }
    return true;
}

void rowfile_close(struct rowfile *f)
{
    if (f->text.n)
        munmap((void *)(uintptr_t)f->text.p, f->text.n);
    bw_arena_release(&f->scratch);
}

static void set_field(struct rowfile *f, unsigned i, struct record *r, struct faults *faults)
{
    const struct column *c = f->columns[i];
    bool nothing = !f->csv.fields[i].n && !f->csv.quoted[i]; /* a text would be empty by "" */
    if (nothing && c->nullable && c->type == BW_TYPE_TEXT) {
        r->v[c->index] = bw_null();
        column_add(&r->has, c->index);
    } else if (c->index) {
        record_set_text(r, c, f->csv.fields[i], faults, faults->arena);
    } else if (f->csv.fields[i].n && (!bw_str_int(f->csv.fields[i], &r->id) || r->id < 1)) {
        fault_add(faults, c->name, "type", "id must be an integer from 1 on");
    }
}

static int next_csv(struct rowfile *f, struct record *r, struct faults *faults, struct bw_err *e)
{
    if (!csv_next(&f->csv, faults->arena)) {
        f->line = f->csv.line;
        return f->csv.why ? (bw_fail(e, BW_BAD, "%s:%u: %s", f->path, f->line, f->csv.why), -1) : 0;
    }
    f->line = f->csv.line;
    if (f->csv.n != f->n_columns)
        fault_add(faults, BW_LIT(""), "columns", "%u fields where the head line has %u", f->csv.n,
                  f->n_columns);
    for (unsigned i = 0; i < f->csv.n && f->csv.n == f->n_columns; i++)
        set_field(f, i, r, faults);
    return 1;
}

/* The place of a JSON record is where it begins; the line is counted on from the one before. */
static void count_lines(struct rowfile *f, const char *to)
{
    if (!f->line)
        f->line = 1;
    for (; f->at < to; f->at++)
        f->line += *f->at == '\n';
}

static int next_json(struct rowfile *f, const struct table *t, struct record *r,
                     struct faults *faults, struct bw_err *e)
{
    const char *p = f->json.at;
    while (p < f->json.end && strchr(" \t\r\n,", *p))
        p++;
    count_lines(f, p);
    if (p < f->json.end && *p == ']')
        return bw_json_next(&f->json) == BW_JSON_END && bw_json_finish(&f->json)
                   ? 0
                   : (json_wrong(f, e), -1);
    f->json.arena = faults->arena;
    return record_read(r, t, RECORD_TRUSTED, &f->json, faults) ? 1 : (json_wrong(f, e), -1);
}

static int next_ndjson(struct rowfile *f, const struct table *t, struct record *r,
                       struct faults *faults)
{
    const char *end = f->text.p + f->text.n;
    for (;;) {
        if (f->at == end)
            return 0;
        const char *lf = memchr(f->at, '\n', (size_t)(end - f->at));
        bw_str line = bw_str_trim(bw_str_of(f->at, (size_t)((lf ? lf : end) - f->at)));
        f->at = lf ? lf + 1 : end;
        f->line++;
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (!line.n)
            continue;
        struct bw_json_reader in;
        bw_json_open(&in, faults->arena, line);
        if (!record_read(r, t, RECORD_TRUSTED, &in, faults) || !bw_json_finish(&in))
            fault_add(faults, BW_LIT(""), "json", "column %zu: %s", (size_t)(in.where - line.p) + 1,
                      in.why);
        return 1;
    }
}

int rowfile_next(struct rowfile *f, const struct table *t, struct record *r, struct faults *faults,
                 struct bw_err *e)
{
    if (f->format == ROWFILE_CSV)
        return next_csv(f, r, faults, e);
    if (f->format == ROWFILE_JSON)
        return next_json(f, t, r, faults, e);
    return next_ndjson(f, t, r, faults);
}

double rowfile_progress(const struct rowfile *f)
{
    const char *at = f->format == ROWFILE_CSV    ? f->csv.at
                     : f->format == ROWFILE_JSON ? f->json.at
                                                 : f->at;
    return f->text.n ? (double)(at - f->text.p) / (double)f->text.n : 1;
}
