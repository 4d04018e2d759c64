/* cmd_top.c: burrow top: asks a running server for its metrics again and again, and shows what it
 * did in between. */
#include <dirent.h>
#include <sys/stat.h>

#include "cli/appfile.h"
#include "cli/top.h"
#include "core/clock.h"
#include "core/quantity.h"
#include "core/uri.h"
#include "host/launch.h"
#include "net/http_client.h"

#define ANSWER_MAX  (64u << 20)
#define PATIENCE    (5 * CLOCK_SECOND)
#define EVERY_LEAST (CLOCK_SECOND / 10)
#define EVERY_MOST  (3600 * CLOCK_SECOND)

static const struct arg switches[] = {
    {"settings", "FILE", "of the server: its admin socket is asked"},
    {"data", "FOLDER", "the server's data folder, where its admin socket is (data)"},
    {"every", "SPAN", "how long a look spans (2s)"},
    {"once", NULL, "one look, to standard output"},
    {"json", NULL, "JSON, one line for each look"},
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

struct watching {
    const struct args *args;
    struct bw_arena arena;
    const char *where;
    struct uri uri;
    struct http_client *client;
    int64_t every;
    bool json, once;
    enum top_order order;
    struct scrape *last, *before; /* NULL: not yet */
    char trouble[512];            /* "": the last look is fresh */
};

/* ---- whom to ask ---- */

static const char *socket_url(struct watching *w, const char *path)
{
    struct bw_buf url;
    char here[4096];
    if (*path != '/' && getcwd(here, sizeof here))
        path = bw_arena_printf(&w->arena, "%s/%s", here, path).p;
    bw_buf_init(&url, 16384);
    bw_buf_put(&url, BW_LIT("http+unix://"));
    uri_encode(&url, bw_cstr(path));
    bw_buf_char(&url, '/');
    const char *kept = bw_arena_cstr(&w->arena, bw_buf_str(&url));
    bw_buf_release(&url);
    return kept;
}

/* The one admin socket in a data folder. */
static const char *find_socket(struct watching *w, const char *folder, struct bw_err *e)
{
    DIR *d = opendir(folder);
    const char *found = NULL;
    unsigned n = 0;
    for (struct dirent *f; d && (f = readdir(d));)
        if (bw_str_ends(bw_cstr(f->d_name), BW_LIT(".admin.sock"))) {
            found = bw_arena_printf(&w->arena, "%s/%s", folder, f->d_name).p;
            n++;
        }
    if (d)
        closedir(d);
    if (n == 1)
        return found;
    bw_fail(
        e, BW_MISSING,
        n ? "in '%s' there are several admin sockets; name one"
          : "no admin socket in '%s': does the server run? Else give its URL, or --settings FILE",
        folder);
    return NULL;
}

static const char *socket_of_settings(struct watching *w, const char *file, struct bw_err *e)
{
    struct appfile f;
    char path[LAUNCH_SOCKET];
    const char *url = NULL;
    if (appfile_load(&f, file, w->args, e)) {
        struct launch l = {.app = f.app, .conf = f.conf};
        if (launch_admin_socket(&l, path, e))
            url = path[0] ? bw_arena_cstr(&w->arena, bw_cstr(path)) : NULL;
        if (!url && !path[0])
            bw_fail(e, BW_MISSING,
                    "by these settings the server has no admin socket; give its URL");
    }
    appfile_release(&f);
    return url;
}

static bool find_server(struct watching *w, struct bw_err *e)
{
    const char *word = w->args->words.n ? w->args->words.p[0] : NULL;
    const char *settings = args_value(w->args, "settings", NULL), *path;
    struct stat st;
    if (word && strstr(word, "://")) {
        w->where = word;
        return uri_parse(&w->uri, bw_cstr(word), &w->arena, e);
    }
    if (word && stat(word, &st) == 0 && S_ISDIR(st.st_mode))
        path = find_socket(w, word, e);
    else if (word)
        path = word;
    else if (settings)
        path = socket_of_settings(w, settings, e);
    else
        path = find_socket(w, args_value(w->args, "data", "data"), e);
    if (!path)
        return false;
    w->where = path;
    return uri_parse(&w->uri, bw_cstr(socket_url(w, path)), &w->arena, e);
}

/* ---- looking ---- */

static void scrape_free(struct scrape *s)
{
    if (s)
        scrape_release(s);
    free(s);
}

static bool fetch(struct watching *w, struct bw_buf *text, struct bw_err *e)
{
    static const struct http_field accept = {BW_LIT("Accept"), BW_LIT("text/plain")};
    struct http_ask ask = {.method = "GET",
                           .uri = &w->uri,
                           .target = BW_LIT("/metrics?format=prometheus"),
                           .fields = &accept,
                           .n_fields = 1,
                           .deadline = clock_mono() + PATIENCE};
    struct http_exchange *x = http_client_ask(w->client, &ask, e);
    bool ok = x && http_exchange_head(x, e) && http_exchange_body(x, ANSWER_MAX, text, e);
    if (ok && http_exchange_status(x) != 200)
        ok = bw_fail(e, BW_DOWN, "it answers /metrics with %d", http_exchange_status(x));
    http_exchange_free(x);
    return ok || bw_because(e, "asking %s", w->where);
}

/* The newest look is `last`; what it was before is `before`. */
static bool look(struct watching *w, struct bw_err *e)
{
    struct bw_buf text;
    struct scrape *s = malloc(sizeof *s);
    bw_must(s);
    scrape_init(s);
    bw_buf_init(&text, ANSWER_MAX);
    bool ok = fetch(w, &text, e) && scrape_read(s, bw_buf_str(&text), clock_mono(), e);
    bw_buf_release(&text);
    if (!ok) {
        scrape_free(s);
        return false;
    }
    scrape_free(w->before);
    w->before = w->last;
    w->last = s;
    return true;
}

static void show(struct watching *w, struct top_screen *s, struct bw_buf *out)
{
    struct top t;
    top_make(&t, w->last, w->before);
    t.where = w->where;
    top_sort(&t, w->order);
    if (w->json)
        top_json(&t, out);
    else
        top_draw(&t, s, out);
    top_release(&t);
}

/* ---- for scripts ---- */

static void nap(int64_t ns)
{
    nanosleep(&(struct timespec){.tv_sec = ns / CLOCK_SECOND, .tv_nsec = ns % CLOCK_SECOND}, NULL);
}

static bool report(struct watching *w, struct bw_err *e)
{
    struct bw_buf out;
    struct top_screen s = {.columns = 80, .order = w->order};
    bool ok = look(w, e);
    bw_buf_init(&out, ANSWER_MAX);
    while (ok) {
        nap(w->every);
        ok = look(w, e);
        if (!ok)
            break;
        bw_buf_clear(&out);
        show(w, &s, &out);
        if (!w->json)
            bw_buf_char(&out, '\n');
        fwrite(out.p, 1, out.n, stdout);
        if (fflush(stdout) != 0 || w->once)
            break;
    }
    bw_buf_release(&out);
    return ok;
}

/* ---- live ---- */

static bool colours_wanted(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static void draw(struct watching *w)
{
    struct bw_buf out;
    struct top_screen s = {.colour = colours_wanted(),
                           .order = w->order,
                           .every = w->every,
                           .trouble = w->trouble[0] ? w->trouble : NULL,
                           .keys = true};
    top_terminal_size(&s.columns, &s.rows);
    bw_buf_init(&out, ANSWER_MAX);
    show(w, &s, &out);
    fputs("\033[H", stdout);
    bw_str rest = bw_buf_str(&out), line;
    for (bool first = true; bw_str_cut(&rest, '\n', &line); first = false)
        printf("%s%.*s\033[K", first ? "" : "\n", BW_FMT(line));
    fputs("\033[J", stdout);
    fflush(stdout);
    bw_buf_release(&out);
}

/* False: the end. *now: look at once. */
static bool obey(struct watching *w, int key, bool *now)
{
    static const char orders[] = {
        [TOP_BY_P99] = 'p', [TOP_BY_RATE] = 'r', [TOP_BY_FAILED] = 'e', [TOP_BY_NAME] = 'n'};
    for (int i = 0; i < TOP_ORDERS; i++)
        if (key == orders[i])
            w->order = (enum top_order)i;
    *now = key == ' ';
    if (key == '+' && w->every * 2 <= EVERY_MOST)
        w->every *= 2;
    if (key == '-' && w->every / 2 >= EVERY_LEAST)
        w->every /= 2;
    return key != 'q' && key != 'Q';
}

static void look_again(struct watching *w)
{
    struct bw_err e = {.code = BW_OK};
    bool ok = look(w, &e);
    snprintf(w->trouble, sizeof w->trouble, "%s", ok ? "" : e.text);
}

static bool live(struct watching *w, struct bw_err *e)
{
    if (!look(w, e))
        return false;
    if (!top_terminal_open())
        return bw_fail(e, BW_BAD, "standard output is no terminal; --once or --json suit a script");
    int64_t due = clock_mono() + w->every;
    for (bool on = true, now = false; on;) {
        draw(w);
        on = obey(w, top_terminal_key(due), &now);
        if (!on || (!now && clock_mono() < due))
            continue;
        look_again(w);
        due = clock_mono() + w->every;
    }
    top_terminal_close();
    return true;
}

static bool read_every(struct watching *w, struct bw_err *e)
{
    const char *said = args_value(w->args, "every", "2s");
    if (quantity_parse_duration(bw_cstr(said), &w->every) && w->every >= EVERY_LEAST &&
        w->every <= EVERY_MOST)
        return true;
    return bw_fail(e, BW_BAD, "--every '%s' is no span from 100ms to 1h", said);
}

static int run(const struct command *c, const struct args *a)
{
    struct watching w = {.args = a, .json = args_has(a, "json"), .once = args_has(a, "once")};
    struct bw_err e = {.code = BW_OK};
    bw_arena_init(&w.arena);
    w.client = http_client_new();
    int status = 0;
    if (!read_every(&w, &e))
        status = command_complain(c, &e, 2);
    else if (!find_server(&w, &e) || !(w.once || w.json ? report(&w, &e) : live(&w, &e)))
        status = command_complain(c, &e, e.code == BW_BAD ? 2 : 1);
    scrape_free(w.before);
    scrape_free(w.last);
    http_client_free(w.client);
    bw_arena_release(&w.arena);
    return status;
}

const struct command command_top = {
    .name = "top",
    .usage = "[URL | SOCKET | FOLDER]",
    .help = "Shows what a running server does: rates, latencies, loops, writer, slowest routes",
    .text =
        "Asks /metrics of the URL, or of the admin socket: that of a data folder (data, unless\n"
        "said), or of the settings. Keys: q quit; p r e n order the routes by p99, rate,\n"
        "failures, name; space looks at once; + and - change the span.",
    .switches = switches,
    .max_words = 1,
    .run = run,
};
