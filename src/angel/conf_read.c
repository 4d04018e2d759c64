/* conf_read.c: the files of settings: one with "Services", the *.service files of a folder, or
 * both. What they hold is kept as written (struct conf_main, struct conf_entry); what it means
 * comes later. */
#include "angel/conf_int.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "os/file.h"

#define FILES_MAX 10000

/* ---- errors with their place ---- */

bool conf_fail_at(const struct conf_load *l, const struct conf_entry *u, const char *path,
                  struct bw_err *e)
{
    const struct conf_source *s = u ? u->source : l->source;
    char whole[256];
    unsigned line, column;
    if (!e || !s)
        return false;
    bool joint = u && *u->path && *path && *path != '[';
    snprintf(whole, sizeof whole, "%s%s%s", u ? u->path : "", joint ? "." : "", path);
    settings_place(s->text, whole, &line, &column);
    snprintf(e->field, sizeof e->field, "%.63s", path);
    return bw_because(e, "%s:%u:%u", s->file, line, column);
}

/* ---- texts ---- */

/* What is no JSON but is known: says what to do with it. */
static bool foreign(const char *file, bw_str text, struct bw_err *e)
{
    bw_str all = bw_str_of(text.p, text.n < 4096 ? text.n : 4096), line;
    while (bw_str_cut(&all, '\n', &line)) {
        line = bw_str_trim(line);
        if (bw_str_starts(line, BW_LIT("[Unit]")) || bw_str_starts(line, BW_LIT("[Service]")))
            return !bw_fail(e, BW_BAD,
                            "%s is a systemd unit; `burrow angel import %s` makes settings of it",
                            file, file);
        if (bw_str_starts(line, BW_LIT("[program:")) ||
            bw_str_starts(line, BW_LIT("[supervisord]")))
            return !bw_fail(e, BW_BAD,
                            "%s is of supervisord; `burrow angel import %s` makes settings of it",
                            file, file);
        if (bw_str_starts(line, BW_LIT("{")))
            return false;
    }
    return false;
}

static struct conf_source *take(struct conf_load *l, const char *file, bw_str text)
{
    struct conf_source *s = BW_NEW(&l->raw, struct conf_source);
    s->file = bw_arena_cstr(&l->raw, bw_cstr(file));
    s->text = bw_arena_str(&l->raw, text);
    return s;
}

static struct conf_entry **more(struct conf_load *l, size_t n)
{
    struct conf_entry **all = BW_NEW_N(&l->raw, struct conf_entry *, l->n + n);
    if (l->n)
        memcpy(all, l->entries, l->n * sizeof *all);
    l->entries = all;
    l->n += n;
    return all + l->n - n;
}

bool conf_read_text(struct conf_load *l, const char *file, bw_str text, struct bw_err *e)
{
    l->source = take(l, file, text);
    if (foreign(file, text, e))
        return false;
    struct settings s = {conf_main_keys, &l->main, &l->raw, .fold = true};
    if (!settings_parse(&s, file, l->source->text, e))
        return false;
    struct conf_entry *items = l->main.services.items;
    struct conf_entry **to = more(l, l->main.services.n);
    for (size_t i = 0; i < l->main.services.n; i++) {
        to[i] = items + i;
        items[i].source = l->source;
        items[i].path = bw_arena_printf(&l->raw, "Services[%zu]", i).p;
    }
    return true;
}

/* ---- folders ---- */

static bool read_service(struct conf_load *l, const char *path, struct bw_err *e)
{
    bw_str text;
    if (!file_read(path, LIMIT_SETTINGS, &l->raw, &text, e))
        return false;
    struct conf_source *source = take(l, path, text);
    struct conf_entry *u = BW_NEW(&l->raw, struct conf_entry);
    settings_defaults(conf_unit_keys, u, &l->raw);
    u->source = source;
    u->path = "";
    if (foreign(path, text, e) ||
        !settings_parse(&(struct settings){conf_unit_keys, u, &l->raw, .fold = true}, path, text,
                        e))
        return false;
    if (!u->conf.name || !*u->conf.name) {
        bw_fail(e, BW_BAD, "the service lacks its 'Name'");
        return conf_fail_at(l, u, "", e);
    }
    *more(l, 1) = u;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool list_folder(struct conf_load *l, const char *folder, const char ***names, size_t *n,
                        struct bw_err *e)
{
    bw_str ext = bw_cstr(l->main.ext ? l->main.ext : "");
    struct dirent *d;
    DIR *dir = opendir(folder);
    if (!dir)
        return bw_fail_sys(e, errno, "reading the folder of services %s", folder);
    *names = BW_NEW_N(&l->raw, const char *, FILES_MAX);
    for (*n = 0; *n < FILES_MAX && (d = readdir(dir));) {
        bw_str name = bw_cstr(d->d_name);
        if (name.p[0] != '.' && name.n > ext.n && bw_str_ends(name, ext))
            (*names)[(*n)++] = bw_arena_printf(&l->raw, "%s/%s", folder, d->d_name).p;
    }
    closedir(dir);
    qsort(*names, *n, sizeof **names, by_name);
    return *n < FILES_MAX ||
           bw_fail(e, BW_TOOBIG, "the folder of services %s has more than %d files", folder,
                   FILES_MAX - 1);
}

static bool read_folder(struct conf_load *l, const char *folder, struct bw_err *e)
{
    const char **names = NULL;
    size_t n = 0;
    l->c->folder = folder;
    if (!list_folder(l, folder, &names, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!read_service(l, names[i], e))
            return false;
    }
    return true;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Folder as the settings say it, relative to where they are; NULL when there is none. */
static bool folder_of(struct conf_load *l, const char **folder, struct bw_err *e)
{
    const char *said = l->main.folder;
    if (!said || !*said) {
        *folder = bw_arena_printf(l->a, "%sservices", l->base).p;
        if (!is_folder(*folder))
            *folder = NULL;
        return true;
    }
    said = conf_fill(l, NULL, said, e);
    if (!said)
        return conf_fail_at(l, NULL, "Folder", e);
    *folder = *said == '/' ? said : bw_arena_printf(l->a, "%s%s", l->base, said).p;
    if (is_folder(*folder))
        return true;
    bw_fail(e, BW_BAD, "there is no folder %s", *folder);
    return conf_fail_at(l, NULL, "Folder", e);
}

bool conf_read(struct conf_load *l, const char *path, struct bw_err *e)
{
    bw_str text;
    const char *folder = NULL;
    if (is_folder(path))
        return read_folder(l, path, e);
    if (!file_read(path, LIMIT_SETTINGS, &l->raw, &text, e) || !conf_read_text(l, path, text, e) ||
        !folder_of(l, &folder, e))
        return false;
    return !folder || read_folder(l, folder, e);
}
