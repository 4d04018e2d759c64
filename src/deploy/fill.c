/* fill.c: templates: "@word@" becomes what it stands for, everything else stays. One row of `words`
 * and a small function for each. */
#include "deploy/deploy.h"

#include "core/metric.h"

#define IMAGE_PORT "8080" /* within an image the port is always the same */

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_burrow(const struct deploy *d)
{
    return !strcmp(base(d->exec), "burrow");
}

/* Where the words of a command go, and how. */
struct words {
    struct bw_buf *out;
    bool json;
};

static void put(struct words *w, const char *word)
{
    if (w->json)
        bw_buf_printf(w->out, "%s\"%s\"", w->out->p[w->out->n - 1] == '[' ? "" : ", ", word);
    else
        bw_buf_printf(w->out, "%s%s", w->out->p[w->out->n - 1] == '=' ? "" : " ", word);
}

static void command(struct words *w, const struct deploy *d, const char *exec, const char *settings,
                    const char *mode)
{
    put(w, exec);
    if (settings && is_burrow(d)) {
        put(w, "serve");
        put(w, settings);
    }
    put(w, mode);
    if (settings && !is_burrow(d)) {
        put(w, "--settings");
        put(w, settings);
    }
}

static void unit_command(const struct deploy *d, const char *mode, struct bw_buf *out)
{
    command(&(struct words){out, false}, d, d->exec, d->settings, mode);
}

static void image_command(const struct deploy *d, const char *mode, struct bw_buf *out)
{
    char exec[512], settings[512];
    snprintf(exec, sizeof exec, "/usr/local/bin/%s", base(d->exec));
    snprintf(settings, sizeof settings, "/etc/%s/%s", d->name,
             d->settings ? base(d->settings) : "");
    bw_buf_char(out, '[');
    command(&(struct words){out, true}, d, exec, d->settings ? settings : NULL, mode);
    bw_buf_char(out, ']');
}

static void name(const struct deploy *d, struct bw_buf *out)
{
    bw_buf_put(out, bw_cstr(d->name));
}

static void program(const struct deploy *d, struct bw_buf *out)
{
    bw_buf_put(out, bw_cstr(base(d->exec)));
}

static void drain(const struct deploy *d, struct bw_buf *out)
{
    bw_buf_printf(out, "%lld", (long long)d->drain_s + 15);
}

static void patience(const struct deploy *d, struct bw_buf *out)
{
    bw_buf_printf(out, "%lld", (long long)d->batch_s + 30);
}

static void run(const struct deploy *d, struct bw_buf *out)
{
    unit_command(d, "--run", out);
}

static void reload(const struct deploy *d, struct bw_buf *out)
{
    unit_command(d, "--reload", out);
}

static void run_json(const struct deploy *d, struct bw_buf *out)
{
    image_command(d, "--run", out);
}

static void health_json(const struct deploy *d, struct bw_buf *out)
{
    image_command(d, "--health", out);
}

/* What compose calls a test: the same behind "CMD". */
static void health_test(const struct deploy *d, struct bw_buf *out)
{
    bw_buf_put(out, BW_LIT("[\"CMD\", "));
    size_t at = out->n;
    image_command(d, "--health", out);
    memmove(out->p + at, out->p + at + 1, out->n - at - 1); /* its own bracket */
    out->n--;
}

static void copy_settings(const struct deploy *d, struct bw_buf *out)
{
    if (d->settings)
        bw_buf_printf(out, "COPY --chmod=0644 %s /etc/%s/%s\n", base(d->settings), d->name,
                      base(d->settings));
}

/* A socket unit takes addresses, not names: for a name all addresses of this machine. */
static void addresses(const struct deploy *d, struct bw_buf *out)
{
    for (const char *const *a = d->listen; *a; a++) {
        const char *port = strrchr(*a, ':');
        bool numeric = **a == '[' || strspn(*a, "0123456789.:") == strlen(*a);
        if (!strncmp(*a, "systemd:", 8))
            continue;
        if (!strncmp(*a, "unix:", 5))
            bw_buf_printf(out, "ListenStream=%s\n", *a + 5);
        else
            bw_buf_printf(out, "ListenStream=%s\n", numeric || !port ? *a : port + 1);
    }
}

/* The port the host shows: that of the settings, on the same address where one is named. */
static void ports(const struct deploy *d, struct bw_buf *out)
{
    for (const char *const *a = d->listen; *a; a++) {
        if (!strncmp(*a, "unix:", 5) || !strncmp(*a, "systemd:", 8))
            continue;
        bool any = !strncmp(*a, "0.0.0.0:", 8) || !strncmp(*a, "[::]:", 5);
        bool port_zero = !strcmp(strrchr(*a, ':') ? strrchr(*a, ':') : "", ":0");
        const char *from = port_zero                 ? IMAGE_PORT
                           : any && strrchr(*a, ':') ? strrchr(*a, ':') + 1
                                                     : *a;
        bw_buf_printf(out, "      - \"%s:%s\"\n", from, IMAGE_PORT);
        return; /* the image listens at one */
    }
    bw_buf_printf(out, "      - \"127.0.0.1:%s:%s\"\n", IMAGE_PORT, IMAGE_PORT);
}

/* Where a scraper on this machine asks: every address of TCP; the port of an image without one. */
static void targets(const struct deploy *d, struct bw_buf *out)
{
    size_t start = out->n;
    for (const char *const *a = d->listen; *a; a++) {
        const char *port = strrchr(*a, ':');
        bool any = !strncmp(*a, "0.0.0.0:", 8) || !strncmp(*a, "[::]:", 5);
        if (!strncmp(*a, "unix:", 5) || !strncmp(*a, "systemd:", 8) || !port)
            continue;
        bw_buf_put(out, out->n > start ? BW_LIT(", ") : BW_LIT(""));
        bw_buf_printf(out, "\"%s%s\"", any ? "localhost" : *a, any ? port : "");
    }
    if (out->n == start)
        bw_buf_put(out, BW_LIT("\"localhost:" IMAGE_PORT "\""));
}

static size_t put_metric(const char *text, struct bw_buf *out)
{
    size_t n = strcspn(text, "@");
    for (int i = 0; i < METRIC_FAMILIES; i++) {
        const struct metric_family *f = &metric_families[i];
        if (strlen(f->name) != n || strncmp(f->name, text, n) != 0)
            continue;
        metric_full_name(out, f);
        return n + 1;
    }
    bool found = false; /* a template names a metric that metrics.def has not */
    bw_must(found);
    return 0;
}

static const struct {
    const char *word;
    void (*put)(const struct deploy *d, struct bw_buf *out);
} words[] = {
    {"name", name},
    {"program", program},
    {"drain", drain},
    {"patience", patience},
    {"run", run},
    {"reload", reload},
    {"run_json", run_json},
    {"health_json", health_json},
    {"health_test", health_test},
    {"copy_settings", copy_settings},
    {"addresses", addresses},
    {"ports", ports},
    {"targets", targets},
};

/* The word at `text` (behind its '@'), or nothing: '@' may stand for itself. */
static size_t put_word(const struct deploy *d, const char *text, struct bw_buf *out)
{
    if (text[0] == 'm' && text[1] == ':')
        return 2 + put_metric(text + 2, out);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i].word);
        if (strncmp(text, words[i].word, n) != 0 || text[n] != '@')
            continue;
        words[i].put(d, out);
        return n + 1;
    }
    return 0;
}

void deploy_fill(const struct deploy *d, const char *text, struct bw_buf *out)
{
    while (*text) {
        size_t used = *text == '@' ? put_word(d, text + 1, out) : 0;
        if (!used)
            bw_buf_char(out, *text);
        text += used + 1;
    }
}
