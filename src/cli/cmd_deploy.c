/* cmd_deploy.c: burrow deploy: writes the files that put an application into operation. */
#include <errno.h>

#include "cli/command.h"
#include "core/limits.h"
#include "core/near.h"
#include "deploy/deploy.h"
#include "host/conf.h"
#include "os/file.h"

static const struct arg switches[] = {
    {"exec", "PATH", "the program: one that calls bw_main, or burrow itself"},
    {"name", "NAME", "of the service, the image, its folders"},
    {"settings", "FILE", "its settings; for burrow itself the application"},
    {"out", "DIR", "write there instead of to standard output"},
    {"diff", NULL, "compare with what is in DIR (.), write nothing; exit code 1 when it differs"},
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

static const struct generator *find(const char *name, struct bw_err *e)
{
    struct near near;
    struct bw_buf all;
    char hint[96];
    near_init(&near, bw_cstr(name));
    bw_buf_init(&all, 1024);
    for (const struct generator *const *g = deploy_generators; *g; g++) {
        if (!strcmp((*g)->name, name)) {
            bw_buf_release(&all);
            return *g;
        }
        near_offer(&near, bw_cstr((*g)->name));
        bw_buf_printf(&all, "\n  %-10s %s", (*g)->name, (*g)->help);
    }
    bw_fail(e, BW_BAD, "nothing it makes is called '%s'%s:%s", name, near_hint(&near, hint),
            bw_buf_cstr(&all));
    bw_buf_release(&all);
    return NULL;
}

struct job {
    const struct args *args;
    struct deploy d;
    struct conf conf;
    bool differs;
};

/* Writes, or compares, one artefact. */
static bool save(struct job *j, const char *path, bw_str text, struct bw_err *e)
{
    bool diff = args_has(j->args, "diff");
    struct bw_buf out;
    struct bw_err why = {.code = BW_OK};
    bw_str there = {.p = NULL};
    bool read = file_read(path, LIMIT_SETTINGS, &j->conf.arena, &there, &why);
    if (!read && why.sys != ENOENT) {
        *e = why;
        return false;
    }
    if (!diff)
        return (read && bw_str_eq(there, text)) || file_replace(path, text, e);
    bw_buf_init(&out, 1u << 20);
    deploy_diff(there, text, &out);
    if (out.n)
        printf("--- %s\n+++ generated\n%.*s", read ? path : "/dev/null", BW_FMT(bw_buf_str(&out)));
    j->differs = j->differs || out.n;
    bw_buf_release(&out);
    return true;
}

static bool make(struct job *j, const struct artefact *a, struct bw_err *e)
{
    const char *folder = args_value(j->args, "out", args_has(j->args, "diff") ? "." : NULL);
    struct bw_buf text, file;
    bw_buf_init(&text, 1u << 20);
    bw_buf_init(&file, 512);
    deploy_make(&j->d, a, &text);
    deploy_fill(&j->d, a->file, &file);
    bool ok = true;
    if (!folder)
        printf("%.*s\n", BW_FMT(bw_buf_str(&text)));
    else {
        const char *path = bw_arena_printf(&j->conf.arena, "%s/%s", folder, bw_buf_cstr(&file)).p;
        ok = save(j, path, bw_buf_str(&text), e);
        if (ok && !args_has(j->args, "diff"))
            printf("%s\n", path);
    }
    bw_buf_release(&text);
    bw_buf_release(&file);
    return ok;
}

static bool prepare(struct job *j, const struct generator *g, struct bw_err *e)
{
    struct deploy *d = &j->d;
    d->exec = args_value(j->args, "exec", NULL);
    d->name = args_value(j->args, "name", NULL);
    d->settings = args_value(j->args, "settings", NULL);
    if (!d->name || (!d->exec && !g->watches))
        return bw_fail(e, BW_BAD, "it needs %s--name NAME",
                       g->watches ? "" : "--exec PATH (the program) and ");
    if (!conf_load(&j->conf, &(struct conf_sources){.file = d->settings}, e))
        return false;
    conf_to_deploy(&j->conf, d);
    const char *folder = args_value(j->args, "out", NULL);
    return deploy_check(g, d, e) && (!folder || file_make_folders(folder, e));
}

static int run(const struct command *c, const struct args *a)
{
    struct job j = {.args = a};
    struct bw_err e = {.code = BW_OK};
    const struct generator *g = find(a->words.p[0], &e);
    if (!g)
        return command_complain(c, &e, 2);
    conf_init(&j.conf);
    bool ok = prepare(&j, g, &e);
    for (const struct artefact *at = g->artefacts; ok && at->file; at++)
        ok = make(&j, at, &e);
    conf_release(&j.conf);
    return ok ? j.differs : command_complain(c, &e, 1);
}

const struct command command_deploy = {
    .name = "deploy",
    .usage = "systemd|docker|compose|prometheus|grafana --name NAME [SWITCH …]",
    .help = "Writes units, Dockerfiles, a compose file, alert rules or a dashboard",
    .text =
        "All but prometheus and grafana need --exec PATH. Each file explains itself in comments.\n"
        "A program called burrow serves its settings, any other is one that calls bw_main.",
    .switches = switches,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
