/* angel_import.c: burrow angel import: files of other process managers as settings, on standard
 * output or in a new file; what could not be carried over on standard error. What was made is
 * checked as settings at once. And `new`, which writes one *.service file. */
#include "cli/angel.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "angel/conf.h"
#include "angel/import.h"
#include "angel/place.h"
#include "core/limits.h"
#include "core/words.h"
#include "os/file.h"

/* ---- writing, never over what is there ---- */

static bool write_new(const char *path, bw_str text, struct bw_err *e)
{
    if (access(path, F_OK) == 0)
        return bw_fail(e, BW_CONFLICT, "%s is there already", path);
    return file_replace(path, text, e);
}

/* ---- import ---- */

static void tell_notes(const struct import *im)
{
    for (size_t i = 0; import_said(im, i); i++)
        fprintf(stderr, "note: %s\n", import_said(im, i));
}

/* Would an angel take it? A file that is named need not be on this machine. */
static void try_it(bw_str text)
{
    struct angel_conf c;
    struct bw_err e = {.code = BW_OK};
    if (angel_conf_parse(&c, "imported", text, &e))
        angel_conf_release(&c);
    else
        fprintf(stderr, "note: this needs a change before it can be used here: %s\n", e.text);
}

static bool do_import(const struct angel_ask *k, struct import *im, struct bw_err *e)
{
    const char *out = args_value(k->args, "out", NULL);
    struct bw_buf text;
    for (size_t i = 0; i < k->n_words; i++) {
        if (!import_read(im, args_value(k->args, "from", NULL), k->words[i], e))
            return false;
    }
    bw_buf_init(&text, 64u << 20);
    import_write(im, &text);
    tell_notes(im);
    try_it(bw_buf_str(&text));
    bool ok = !out || write_new(out, bw_buf_str(&text), e);
    if (!out)
        ctl_put(bw_buf_str(&text));
    bw_buf_release(&text);
    return ok;
}

static int run_import(const struct angel_ask *k)
{
    struct bw_err e = {.code = BW_OK};
    struct import *im = import_new();
    bool ok = do_import(k, im, &e);
    import_free(im);
    return ok ? 0 : command_complain(k->command, &e, 1);
}

/* ---- new ---- */

/* The folder of services of these settings: what "Folder" says, or "services" beside them. */
static const char *services_of(const struct angel_ask *k, struct bw_arena *a)
{
    struct stat st;
    struct angel_conf c;
    const char *settings = place_settings(args_value(k->args, "settings", NULL), a);
    if (stat(settings, &st) == 0 && S_ISDIR(st.st_mode))
        return settings;
    const char *folder = NULL;
    if (angel_conf_load(&c, settings, NULL)) {
        folder = c.folder ? bw_arena_cstr(a, bw_cstr(c.folder)) : NULL;
        angel_conf_release(&c);
    }
    const char *slash = strrchr(settings, '/');
    return folder ? folder
                  : bw_arena_printf(a, "%.*sservices", slash ? (int)(slash - settings + 1) : 0,
                                    settings)
                        .p;
}

static void write_service(struct bw_buf *out, const char *name, const char *run)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    w.indent = 2;
    bw_json_object(&w);
    bw_json_put_text(&w, "Name", bw_cstr(name));
    bw_json_put_text(&w, "Run", bw_cstr(run));
    bw_json_put_int(&w, "Level", 10);
    bw_json_put_bool(&w, "Disabled", true);
    bw_json_end(&w);
    bw_buf_char(out, '\n');
}

static bool is_program(const char *path, struct bw_err *e)
{
    struct stat st;
    if (*path != '/')
        return bw_fail(e, BW_BAD, "the program is named by its whole path, not '%s'", path);
    if (stat(path, &st) != 0)
        return bw_fail_sys(e, errno, "the program %s", path);
    return (S_ISREG(st.st_mode) && access(path, X_OK) == 0) ||
           bw_fail(e, BW_BAD, "%s is no program that could be run", path);
}

/* The folder as it would be with the new file in it is good. */
static bool fits(const char *folder, const char *path, bw_str text, struct bw_err *e)
{
    struct angel_conf c;
    if (!file_make_folders(folder, e) || !write_new(path, text, e))
        return false;
    if (angel_conf_load(&c, folder, e)) {
        angel_conf_release(&c);
        return true;
    }
    unlink(path);
    return false;
}

static bool do_new(const struct angel_ask *k, struct bw_arena *a, struct bw_err *e)
{
    const char *name = args_value(k->args, "new", NULL);
    const char *const *program = k->words;
    if (!name)
        name = *program++;
    size_t left = k->n_words - (size_t)(program - k->words);
    if (!left)
        return bw_fail(e, BW_BAD, "usage: burrow angel new NAME PROGRAM [WORD …]");
    if (!is_program(program[0], e))
        return false;
    const char **words = BW_NEW_N(a, const char *, left + 1);
    memcpy(words, program, left * sizeof *words);
    const char *folder = services_of(k, a);
    const char *path = bw_arena_printf(a, "%s/%s.service", folder, name).p;
    struct bw_buf text;
    if (strchr(name, '/'))
        return bw_fail(e, BW_BAD, "a name has no '/'");
    bw_buf_init(&text, 1 << 20);
    write_service(&text, name, words_join(words, a));
    bool ok = fits(folder, path, bw_buf_str(&text), e);
    bw_buf_release(&text);
    if (ok)
        printf("%s is written; it is disabled until you take \"Disabled\" out\n", path);
    return ok;
}

static int run_new(const struct angel_ask *k)
{
    struct bw_err e = {.code = BW_OK};
    struct bw_arena a;
    bw_arena_init(&a);
    bool ok = do_new(k, &a, &e);
    bw_arena_release(&a);
    return ok ? 0 : command_complain(k->command, &e, e.code == BW_BAD ? 2 : 1);
}

const struct angel_verb angel_verb_import = {
    .name = "import",
    .usage = "FILE … [--from KIND] [--out FILE]",
    .help = "settings from files of other process managers",
    .min_words = 1,
    .max_words = 1000,
    .run = run_import,
};
const struct angel_verb angel_verb_new = {
    .name = "new",
    .usage = "NAME PROGRAM [WORD …]",
    .help = "writes NAME.service, disabled",
    .min_words = 1,
    .max_words = 1000,
    .run = run_new,
};
