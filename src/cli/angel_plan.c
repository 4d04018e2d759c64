/* angel_plan.c: burrow angel plan and apply: what the settings would change in the running angel,
 * and making it so; and Angelize's list and retry, which are verbs of `burrow ctl`. */
#include "cli/angel.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

int angel_ctl(const struct angel_ask *k, int (*run)(struct ctl *c))
{
    struct ctl c = {.command = k->command,
                    .args = k->args,
                    .words = k->words,
                    .n_words = k->n_words,
                    .json = args_has(k->args, "json"),
                    .once = true};
    struct bw_err e = {.code = BW_OK};
    bw_arena_init(&c.arena);
    int status = ctl_open(&c, &e)
                     ? run(&c)
                     : ctl_complain(&c, &e, e.code == BW_BAD ? CTL_WRONG : CTL_NO_ANGEL);
    ctl_close(&c);
    bw_arena_release(&c.arena);
    return status;
}

/* ---- a plan as text ---- */

struct item {
    bw_str unit, change, keys;
};

static struct item read_item(struct bw_json_reader *r, struct bw_arena *a)
{
    struct item i = {0};
    bw_str name;
    while (bw_json_member(r, &name)) {
        enum bw_json_kind kind = bw_json_next(r);
        bw_str *to = bw_str_eq(name, BW_LIT("unit"))     ? &i.unit
                     : bw_str_eq(name, BW_LIT("change")) ? &i.change
                     : bw_str_eq(name, BW_LIT("keys"))   ? &i.keys
                                                         : NULL;
        if (to && kind == BW_JSON_TEXT)
            *to = bw_arena_str(a, r->text);
        bw_json_skip(r, kind);
    }
    return i;
}

static void put_item(const struct item *i)
{
    printf("%-10.*s %.*s", BW_FMT(i->change), BW_FMT(i->unit));
    if (i->keys.n)
        printf(" (%.*s)", BW_FMT(i->keys));
    putchar('\n');
}

static void put_plan(struct ctl *c, bw_str body)
{
    struct bw_json_reader r;
    bw_str name;
    bw_json_open(&r, &c->arena, body);
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return;
    while (bw_json_member(&r, &name)) {
        bool live = bw_str_eq(name, BW_LIT("angel_live"));
        bool restart = bw_str_eq(name, BW_LIT("angel_restart"));
        enum bw_json_kind kind = bw_json_next(&r);
        if ((live || restart) && kind == BW_JSON_TEXT && r.text.n)
            printf("%-10s the angel itself (%.*s)\n", live ? "live" : "not yet", BW_FMT(r.text));
        if (kind != BW_JSON_ARRAY || !bw_str_eq(name, BW_LIT("units"))) {
            bw_json_skip(&r, kind);
            continue;
        }
        while (bw_json_next(&r) == BW_JSON_OBJECT) {
            struct item i = read_item(&r, &c->arena);
            put_item(&i);
        }
    }
    if (memmem(body.p, body.n, "\"angel_restart\":\"\"", 18) == NULL)
        puts("what is \"not yet\" needs the angel to be started again; services go on meanwhile");
}

static int ask(struct ctl *c, const char *target)
{
    struct bw_err e = {.code = BW_OK};
    bw_str body;
    if (!ctl_ask(c, "POST", target, &body, &e))
        return ctl_complain(c, &e, ctl_status_of(&e));
    if (c->json)
        ctl_put(body);
    else
        put_plan(c, body);
    return CTL_OK;
}

static int plan(struct ctl *c)
{
    struct bw_buf target;
    struct bw_err e;
    bw_buf_init(&target, 3 * PATH_MAX);
    bw_buf_put(&target, BW_LIT("/v1/plan"));
    if (c->n_words) {
        char *real = realpath(c->words[0], NULL);
        if (!real) {
            bw_fail_sys(&e, errno, "%s", c->words[0]);
            return ctl_complain(c, &e, CTL_FAILED);
        }
        bw_buf_put(&target, BW_LIT("?file="));
        uri_encode(&target, bw_cstr(real));
        free(real);
    }
    int status = ask(c, bw_buf_cstr(&target));
    bw_buf_release(&target);
    return status;
}

static int apply(struct ctl *c)
{
    return ask(c, "/v1/apply");
}

static int run_plan(const struct angel_ask *k)
{
    return angel_ctl(k, plan);
}

static int run_apply(const struct angel_ask *k)
{
    return angel_ctl(k, apply);
}

/* ---- Angelize's ---- */

extern const struct ctl_verb ctl_verb_status, ctl_verb_retry;

static int run_list(const struct angel_ask *k)
{
    int status = angel_ctl(k, ctl_verb_status.run);
    return status == CTL_FAILED ? 0 : status; /* not ready is no failure of a list */
}

static int run_retry(const struct angel_ask *k)
{
    struct angel_ask named = *k;
    const char *name = args_value(k->args, "retry", NULL);
    if (name) {
        named.words = &name;
        named.n_words = 1;
    }
    return angel_ctl(&named, ctl_verb_retry.run);
}

const struct angel_verb angel_verb_plan = {.name = "plan",
                                           .usage = "[FILE] [--json]",
                                           .help = "what the settings would change",
                                           .max_words = 1,
                                           .run = run_plan};
const struct angel_verb angel_verb_apply = {
    .name = "apply", .usage = "[--json]", .help = "puts the settings in force", .run = run_apply};
const struct angel_verb angel_verb_list = {
    .name = "list", .usage = "", .help = "every service and its state", .run = run_list};
const struct angel_verb angel_verb_retry = {.name = "retry",
                                            .usage = "[NAME …]",
                                            .help = "starts at once what waits or has failed",
                                            .max_words = 1000,
                                            .run = run_retry};
