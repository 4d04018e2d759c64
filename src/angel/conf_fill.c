/* conf_fill.c: placeholders. %name% is looked up, in any case, as a folder of the system, as
 * %agl.SETTING% of the angel, as a setting of the service; what is found is filled in too. "%%" is
 * a percent sign, a lone one stays. %what%, %msg% and %urimsg% stay for the notice they are for. */
#include "angel/conf_int.h"

#include <errno.h>

#include "core/civil.h"
#include "core/near.h"
#include "core/words.h"

#define DEPTH_MAX 50
#define FILL_MAX  (1u << 20) /* bytes of one text */

struct fill {
    const struct conf_load *l;
    const void *u; /* struct conf_entry, or only the unit_conf it begins with; NULL: the angel's */
    bool is_unit;
    struct bw_buf *out;
    struct bw_err *e;
    unsigned depth;
};

static bool fill_text(struct fill *f, const char *text);

/* ---- folders of the system ---- */

struct folder {
    const char *name, *env, *below, *otherwise;
};

static const struct folder folders[] = {
    {"CommonData", NULL, "", "/var/lib/"},
    {"UserData", "HOME", "/.local/share/", "/var/lib/"},
    {"CommonDocuments", NULL, "", "/usr/share/doc/"},
    {"UserDocuments", "HOME", "/", "/"},
    {"UserDownloads", "HOME", "/Downloads/", "/"},
    {"Temp", "TMPDIR", "/", "/tmp/"},
};

static bool put_folder(const struct fill *f, bw_str name)
{
    if (bw_str_ieq(name, BW_LIT("Log"))) {
        bw_buf_put(f->out, bw_cstr(f->l->c->log_folder));
        return true;
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (!bw_str_ieq(name, bw_cstr(folders[i].name)))
            continue;
        const char *at = folders[i].env ? getenv(folders[i].env) : NULL;
        if (at && *at == '/')
            bw_buf_printf(f->out, "%s%s", at, folders[i].below);
        else
            bw_buf_put(f->out, bw_cstr(folders[i].otherwise));
        return true;
    }
    return false;
}

/* ---- settings ---- */

static bool put_texts(struct fill *f, const char *const *items)
{
    for (size_t i = 0; items && items[i]; i++) {
        if (i)
            bw_buf_char(f->out, ',');
        if (!fill_text(f, items[i]))
            return false;
    }
    return true;
}

/* A command filled in word by word, so that what is filled in never makes two words of one. */
static bool put_command(struct fill *f, const char *const *words)
{
    struct bw_arena a;
    struct bw_buf one, *out = f->out;
    size_t n = 0;
    bool ok = true;
    while (words && words[n])
        n++;
    bw_arena_init(&a);
    const char **filled = BW_NEW_N(&a, const char *, n + 1);
    bw_buf_init(&one, FILL_MAX);
    f->out = &one;
    for (size_t i = 0; ok && i < n; i++) {
        bw_buf_clear(&one);
        ok = fill_text(f, words[i]);
        filled[i] = bw_arena_cstr(&a, bw_buf_str(&one));
    }
    f->out = out;
    bw_buf_put(out, bw_cstr(words_join(filled, &a)));
    bw_buf_release(&one);
    bw_arena_release(&a);
    return ok;
}

static bool put_value(struct fill *f, const struct option *o, const void *in)
{
    const void *at = (const char *)in + o->offset;
    switch (o->type) {
    case OPT_CSTR: {
        const char *text = *(const char *const *)at;
        return !text || fill_text(f, text);
    }
    case OPT_TEXTS:
    case OPT_PAIRS:
        if (o->split && !strcmp(o->name, "Run"))
            return put_command(f, *(const char *const *const *)at);
        return put_texts(f, *(const char *const *const *)at);
    case OPT_BOOL:
        bw_buf_put(f->out, *(const bool *)at ? BW_LIT("true") : BW_LIT("false"));
        return true;
    case OPT_ENUM:
        bw_buf_put(f->out, bw_cstr(o->names[*(const int *)at]));
        return true;
    case OPT_DURATION:
        bw_buf_int(f->out, *(const int64_t *)at / 1000000000);
        return true;
    case OPT_INT:
    case OPT_SIZE:
        bw_buf_int(f->out, *(const int64_t *)at);
        return true;
    default:
        return bw_fail(f->e, BW_BAD, "%%%s%% is no text that could be filled in", o->name);
    }
}

static const struct option *find(const struct option *t, bw_str name)
{
    for (; t->name; t++) {
        if (bw_str_ieq(bw_cstr(t->name), name))
            return t;
    }
    return NULL;
}

/* ---- %agl.…% ---- */

static void put_time(struct bw_buf *out, bool local)
{
    time_t now = (time_t)(bw_now() / BW_TIME_SECOND);
    struct tm tm;
    if (local)
        localtime_r(&now, &tm);
    else
        gmtime_r(&now, &tm);
    bw_buf_printf(out, "%02d%02d%02d%02d%02d%02d", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday,
                  tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool put_agl(struct fill *f, bw_str name, bool *known)
{
    const struct conf_load *l = f->l;
    const struct option *o = find(conf_main_keys, name);
    *known = true;
    if (bw_str_ieq(name, BW_LIT("base")))
        bw_buf_put(f->out, bw_cstr(l->base));
    else if (bw_str_ieq(name, BW_LIT("now")))
        put_time(f->out, true);
    else if (bw_str_ieq(name, BW_LIT("utc")))
        put_time(f->out, false);
    else if (bw_str_ieq(name, BW_LIT("logpath")))
        bw_buf_put(f->out, bw_cstr(l->c->log_folder));
    else if (bw_str_ieq(name, BW_LIT("state")))
        bw_buf_put(f->out, bw_cstr(l->c->state));
    else if (o && o->secret)
        return bw_fail(f->e, BW_BAD, "%%agl.%s%% is a secret and not filled in", o->name);
    else if (o)
        return put_value(f, o, &l->main);
    else
        *known = bw_str_ieq(name, BW_LIT("params"));
    return true;
}

/* ---- names ---- */

static bool no_name(const struct fill *f, bw_str name)
{
    struct near n;
    char hint[96], full[64];
    near_init(&n, name);
    near_offer(&n, BW_LIT("log"));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        near_offer(&n, bw_cstr(folders[i].name));
    for (const struct option *o = conf_unit_keys; f->u && o->name; o++)
        near_offer(&n, bw_cstr(o->name));
    if (bw_str_starts(name, BW_LIT("agl."))) {
        static const char *const own[] = {"agl.base", "agl.now", "agl.utc", "agl.state"};
        for (size_t i = 0; i < 4; i++)
            near_offer(&n, bw_cstr(own[i]));
        for (const struct option *o = conf_main_keys; !n.best.p && o->name; o++) {
            snprintf(full, sizeof full, "agl.%s", o->name);
            near_offer(&n, bw_cstr(full));
        }
    }
    return bw_fail(f->e, BW_BAD,
                   "nothing is called %%%.*s%%%s (a percent sign itself is written %%%%)",
                   (int)(name.n < 48 ? name.n : 48), name.p, near_hint(&n, hint));
}

static bool is_of_notice(bw_str name)
{
    return bw_str_ieq(name, BW_LIT("what")) || bw_str_ieq(name, BW_LIT("msg")) ||
           bw_str_ieq(name, BW_LIT("urimsg"));
}

static bool put_named(struct fill *f, bw_str name)
{
    bool known = false;
    if (put_folder(f, name))
        return true;
    if (name.n > 4 && bw_str_ieq(bw_str_of(name.p, 4), BW_LIT("agl."))) {
        bool ok = put_agl(f, bw_str_of(name.p + 4, name.n - 4), &known);
        return ok && !known ? no_name(f, name) : ok;
    }
    const struct option *o = f->u ? find(conf_unit_keys, name) : NULL;
    if (o && f->is_unit && !strcmp(o->name, "Run"))
        return fill_text(f, ((const struct unit_conf *)f->u)->run);
    if (o && (!f->is_unit || o->offset < sizeof(struct unit_conf)))
        return put_value(f, o, f->u);
    if (!is_of_notice(name))
        return no_name(f, name);
    bw_buf_printf(f->out, "%%%.*s%%", BW_FMT(name));
    return true;
}

/* The name behind a '%', or n == 0 when it is a lone one. */
static bw_str name_at(const char *p)
{
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    return bw_str_of(p, p[n] == '%' ? n : 0);
}

static bool fill_text(struct fill *f, const char *text)
{
    if (++f->depth > DEPTH_MAX)
        return bw_fail(f->e, BW_BAD, "placeholders contain each other, more than %d deep",
                       DEPTH_MAX);
    while (*text) {
        size_t n = strcspn(text, "%");
        bw_buf_add(f->out, text, n);
        text += n;
        if (!*text)
            break;
        bw_str name = name_at(text + 1);
        if (name.n) {
            if (!put_named(f, name))
                return false;
            text += name.n + 2;
        } else {
            bw_buf_char(f->out, '%');
            text += text[1] == '%' ? 2 : 1;
        }
    }
    f->depth--;
    return bw_buf_ok(f->out) || bw_fail(f->e, BW_TOOBIG,
                                        "with its placeholders filled in this is "
                                        "longer than a MiB");
}

static const char *fill(struct fill *f, const char *text)
{
    struct bw_buf b;
    if (!strchr(text, '%'))
        return bw_arena_cstr(f->l->a, bw_cstr(text));
    bw_buf_init(&b, FILL_MAX);
    f->out = &b;
    const char *out = fill_text(f, text) ? bw_arena_cstr(f->l->a, bw_buf_str(&b)) : NULL;
    bw_buf_release(&b);
    return out;
}

const char *conf_fill(const struct conf_load *l, const struct conf_entry *u, const char *text,
                      struct bw_err *e)
{
    return fill(&(struct fill){.l = l, .u = u, .e = e}, text);
}

/* ---- all texts of a table ---- */

struct walk {
    const struct conf_load *l;
    const struct conf_entry *u;
    const struct conf_entry *like; /* NULL, or one filled in before: of equal texts one is kept */
    struct bw_err *e;
    char path[128];
};

static const char *fill_like(const struct walk *w, const char *text, const char *like)
{
    bool same = like && !strchr(text, '%') && !strcmp(text, like);
    return same ? like : conf_fill(w->l, w->u, text, w->e);
}

static bool fill_member(struct walk *w, const struct option *o, const char *prefix, size_t base,
                        char *out)
{
    size_t offset = base + o->offset;
    const char **at = (const char **)(void *)(out + offset);
    if (!*at)
        return true;
    *at = fill_like(w, *at,
                    w->like ? *(const char *const *)(const void *)((const char *)w->like + offset)
                            : NULL);
    if (*at)
        return true;
    snprintf(w->path, sizeof w->path, "%s%s", prefix, o->name);
    return conf_fail_at(w->l, w->u, w->path, w->e);
}

/* The same list of the one before, if nothing in it differs; no text has a '%'. */
static bool is_like(const char *const *items, const char *const *like)
{
    size_t i = 0;
    while (items && like && items[i] && like[i] && !strchr(items[i], '%') &&
           !strcmp(items[i], like[i]))
        i++;
    return like && (items ? !items[i] : true) && !like[i];
}

static bool fill_items(struct walk *w, const struct option *o, size_t base, char *out)
{
    const char ***at = (const char ***)(void *)(out + base + o->offset);
    const char *const *from = *at;
    const char **like =
        w->like ? *(const char ***)(void *)((char *)(uintptr_t)w->like + base + o->offset) : NULL;
    size_t n = 0, n_like = 0;
    if (is_like(from, like)) {
        *at = like;
        return true;
    }
    while (from && from[n])
        n++;
    while (like && like[n_like])
        n_like++;
    const char **to = BW_NEW_N(w->l->a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        to[i] = fill_like(w, from[i], i < n_like ? like[i] : NULL);
        if (to[i])
            continue;
        if (o->type == OPT_PAIRS)
            snprintf(w->path, sizeof w->path, "%s.%.*s", o->name, (int)strcspn(from[i], "="),
                     from[i]);
        else
            snprintf(w->path, sizeof w->path, "%s[%zu]", o->name, i);
        return conf_fail_at(w->l, w->u, w->path, w->e);
    }
    *at = to;
    return true;
}

/* Steps are taken apart before they are filled in, so that nothing in a value is taken for a part.
 */
static bool is_left(const struct option *o)
{
    return o->secret || !strcmp(o->name, "Name") || !strcmp(o->name, "Start") ||
           !strcmp(o->name, "Stop") || !strcmp(o->name, "Watch");
}

static bool fill_table(struct walk *w, const struct option *t, const char *prefix, size_t base,
                       char *out)
{
    for (; t->name; t++) {
        bool ok = true;
        char inner[64];
        if (is_left(t))
            continue;
        if (t->type == OPT_CSTR) {
            ok = fill_member(w, t, prefix, base, out);
        } else if (t->type == OPT_TEXTS || t->type == OPT_PAIRS) {
            ok = fill_items(w, t, base, out);
        } else if (t->type == OPT_SECTION) {
            snprintf(inner, sizeof inner, "%s.", t->name);
            ok = fill_table(w, t->options, inner, base + t->offset, out);
        }
        if (!ok)
            return false;
    }
    return true;
}

bool conf_fill_main(struct conf_load *l, struct bw_err *e)
{
    struct walk w = {.l = l, .e = e};
    l->filled = l->main;
    return fill_table(&w, conf_main_keys, "", 0, (char *)&l->filled);
}

bool conf_fill_entry(const struct conf_load *l, const struct conf_entry *raw,
                     struct conf_entry *out, struct bw_err *e)
{
    struct walk w = {.l = l, .u = raw, .like = l->like, .e = e};
    *out = *raw;
    return fill_table(&w, conf_unit_keys, "", 0, (char *)out);
}

const char *angel_conf_fill(const struct angel_conf *c, const struct unit_conf *u, const char *text,
                            struct bw_arena *a, struct bw_err *e)
{
    struct conf_load l = {.c = (struct angel_conf *)(uintptr_t)c, .a = a, .base = c->base};
    l.main = *c->written;
    return fill(&(struct fill){.l = &l, .u = u, .is_unit = true, .e = e}, text);
}
