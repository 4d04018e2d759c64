/* appfile.c: reads an application file over the defaults, then the environment and the command
 * line. */
#include "cli/appfile.h"

extern char **environ;

/* "examples/blog.json" → "blog". */
static const char *name_of(const char *file, struct bw_arena *a)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file,
               *dot = strrchr(base, '.');
    return bw_arena_cstr(a,
                         dot && dot > base ? bw_str_of(base, (size_t)(dot - base)) : bw_cstr(base));
}

bool appfile_load(struct appfile *f, const char *file, const struct args *a, struct bw_err *e)
{
    conf_init(&f->conf);
    f->app = (struct bw_app){.name = NULL};
    if (!file)
        file = args_value(a, "app", NULL);
    if (!file)
        return bw_fail(e, BW_BAD,
                       "which application? Say --app FILE (a JSON file with its tables)");
    VEC(bw_str) overrides = {0};
    for (size_t i = 0; i < a->settings.n; i++)
        *vec_push(&overrides) = a->settings.p[i].value;
    struct conf_sources from = {.file = file,
                                .environment = (const char *const *)environ,
                                .overrides = overrides.p,
                                .n_overrides = overrides.n};
    bool ok = conf_load(&f->conf, &from, e);
    vec_release(&overrides);
    if (!ok)
        return false;
    f->conf.data = args_value(a, "data", f->conf.data);
    if (!f->conf.name)
        f->conf.name = name_of(file, &f->conf.arena);
    f->app.name = f->conf.name;
    f->app.version = f->conf.version;
    f->app.help = f->conf.help;
    return true;
}

void appfile_release(struct appfile *f)
{
    conf_release(&f->conf);
}
