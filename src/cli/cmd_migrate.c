/* cmd_migrate.c: burrow migrate: what would make the database fit the tables, and doing it. */
#include "cli/appfile.h"

#include "orm/schema.h"

static const struct arg switches[] = {
    APPFILE_SWITCHES,
    {"json", NULL, "print the plan as JSON"},
    {NULL, NULL, NULL},
};

struct migration {
    bool apply, json;
    size_t steps, lossy;
    struct bw_json_writer w;
};

static void tell_json(struct migration *m, const struct store_place *p, const struct schema_step *s)
{
    bw_json_object(&m->w);
    bw_json_put_text(&m->w, "store", bw_cstr(p->name));
    bw_json_put_text(&m->w, "table", bw_cstr(s->table));
    bw_json_put_text(&m->w, "change", s->sentence);
    bw_json_put_bool(&m->w, "additive", s->additive);
    bw_json_put_text(&m->w, "warning", s->why);
    bw_json_end(&m->w);
}

static void tell(struct migration *m, const struct store_place *p, const struct schema_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct schema_step *s = &plan->steps[i];
        if (m->json)
            tell_json(m, p, s);
        else
            printf("%s: %.*s%s%.*s\n", p->name, BW_FMT(s->sentence),
                   s->additive ? "" : "  [can lose data] ", BW_FMT(s->why));
    }
    m->steps += plan->n;
    m->lossy += plan->lossy;
}

static bool migrate_place(struct migration *m, const struct store_place *p, struct bw_arena *a,
                          struct bw_err *e)
{
    if (strcmp(p->kind, "sqlite") != 0 || !*p->path)
        return true;
    struct schema_plan plan;
    struct db_opts o = {.path = p->path, .cache_bytes = p->conf->cache, .query_timeout = INT64_MAX};
    struct db *db = db_open("sqlite", &o, e);
    if (!db)
        return false;
    bool ok = schema_plan(&plan, db, p->tables, p->n_tables, a, e);
    if (ok)
        tell(m, p, &plan);
    ok = ok && (!m->apply || schema_apply(&plan, db, true, e));
    db_close(db);
    return ok;
}

static bool migrate(struct migration *m, struct appfile *f, struct bw_err *e)
{
    struct model model;
    struct store_places places;
    struct conf *c = &f->conf;
    const struct bw_table **tables = NULL;
    if (c->tables.p && !(tables = tables_from_json(c->tables, c->file, c->text, &c->arena, e)))
        return false;
    if (!model_init(&model, tables, e))
        return false;
    bool ok = host_places(&f->conf, &model, &f->conf.arena, &places, e);
    for (size_t i = 0; ok && i < places.n; i++)
        ok = migrate_place(m, &places.at[i], &f->conf.arena, e);
    model_release(&model);
    return ok;
}

static void conclude(const struct migration *m)
{
    if (!m->steps)
        puts("the database fits the tables: nothing to do");
    else if (m->apply)
        printf("done: %zu changes\n", m->steps);
    else
        printf("%zu changes, %zu of them can lose data; burrow migrate apply does them\n", m->steps,
               m->lossy);
}

static int run(const struct command *c, const struct args *a)
{
    struct migration m = {.apply = !strcmp(a->words.p[0], "apply"), .json = args_has(a, "json")};
    struct bw_err e = {.code = BW_OK};
    if (!m.apply && strcmp(a->words.p[0], "plan") != 0)
        return bw_fail(&e, BW_BAD, "'%s' is neither plan nor apply", a->words.p[0]),
               command_complain(c, &e, 2);
    struct appfile f;
    struct bw_buf out;
    bw_buf_init(&out, 64 << 20);
    bw_json_init(&m.w, &out);
    bw_json_array(&m.w);
    bool ok = appfile_load(&f, a->words.n > 1 ? a->words.p[1] : NULL, a, &e) && migrate(&m, &f, &e);
    bw_json_end(&m.w);
    if (ok && m.json)
        printf("%.*s\n", BW_FMT(bw_buf_str(&out)));
    else if (ok)
        conclude(&m);
    bw_buf_release(&out);
    appfile_release(&f);
    return ok ? 0 : command_complain(c, &e, 1);
}

const struct command command_migrate = {
    .name = "migrate",
    .usage = "plan | apply [APP.json] [SWITCH …]",
    .help = "Shows or does what makes the database fit the tables",
    .text = "New tables, columns and indexes are added at every start by itself. What could lose "
            "data is\n"
            "refused at start, shown by `plan` and done by `apply`: look at the plan, and take a "
            "copy first.",
    .switches = switches,
    .min_words = 1,
    .max_words = 2,
    .settings = true,
    .run = run,
};
