/* ctl_status.c: burrow ctl status: every service, or those that are named; on a terminal the table
 * goes on until somebody presses q. The exit status tells whether all that is wanted is ready. */
#include "cli/ctl_table.h"

#include <unistd.h>

static bool is_named(const struct ctl *c, const struct ctl_unit *u)
{
    for (size_t i = 0; i < c->n_words; i++) {
        if (!strcmp(c->words[i], u->name) || !strcmp(c->words[i], u->unit))
            return true;
    }
    return c->n_words == 0;
}

/* Wanted and not ready, or given up. */
static bool is_amiss(const struct ctl_unit *u)
{
    static const char *const bad[] = {"failed", "stuck", "jammed"};
    for (size_t i = 0; i < 3; i++) {
        if (!strcmp(u->state, bad[i]))
            return true;
    }
    return u->wanted && !u->ready && strcmp(u->state, "done") != 0;
}

/* Every name means something? */
static bool are_there(const struct ctl *c, const struct ctl_units *all, struct bw_err *e)
{
    for (size_t i = 0; i < c->n_words; i++) {
        size_t k = 0;
        while (k < all->n && strcmp(c->words[i], all->p[k].name) != 0 &&
               strcmp(c->words[i], all->p[k].unit) != 0)
            k++;
        if (k == all->n)
            return bw_fail(e, BW_MISSING, "there is no service '%s'", c->words[i]);
    }
    return true;
}

static struct ctl_row row_of(struct ctl *c, const struct ctl_unit *u)
{
    char span[24];
    struct ctl_row r = {.colour = ctl_colour_of(u)};
    r.cells[0] = u->name;
    r.cells[1] = u->degraded ? bw_arena_printf(&c->arena, "%s (degraded)", u->state).p : u->state;
    r.cells[2] = u->pid ? bw_arena_printf(&c->arena, "%lld", (long long)u->pid).p : "-";
    r.cells[3] =
        u->since ? bw_arena_cstr(&c->arena, bw_cstr(ctl_span(u->since, bw_now(), span))) : "-";
    r.cells[4] = bw_arena_printf(&c->arena, "%lld", (long long)u->restarts).p;
    r.cells[5] = u->why;
    return r;
}

/* *Waits.* The table; *unready: so many are wanted and not ready. */
static bool write_table(struct ctl *c, struct bw_buf *out, size_t *unready, struct bw_err *e)
{
    bw_str body;
    struct ctl_units all;
    if (!ctl_ask(c, "GET", "/v1/units", &body, e) || !ctl_units_read(body, &c->arena, &all, e) ||
        !are_there(c, &all, e))
        return false;
    struct ctl_row *rows = bw_arena_alloc(&c->arena, (all.n + 1) * sizeof *rows);
    size_t n = 0;
    *unready = 0;
    rows[n++] = (struct ctl_row){.cells = {"NAME", "STATE", "PID", "FOR", "RESTARTS", "WHY"}};
    for (size_t i = 0; i < all.n; i++) {
        if (!is_named(c, &all.p[i]))
            continue;
        *unready += is_amiss(&all.p[i]);
        rows[n++] = row_of(c, &all.p[i]);
    }
    ctl_table(rows, n, 6, out);
    return true;
}

static bool draw(void *arg, struct bw_buf *out, struct bw_err *e)
{
    struct ctl *c = arg;
    size_t unready;
    struct bw_arena whole = c->arena; /* what one drawing takes is given back */
    bw_arena_init(&c->arena);
    bool ok = write_table(c, out, &unready, e);
    bw_arena_release(&c->arena);
    c->arena = whole;
    return ok;
}

/* One JSON answer for all, or for each name. */
static int print_json(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    bw_str body;
    struct ctl_units all;
    size_t unready = 0;
    for (size_t i = 0; i < (c->n_words ? c->n_words : 1); i++) {
        const char *target = c->n_words ? ctl_unit_path(c, c->words[i], "") : "/v1/units";
        if (!ctl_ask(c, "GET", target, &body, &e) || !ctl_units_read(body, &c->arena, &all, &e))
            return ctl_complain(c, &e, ctl_status_of(&e));
        for (size_t k = 0; k < all.n; k++)
            unready += is_amiss(&all.p[k]);
        ctl_put(body);
    }
    return unready ? CTL_FAILED : CTL_OK;
}

static int print_names(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    bw_str body;
    struct ctl_units all;
    if (!ctl_ask(c, "GET", "/v1/units", &body, &e) || !ctl_units_read(body, &c->arena, &all, &e))
        return ctl_complain(c, &e, ctl_status_of(&e));
    for (size_t i = 0; i < all.n; i++) {
        if (i == 0 || strcmp(all.p[i].unit, all.p[i - 1].unit) != 0)
            puts(all.p[i].unit);
        if (strcmp(all.p[i].name, all.p[i].unit) != 0)
            puts(all.p[i].name);
    }
    return CTL_OK;
}

static int run(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    struct bw_buf out;
    size_t unready = 0;
    if (c->json)
        return print_json(c);
    if (args_has(c->args, "names"))
        return print_names(c);
    if (ctl_colours() && !c->once)
        return ctl_screen(c, 1000, draw, c);
    bw_buf_init(&out, 64u << 20);
    bool ok = write_table(c, &out, &unready, &e);
    if (out.n)
        fwrite(out.p, 1, out.n, stdout);
    bw_buf_release(&out);
    return ok ? (unready ? CTL_FAILED : CTL_OK) : ctl_complain(c, &e, ctl_status_of(&e));
}

const struct ctl_verb ctl_verb_status = {
    .name = "status",
    .usage = "[NAME …] [--once] [--names] [--json]",
    .help = "every service, or those named",
    .max_words = 1000,
    .run = run,
};
