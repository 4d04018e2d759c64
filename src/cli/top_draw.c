/* top_draw.c: the view as lines, each cut to the terminal's width. Colours are put around a line
 * after it is cut, so that they never count. Names of routes come from the server: control bytes in
 * them are shown as '?'. */
#include "cli/top.h"
#include "core/quantity.h"
#include "core/utf8.h"

#define LOOPS_MOST 4
#define DBS_MOST   3
#define SLOW       1.0 /* seconds: worth a colour */

enum paint { PLAIN, TITLE, HEAD, GOOD, BAD, WARN, DIM };

static const char *const colours[] = {
    [PLAIN] = "",       [TITLE] = "\033[1m", [HEAD] = "\033[7m", [GOOD] = "\033[32m",
    [BAD] = "\033[31m", [WARN] = "\033[33m", [DIM] = "\033[2m"};

struct drawing {
    const struct top_screen *s;
    struct bw_buf *out;
    struct bw_buf line;
    unsigned rows; /* drawn */
};

static bool is_full(const struct drawing *d)
{
    return d->s->rows && d->rows >= d->s->rows;
}

/* The line is over: cut, padded when its colour is that of the background, put out. */
static void end_line(struct drawing *d, enum paint paint)
{
    bw_str text = bw_buf_str(&d->line);
    size_t width = d->s->columns;
    if (is_full(d))
        return;
    if (d->rows++)
        bw_buf_char(d->out, '\n');
    while (utf8_count(text) > width)
        text.n = utf8_cut(text, text.n - 1);
    bool coloured = d->s->colour && paint != PLAIN;
    if (coloured)
        bw_buf_put(d->out, bw_cstr(colours[paint]));
    bw_buf_put(d->out, text);
    for (size_t n = utf8_count(text); coloured && paint == HEAD && n < width; n++)
        bw_buf_char(d->out, ' ');
    if (coloured)
        bw_buf_put(d->out, BW_LIT("\033[0m"));
    bw_buf_clear(&d->line);
}

static void blank(struct drawing *d)
{
    bw_buf_clear(&d->line);
    end_line(d, PLAIN);
}

/* ---- numbers as people read them, at most seven columns ---- */

static void put_seconds(char out[16], double s)
{
    if (s <= 0)
        snprintf(out, 16, "-");
    else if (s < 0.001)
        snprintf(out, 16, "%.0fus", s * 1e6);
    else if (s < 1)
        snprintf(out, 16, s < 0.01 ? "%.2fms" : s < 0.1 ? "%.1fms" : "%.0fms", s * 1e3);
    else
        snprintf(out, 16, "%.2fs", s);
}

static void put_rate(char out[16], double r)
{
    snprintf(out, 16, r < 10 ? "%.2f" : r < 1000 ? "%.1f" : r < 1e6 ? "%.0f" : "%.2e", r);
}

static void put_bytes(char out[16], double n)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned u = 0;
    for (; n >= 1024 && u < 4; u++)
        n /= 1024;
    snprintf(out, 16, n < 10 && u ? "%.1f%s" : "%.0f%s", n, units[u]);
}

static void put_span(char out[24], double seconds)
{
    int64_t s = top_whole(seconds);
    if (s < 60)
        snprintf(out, 24, "%llds", (long long)s);
    else if (s < 3600)
        snprintf(out, 24, "%lldm%02llds", (long long)s / 60, (long long)s % 60);
    else if (s < 86400)
        snprintf(out, 24, "%lldh%02lldm", (long long)s / 3600, (long long)s / 60 % 60);
    else
        snprintf(out, 24, "%lldd%02lldh", (long long)s / 86400, (long long)s / 3600 % 24);
}

/* A cell, on the right of its width. */
static void cell(struct drawing *d, int width, const char *text)
{
    bw_buf_printf(&d->line, "%*s", width, text);
}

static void cell_seconds(struct drawing *d, int width, double s)
{
    char text[16];
    put_seconds(text, s);
    cell(d, width, text);
}

static void cell_rate(struct drawing *d, int width, double r)
{
    char text[16];
    put_rate(text, r);
    cell(d, width, text);
}

static void cell_bytes(struct drawing *d, int width, double n)
{
    char text[16];
    put_bytes(text, n);
    cell(d, width, text);
}

static void cell_count(struct drawing *d, int width, double n)
{
    bw_buf_printf(&d->line, "%*.0f", width, n);
}

/* On the left; what is longer is cut, so that the columns behind it stand. */
static void cell_name(struct drawing *d, size_t width, bw_str name)
{
    name.n = utf8_valid(name) ? name.n : 0;
    while (utf8_count(name) > width)
        name.n = utf8_cut(name, name.n - 1);
    for (size_t i = 0; i < name.n; i++)
        bw_buf_char(&d->line, (unsigned char)name.p[i] < ' ' || name.p[i] == 127 ? '?' : name.p[i]);
    for (size_t n = utf8_count(name); n < width; n++)
        bw_buf_char(&d->line, ' ');
}

/* ---- the parts ---- */

static bool stores_are_up(const struct top *t)
{
    for (size_t i = 0; i < t->stores.n; i++)
        if (!t->stores.p[i].up)
            return false;
    return true;
}

static void draw_title(struct drawing *d, const struct top *t)
{
    char up[24], every[24];
    put_span(up, t->up);
    bool well = t->ready && stores_are_up(t);
    const char *state = !t->ready ? "NOT READY" : well ? "ready" : "A STORE IS DOWN";
    bw_buf_printf(&d->line, "%.*s %.*s  %s  up %s  ", BW_FMT(t->app), BW_FMT(t->version), state,
                  up);
    if (t->since_start) {
        bw_buf_put(&d->line, BW_LIT("since its start  "));
    } else {
        snprintf(every, sizeof every, "%.1f", t->span);
        bw_buf_printf(&d->line, "in %ss  ", every);
    }
    bw_buf_put(&d->line, bw_cstr(t->where));
    end_line(d, well ? TITLE : BAD);
    if (d->s->trouble) {
        bw_buf_printf(&d->line, "no newer answer: %s", d->s->trouble);
        end_line(d, BAD);
    }
}

static void draw_requests(struct drawing *d, const struct top *t)
{
    char rate[16], p50[16], p99[16], in[16], out[16], e4[16], e5[16];
    put_rate(rate, t->rate);
    put_seconds(p50, t->time.p50);
    put_seconds(p99, t->time.p99);
    put_rate(e4, t->status[4]);
    put_rate(e5, t->status[5]);
    put_bytes(in, t->received);
    put_bytes(out, t->sent);
    bw_buf_printf(&d->line, "requests %s/s  p50 %s  p99 %s  4xx %s/s  5xx %s/s", rate, p50, p99, e4,
                  e5);
    end_line(d, t->status[5] > 0 ? BAD : PLAIN);
    bw_buf_printf(&d->line, "in hand %.0f  connections %.0f  in %s/s  out %s/s", t->in_flight,
                  t->connections, in, out);
    end_line(d, PLAIN);
}

static void draw_process(struct drawing *d, const struct top *t)
{
    char memory[16];
    put_bytes(memory, t->resident);
    bw_buf_printf(&d->line, "cpu %.0f%%  memory %s  descriptors %.0f", t->cpu * 100, memory,
                  t->fds);
    if (t->max_fds > 0)
        bw_buf_printf(&d->line, " of %.0f", t->max_fds);
    bw_buf_printf(&d->line, "  threads %.0f", t->threads);
    if (t->lost_log > 0)
        bw_buf_printf(&d->line, "  log lost %.0f", t->lost_log);
    if (t->lost_spans > 0)
        bw_buf_printf(&d->line, "  spans lost %.0f", t->lost_spans);
    end_line(d, t->lost_log > 0 ? WARN : PLAIN);
}

static void draw_more(struct drawing *d, size_t n, const char *what)
{
    bw_buf_printf(&d->line, "  and %zu %s", n, what);
    end_line(d, DIM);
}

static void draw_loops(struct drawing *d, const struct top *t)
{
    blank(d);
    bw_buf_put(&d->line, BW_LIT("LOOP       TURNS/S     P50     P99   FIBERS   POOLED     STACK"));
    end_line(d, HEAD);
    for (size_t i = 0; i < t->loops.n && i < LOOPS_MOST; i++) {
        const struct top_loop *l = &t->loops.p[i];
        cell_name(d, 8, l->name);
        cell_rate(d, 10, l->turns);
        cell_seconds(d, 8, l->turn.p50);
        cell_seconds(d, 8, l->turn.p99);
        cell_count(d, 9, l->in_use);
        cell_count(d, 9, l->pooled);
        cell_bytes(d, 10, l->stack);
        end_line(d, l->turn.p99 > SLOW / 10 ? WARN : PLAIN);
    }
    if (t->loops.n > LOOPS_MOST)
        draw_more(d, t->loops.n - LOOPS_MOST, "quicker ones");
}

static void draw_dbs(struct drawing *d, const struct top *t)
{
    if (!t->dbs.n)
        return;
    blank(d);
    bw_buf_put(&d->line, BW_LIT("WRITER          WRITES/S COMMITS/S  GROUP  COMMIT   FLUSH   QUEUE"
                                "       LOG"));
    end_line(d, HEAD);
    for (size_t i = 0; i < t->dbs.n && i < DBS_MOST; i++) {
        const struct top_db *b = &t->dbs.p[i];
        cell_name(d, 15, b->name);
        cell_rate(d, 9, b->writes);
        cell_rate(d, 10, b->commits);
        cell_rate(d, 7, b->group);
        cell_seconds(d, 8, b->commit.p99);
        cell_seconds(d, 8, b->flush.p99);
        cell_count(d, 8, b->queue);
        cell_bytes(d, 10, b->wal);
        end_line(d, b->queue > 1000 ? WARN : PLAIN);
    }
    if (t->dbs.n > DBS_MOST)
        draw_more(d, t->dbs.n - DBS_MOST, "more");
}

static void draw_route(struct drawing *d, const struct top_route *r, size_t name)
{
    cell_name(d, 7, r->method);
    cell_name(d, name, r->route);
    cell_rate(d, 9, r->rate);
    cell_seconds(d, 8, r->time.p50);
    cell_seconds(d, 8, r->time.p99);
    cell_rate(d, 8, r->failed);
    cell_count(d, 5, r->in_flight);
    end_line(d, r->failed > 0 ? BAD : r->time.p99 > SLOW ? WARN : PLAIN);
}

static void draw_routes(struct drawing *d, const struct top *t)
{
    static const char *const by[] = {[TOP_BY_P99] = "slowest first",
                                     [TOP_BY_RATE] = "busiest first",
                                     [TOP_BY_FAILED] = "most failures first",
                                     [TOP_BY_NAME] = "by name"};
    size_t name = d->s->columns > 60 ? d->s->columns - 45 : 15;
    char title[64];
    unsigned keep = d->s->keys ? 1 : 0;
    blank(d);
    snprintf(title, sizeof title, "ROUTE (%s)", by[d->s->order]);
    cell_name(d, name + 7, bw_cstr(title));
    bw_buf_put(&d->line, BW_LIT("    REQ/S     P50     P99   5XX/S HAND"));
    end_line(d, HEAD);
    if (!t->routes.n) {
        bw_buf_put(&d->line, BW_LIT("  nothing was asked"));
        end_line(d, DIM);
    }
    for (size_t i = 0; i < t->routes.n && !(d->s->rows && d->rows + keep >= d->s->rows); i++)
        draw_route(d, &t->routes.p[i], name);
}

static void draw_keys(struct drawing *d)
{
    if (!d->s->keys)
        return;
    while (d->rows + 1 < d->s->rows)
        blank(d);
    char every[24];
    struct bw_buf text = {.p = every, .cap = sizeof every - 1, .max = sizeof every - 1};
    quantity_write_duration(&text, d->s->every);
    bw_buf_printf(&d->line,
                  "q quit  p slowest  r busiest  e failures  n names  space now  +/- every %.*s",
                  BW_FMT(bw_buf_str(&text)));
    end_line(d, DIM);
}

void top_draw(const struct top *t, const struct top_screen *s, struct bw_buf *out)
{
    struct drawing d = {.s = s, .out = out};
    bw_buf_init(&d.line, 65536);
    draw_title(&d, t);
    draw_requests(&d, t);
    draw_process(&d, t);
    draw_loops(&d, t);
    draw_dbs(&d, t);
    draw_routes(&d, t);
    draw_keys(&d);
    bw_buf_release(&d.line);
}
