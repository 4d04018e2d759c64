/* ctl_top.c: burrow ctl top: what each main process takes of CPU and memory, the busiest first. The
 * figures are this machine's /proc, so the angel has nothing to do with it. */
#include "cli/ctl_table.h"

#include <unistd.h>

#include "core/clock.h"
#include "core/quantity.h"
#include "os/file.h"

#define KNOWN 4096

struct use {
    int64_t pid, ticks; /* CPU time */
    int64_t pages;
    double share; /* of one CPU, since the last look */
};

struct top {
    struct ctl *c;
    int64_t at; /* of the last look */
    struct use last[KNOWN];
    size_t n_last;
};

/* Fields 14, 15 (user and system ticks) and 24 (pages) of /proc/PID/stat; the name in the second
 * may hold anything, so they are counted from behind it. */
static bool look(int64_t pid, struct use *u, struct bw_arena *a)
{
    char path[48];
    bw_str text, field;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    *u = (struct use){.pid = pid};
    if (pid <= 0 || !file_read(path, 4096, a, &text, NULL))
        return false;
    const char *behind = strrchr(text.p, ')');
    if (!behind || behind + 2 >= text.p + text.n)
        return false;
    bw_str rest = bw_str_of(behind + 2, (size_t)(text.p + text.n - behind - 2));
    for (int i = 3; bw_str_cut(&rest, ' ', &field); i++) {
        int64_t v = 0;
        if (i == 14 || i == 15)
            u->ticks += bw_str_int(field, &v) ? v : 0;
        if (i == 24 && bw_str_int(field, &v))
            u->pages = v;
    }
    return true;
}

static double share_of(const struct top *t, const struct use *now, int64_t span)
{
    for (size_t i = 0; span > 0 && i < t->n_last; i++) {
        if (t->last[i].pid == now->pid)
            return (double)(now->ticks - t->last[i].ticks) * 1e9 / (double)sysconf(_SC_CLK_TCK) /
                   (double)span;
    }
    return 0;
}

struct line {
    const struct ctl_unit *unit;
    struct use use;
};

static int busiest(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->use.share != y->use.share)
        return x->use.share > y->use.share ? -1 : 1;
    if (x->use.pages != y->use.pages)
        return x->use.pages > y->use.pages ? -1 : 1;
    return strcmp(x->unit->name, y->unit->name);
}

static struct ctl_row row_of(struct ctl *c, const struct line *l)
{
    struct ctl_row r = {.colour = ctl_colour_of(l->unit)};
    double mib = (double)l->use.pages * (double)sysconf(_SC_PAGESIZE) / (1024 * 1024);
    r.cells[0] = l->unit->name;
    r.cells[1] = l->unit->state;
    r.cells[2] = l->unit->pid ? bw_arena_printf(&c->arena, "%lld", (long long)l->unit->pid).p : "-";
    r.cells[3] = bw_arena_printf(&c->arena, "%.1f%%", l->use.share * 100).p;
    r.cells[4] = bw_arena_printf(&c->arena, "%.1f MiB", mib).p;
    r.cells[5] = bw_arena_printf(&c->arena, "%lld", (long long)l->unit->restarts).p;
    return r;
}

static void note(struct top *t, const struct line *lines, size_t n, int64_t now)
{
    t->n_last = n < KNOWN ? n : KNOWN;
    for (size_t i = 0; i < t->n_last; i++)
        t->last[i] = lines[i].use;
    t->at = now;
}

static void write_table(struct ctl *c, const struct line *lines, size_t n, struct bw_buf *out)
{
    struct ctl_row *rows = bw_arena_alloc(&c->arena, (n + 1) * sizeof *rows);
    rows[0] = (struct ctl_row){.cells = {"NAME", "STATE", "PID", "CPU", "MEMORY", "RESTARTS"}};
    for (size_t i = 0; i < n; i++)
        rows[i + 1] = row_of(c, &lines[i]);
    ctl_table(rows, n + 1, 6, out);
}

static void write_json(const struct line *lines, size_t n, struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    bw_json_object(&w);
    bw_json_key(&w, BW_LIT("units"));
    bw_json_array(&w);
    for (size_t i = 0; i < n; i++) {
        const struct ctl_unit *u = lines[i].unit;
        bw_json_object(&w);
        bw_json_put_text(&w, "name", bw_cstr(u->name));
        bw_json_put_text(&w, "unit", bw_cstr(u->unit));
        bw_json_put_text(&w, "state", bw_cstr(u->state));
        if (u->pid)
            bw_json_put_int(&w, "pid", u->pid);
        bw_json_put_real(&w, "cpu", lines[i].use.share); /* of one CPU */
        bw_json_put_int(&w, "memory_bytes", lines[i].use.pages * sysconf(_SC_PAGESIZE));
        bw_json_put_int(&w, "restarts", u->restarts);
        bw_json_end(&w);
    }
    bw_json_end(&w);
    bw_json_end(&w);
}

static bool write_top(struct top *t, struct bw_buf *out, struct bw_err *e)
{
    struct ctl *c = t->c;
    bw_str body;
    struct ctl_units all;
    int64_t now = clock_mono();
    if (!ctl_ask(c, "GET", "/v1/units", &body, e) || !ctl_units_read(body, &c->arena, &all, e))
        return false;
    struct line *lines = bw_arena_alloc(&c->arena, (all.n + 1) * sizeof *lines);
    for (size_t i = 0; i < all.n; i++) {
        lines[i].unit = &all.p[i];
        if (look(all.p[i].pid, &lines[i].use, &c->arena))
            lines[i].use.share = share_of(t, &lines[i].use, t->at ? now - t->at : 0);
    }
    note(t, lines, all.n, now);
    qsort(lines, all.n, sizeof *lines, busiest);
    if (c->json)
        write_json(lines, all.n, out);
    else
        write_table(c, lines, all.n, out);
    return true;
}

static bool draw(void *arg, struct bw_buf *out, struct bw_err *e)
{
    struct top *t = arg;
    struct bw_arena whole = t->c->arena;
    bw_arena_init(&t->c->arena);
    bool ok = write_top(t, out, e);
    bw_arena_release(&t->c->arena);
    t->c->arena = whole;
    return ok;
}

/* Twice, a moment apart: one look has no share of time. */
static int print_once(struct top *t)
{
    struct bw_err e = {.code = BW_OK};
    struct bw_buf out;
    bw_buf_init(&out, 64u << 20);
    bool ok = write_top(t, &out, &e);
    if (ok) {
        nanosleep(&(struct timespec){.tv_nsec = 500 * 1000 * 1000}, NULL);
        bw_buf_clear(&out);
        ok = write_top(t, &out, &e);
    }
    if (out.n)
        ctl_put(bw_buf_str(&out));
    bw_buf_release(&out);
    return ok ? CTL_OK : ctl_complain(t->c, &e, ctl_status_of(&e));
}

static int run(struct ctl *c)
{
    struct top *t = bw_arena_zero(&c->arena, sizeof *t);
    t->c = c;
    if (ctl_colours() && !c->once && !c->json)
        return ctl_screen(c, 2000, draw, t);
    return print_once(t);
}

const struct ctl_verb ctl_verb_top = {
    .name = "top",
    .usage = "[--once] [--json]",
    .help = "every service with its CPU and memory",
    .run = run,
};
