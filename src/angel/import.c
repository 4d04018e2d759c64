/* import.c: the importers' common part: which one reads a file, the services read, JSON of them. */
#include "angel/import_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "core/near.h"
#include "os/file.h"

#define IMPORTER(n) extern const struct importer importer_##n;
#include "angel/importers.def"
#undef IMPORTER

const struct importer *const importers[] = {
#define IMPORTER(n) &importer_##n,
#include "angel/importers.def"
#undef IMPORTER
    NULL};

/* ---- what is built ---- */

struct import *import_new(void)
{
    struct import *im = calloc(1, sizeof *im);
    bw_must(im);
    bw_arena_init(&im->a);
    return im;
}

static void release(struct import_unit *u)
{
    vec_release(&u->values);
    vec_release(&u->env);
    vec_release(&u->limits);
    vec_release(&u->after);
    vec_release(&u->needs);
    vec_release(&u->start);
    vec_release(&u->stop);
}

void import_free(struct import *im)
{
    if (!im)
        return;
    for (size_t i = 0; i < im->units.n; i++)
        release(im->units.p[i]);
    release(&im->main);
    vec_release(&im->units);
    vec_release(&im->notes);
    bw_arena_release(&im->a);
    free(im);
}

struct import_unit *import_unit(struct import *im, bw_str name)
{
    struct import_unit *u = BW_NEW(&im->a, struct import_unit);
    u->name = bw_arena_cstr(&im->a, name);
    *vec_push(&im->units) = u;
    return u;
}

const char *import_escaped(struct import *im, bw_str text)
{
    char *out = bw_arena_alloc(&im->a, text.n * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        out[n++] = text.p[i];
        if (text.p[i] == '%')
            out[n++] = '%';
    }
    out[n] = 0;
    return out;
}

static bw_str as_json(struct import *im, const char *text)
{
    struct bw_buf b;
    bw_buf_init(&b, SIZE_MAX / 4);
    bw_buf_char(&b, '"');
    bw_json_escape(&b, bw_cstr(text));
    bw_buf_char(&b, '"');
    bw_str out = bw_arena_str(&im->a, bw_buf_str(&b));
    bw_buf_release(&b);
    return out;
}

/* A later one of a key replaces an earlier one. */
void import_json(struct import *im, struct import_unit *u, const char *key, bw_str json)
{
    json = bw_arena_str(&im->a, json);
    for (size_t i = 0; i < u->values.n; i++) {
        if (strcmp(u->values.p[i].key, key) != 0)
            continue;
        u->values.p[i].json = json;
        return;
    }
    *vec_push(&u->values) = (struct import_value){key, json};
}

void import_text(struct import *im, struct import_unit *u, const char *key, bw_str text)
{
    import_json(im, u, key, as_json(im, import_escaped(im, text)));
}

void import_number(struct import *im, struct import_unit *u, const char *key, bw_str text)
{
    text = bw_str_trim(text);
    if (bw_json_valid(text, 1) && text.n && text.p[0] >= '0' && text.p[0] <= '9')
        import_json(im, u, key, text);
    else if (text.n && text.p[0] >= '0' && text.p[0] <= '9')
        import_text(im, u, key, text);
    else
        import_note(im, "%s: %s '%.*s' is no number", u->name, key, BW_FMT(text));
}

void import_note(struct import *im, const char *fmt, ...)
{
    char text[600];
    va_list v;
    va_start(v, fmt);
    vsnprintf(text, sizeof text, fmt, v);
    va_end(v);
    *vec_push(&im->notes) = bw_arena_printf(&im->a, "%s: %s", im->path, text).p;
}

size_t import_count(const struct import *im)
{
    return im->units.n;
}

const char *import_said(const struct import *im, size_t i)
{
    return i < im->notes.n ? im->notes.p[i] : NULL;
}

/* ---- reading ---- */

static const struct importer *by_name(const char *kind, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(kind));
    for (const struct importer *const *p = importers; *p; p++) {
        if (!strcmp((*p)->name, kind))
            return *p;
        near_offer(&near, bw_cstr((*p)->name));
    }
    bw_fail(e, BW_BAD, "nothing is imported from '%s'%s", kind, near_hint(&near, hint));
    return NULL;
}

static const struct importer *by_look(const char *path, bw_str text, struct bw_err *e)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    for (const struct importer *const *p = importers; *p; p++) {
        if ((*p)->knows(file, text))
            return *p;
    }
    bw_fail(e, BW_BAD, "%s looks like nothing that can be imported; --from says what it is", path);
    return NULL;
}

static bool read_file(struct import *im, const char *kind, const char *path, struct bw_err *e)
{
    bw_str text;
    if (!file_read(path, LIMIT_SETTINGS, &im->a, &text, e))
        return false;
    const struct importer *p = kind ? by_name(kind, e) : by_look(path, text, e);
    im->path = bw_arena_cstr(&im->a, bw_cstr(path));
    return p && p->read(im, im->path, text, e);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool read_folder(struct import *im, const char *kind, const char *path, struct bw_err *e)
{
    VEC(const char *) names = {0};
    struct dirent *d;
    DIR *dir = opendir(path);
    bool ok = true;
    if (!dir)
        return bw_fail_sys(e, errno, "reading the folder %s", path);
    while ((d = readdir(dir))) {
        if (d->d_name[0] != '.' && bw_str_ends(bw_cstr(d->d_name), BW_LIT(".service")))
            *vec_push(&names) = bw_arena_printf(&im->a, "%s/%s", path, d->d_name).p;
    }
    closedir(dir);
    if (names.n)
        qsort(names.p, names.n, sizeof *names.p, by_text);
    else
        ok = bw_fail(e, BW_BAD, "the folder %s has no *.service files", path);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = read_file(im, kind, names.p[i], e);
    vec_release(&names);
    return ok;
}

bool import_read(struct import *im, const char *kind, const char *path, struct bw_err *e)
{
    struct stat st;
    if (kind && !by_name(kind, e))
        return false;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return read_folder(im, kind, path, e);
    return read_file(im, kind, path, e);
}

/* ---- writing ---- */

static void put_texts(struct bw_json_writer *w, const char *key, const char *const *p, size_t n)
{
    if (!n)
        return;
    bw_json_key(w, bw_cstr(key));
    bw_json_array(w);
    for (size_t i = 0; i < n; i++)
        bw_json_text(w, bw_cstr(p[i]));
    bw_json_end(w);
}

/* The later one of a name counts. */
static void put_pairs(struct bw_json_writer *w, const char *key, const char *const *p, size_t n)
{
    if (!n)
        return;
    bw_json_key(w, bw_cstr(key));
    bw_json_object(w);
    for (size_t i = 0; i < n; i++) {
        bw_str value = bw_cstr(p[i]), name;
        bool again = false;
        bw_str_cut(&value, '=', &name);
        for (size_t k = i + 1; k < n && !again; k++)
            again = !strncmp(p[k], p[i], name.n + 1);
        if (again)
            continue;
        bw_json_key(w, name);
        bw_json_text(w, value.p ? value : BW_LIT(""));
    }
    bw_json_end(w);
}

/* Names that were not imported are told and left out: they would be errors. */
static size_t those_here(struct import *im, const struct import_unit *u, const char *key,
                         const char **p, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < im->units.n && strcmp(im->units.p[k]->name, p[i]) != 0)
            k++;
        if (k < im->units.n)
            p[kept++] = p[i];
        else
            import_note(im, "%s: %s '%s' is not among what was imported", u->name, key, p[i]);
    }
    return kept;
}

static void write_unit(struct import *im, struct import_unit *u, struct bw_json_writer *w)
{
    bw_json_object(w);
    bw_json_put_text(w, "Name", bw_cstr(u->name));
    for (size_t i = 0; i < u->values.n; i++) {
        bw_json_key(w, bw_cstr(u->values.p[i].key));
        bw_json_raw(w, u->values.p[i].json);
    }
    put_texts(w, "Start", u->start.p, u->start.n);
    put_texts(w, "Stop", u->stop.p, u->stop.n);
    put_pairs(w, "Env", u->env.p, u->env.n);
    put_pairs(w, "Limits", u->limits.p, u->limits.n);
    put_texts(w, "After", u->after.p, those_here(im, u, "After", u->after.p, u->after.n));
    put_texts(w, "Needs", u->needs.p, those_here(im, u, "Needs", u->needs.p, u->needs.n));
    bw_json_end(w);
}

void import_write(struct import *im, struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    w.indent = 2;
    bw_json_object(&w);
    for (size_t i = 0; i < im->main.values.n; i++) {
        bw_json_key(&w, bw_cstr(im->main.values.p[i].key));
        bw_json_raw(&w, im->main.values.p[i].json);
    }
    bw_json_key(&w, BW_LIT("Services"));
    bw_json_array(&w);
    for (size_t i = 0; i < im->units.n; i++)
        write_unit(im, im->units.p[i], &w);
    bw_json_end(&w);
    bw_json_end(&w);
    bw_buf_char(out, '\n');
}

/* ---- sections ---- */

static bool is_indented(bw_str s)
{
    return s.n && (s.p[0] == ' ' || s.p[0] == '\t');
}

/* The rest of a value on the lines behind it. */
static void go_on(struct ini *in)
{
    bw_str line;
    for (;;) {
        bw_str more = in->rest;
        bool slash = in->value.n && in->value.p[in->value.n - 1] == '\\';
        if (!more.p || (in->systemd ? !slash : !is_indented(more)))
            return;
        bw_str_cut(&in->rest, '\n', &line);
        in->line++;
        line = bw_str_trim(line);
        if (!line.n || (line.p[0] == '#' || line.p[0] == ';'))
            continue;
        in->value.n -= slash;
        bw_str before = in->value;
        in->value =
            bw_arena_printf(in->a, "%.*s%s%.*s", BW_FMT(before), before.n ? " " : "", BW_FMT(line));
    }
}

/* supervisord: " ;" begins a comment. */
static void cut_comment(struct ini *in)
{
    const char *at = memmem(in->value.p, in->value.n, " ;", 2);
    if (at)
        in->value = bw_str_trim(bw_str_of(in->value.p, (size_t)(at - in->value.p)));
}

bool ini_next(struct ini *in)
{
    bw_str line;
    while (bw_str_cut(&in->rest, '\n', &line)) {
        in->line++;
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        line = bw_str_trim(line);
        if (!line.n || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (line.p[0] == '[') {
            in->section = bw_str_of(line.p + 1, bw_str_find(line, ']') - 1);
            continue;
        }
        in->value = line;
        bw_str_cut(&in->value, '=', &in->key);
        in->key = bw_str_trim(in->key);
        in->value = in->value.p ? bw_str_trim(in->value) : BW_LIT("");
        if (!in->systemd)
            cut_comment(in);
        go_on(in);
        return true;
    }
    return false;
}
