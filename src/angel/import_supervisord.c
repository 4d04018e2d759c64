/* import_supervisord.c: supervisord.conf: [program:x] and [group:x]. */
#include "angel/import_int.h"

/* ---- values ---- */

/* %(program_name)s and the like as far as they are known here; supervisord's "%%" is a '%'. */
static bw_str expand(struct import *im, struct import_unit *u, bw_str text)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < text.n; i++) {
        bw_str rest = bw_str_of(text.p + i, text.n - i);
        if (bw_str_starts(rest, BW_LIT("%(program_name)s"))) {
            bw_buf_put(&b, bw_cstr(u->name));
            i += strlen("%(program_name)s") - 1;
        } else if (bw_str_starts(rest, BW_LIT("%%"))) {
            bw_buf_char(&b, '%');
            i++;
        } else {
            if (bw_str_starts(rest, BW_LIT("%(")))
                import_note(im, "%s: '%.*s' is filled in by supervisord only", u->name,
                            (int)(bw_str_find(rest, ')') + 2), rest.p);
            bw_buf_char(&b, text.p[i]);
        }
    }
    bw_str out = bw_arena_str(&im->a, bw_buf_str(&b));
    bw_buf_release(&b);
    return out;
}

static bool is_yes(bw_str v)
{
    return bw_str_ieq(v, BW_LIT("true")) || bw_str_ieq(v, BW_LIT("yes")) ||
           bw_str_ieq(v, BW_LIT("on")) || bw_str_eq(v, BW_LIT("1"));
}

/* KEY="value",KEY2=value */
static void take_environment(struct import *im, struct import_unit *u, bw_str v)
{
    while (v.n) {
        bw_str name;
        v = bw_str_trim(v);
        size_t equal = bw_str_find(v, '=');
        if (equal == v.n)
            return;
        name = bw_str_trim(bw_str_of(v.p, equal));
        v = bw_str_trim(bw_str_of(v.p + equal + 1, v.n - equal - 1));
        char quote = v.n && (v.p[0] == '"' || v.p[0] == '\'') ? v.p[0] : 0;
        bw_str rest = quote ? bw_str_of(v.p + 1, v.n - 1) : v;
        size_t end = bw_str_find(rest, quote ? quote : ',');
        bw_str value = bw_str_of(rest.p, end);
        *vec_push(&u->env) = bw_arena_printf(&im->a, "%.*s=%s", BW_FMT(name),
                                             import_escaped(im, expand(im, u, value)))
                                 .p;
        rest = bw_str_of(rest.p + end, rest.n - end);
        size_t comma = bw_str_find(rest, ',');
        v = comma < rest.n ? bw_str_of(rest.p + comma + 1, rest.n - comma - 1) : (bw_str){0};
    }
}

static void take_codes(struct import *im, struct import_unit *u, bw_str v)
{
    import_json(im, u, "SuccessExitCodes", bw_arena_printf(&im->a, "[%.*s]", BW_FMT(v)));
}

static void take_restart(struct import *im, struct import_unit *u, bw_str v)
{
    bw_str is = bw_str_ieq(v, BW_LIT("unexpected")) ? BW_LIT("on-failure")
                : is_yes(v)                         ? BW_LIT("always")
                                                    : BW_LIT("never");
    import_text(im, u, "Restart", is);
}

static void take_logfile(struct import *im, struct import_unit *u, bw_str v)
{
    if (bw_str_ieq(v, BW_LIT("AUTO")))
        return;
    import_text(im, u, "RedirectLogFile",
                bw_str_ieq(v, BW_LIT("NONE")) ? BW_LIT("") : expand(im, u, v));
}

static void take_backups(struct import *im, struct import_unit *u, bw_str v)
{
    int64_t n;
    if (bw_str_int(v, &n))
        import_json(im, u, "RedirectLogRotateFiles",
                    bw_arena_printf(&im->a, "%lld", (long long)n + 1));
}

static void take_autostart(struct import *im, struct import_unit *u, bw_str v)
{
    if (!is_yes(v))
        import_json(im, u, "Disabled", BW_LIT("true"));
}

static void take_stderr(struct import *im, struct import_unit *u, bw_str v)
{
    (void)v;
    import_note(im, "%s: stderr_logfile: standard error goes into the same file as standard output",
                u->name);
}

static void take_retries(struct import *im, struct import_unit *u, bw_str v)
{
    import_note(im,
                "%s: startretries=%.*s: it is tried again for as long as it takes, with growing "
                "pauses (RetryMax); AbortExitCodes and RestartBudget limit it",
                u->name, BW_FMT(v));
}

static void take_nothing(struct import *im, struct import_unit *u, bw_str v)
{
    (void)im;
    (void)u;
    (void)v;
}

/* ---- keys ---- */

static const struct rule {
    const char *key, *ours; /* a text, as it is */
    bool number;
    void (*take)(struct import *im, struct import_unit *u, bw_str v);
} rules[] = {
    {"command", "Run", false, NULL},
    {"directory", "StartWorkDir", false, NULL},
    {"umask", "Umask", false, NULL},
    {"user", "User", false, NULL},
    {"stopsignal", "StopSignal", false, NULL},
    {"priority", "Level", true, NULL},
    {"numprocs", "Replicas", true, NULL},
    {"startsecs", "RetryStableSec", true, NULL},
    {"stopwaitsecs", "StopRunAbortTimeoutSec", true, NULL},
    {"stdout_logfile_maxbytes", "RedirectLogRotateBytes", true, NULL},
    {"stdout_logfile_backups", NULL, false, take_backups},
    {"stdout_logfile", NULL, false, take_logfile},
    {"stderr_logfile", NULL, false, take_stderr},
    {"stderr_logfile_maxbytes", NULL, false, take_nothing},
    {"stderr_logfile_backups", NULL, false, take_nothing},
    {"redirect_stderr", NULL, false, take_nothing}, /* always */
    {"autostart", NULL, false, take_autostart},
    {"autorestart", NULL, false, take_restart},
    {"exitcodes", NULL, false, take_codes},
    {"environment", NULL, false, take_environment},
    {"startretries", NULL, false, take_retries},
    {"process_name", NULL, false, take_nothing}, /* NAME#1 … */
    {"stopasgroup", NULL, false, take_nothing},  /* the whole tree, always */
    {"killasgroup", NULL, false, take_nothing},
};

static void take(struct import *im, struct import_unit *u, const struct ini *in)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (!bw_str_ieq(in->key, bw_cstr(r->key)))
            continue;
        if (r->take)
            r->take(im, u, in->value);
        else if (r->number)
            import_number(im, u, r->ours, in->value);
        else
            import_text(im, u, r->ours, expand(im, u, in->value));
        return;
    }
    import_note(im, "%s: line %u: '%.*s' has no counterpart", u->name, in->line, BW_FMT(in->key));
}

static struct import_unit *find(struct import *im, bw_str name)
{
    for (size_t i = 0; i < im->units.n; i++) {
        if (bw_str_eq(bw_cstr(im->units.p[i]->name), name))
            return im->units.p[i];
    }
    return NULL;
}

/* [group:x] programs=a,b; the programs may come behind it. */
static void join_group(struct import *im, bw_str group, bw_str programs)
{
    bw_str name;
    while (bw_str_cut(&programs, ',', &name)) {
        struct import_unit *u = find(im, bw_str_trim(name));
        if (u)
            import_text(im, u, "RestartGroup", group);
        else
            import_note(im, "group %.*s: there is no program '%.*s'", BW_FMT(group), BW_FMT(name));
    }
}

static bool is_kind(bw_str section, bw_str prefix, bw_str *name)
{
    if (!bw_str_starts(section, prefix))
        return false;
    *name = bw_str_of(section.p + prefix.n, section.n - prefix.n);
    return name->n > 0;
}

/* Sections that need saying, once each. */
static void note_section(struct import *im, bw_str section)
{
    static const char *const known[] = {"supervisord", "supervisorctl", "unix_http_server",
                                        "inet_http_server"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (bw_str_eq(section, bw_cstr(known[i])))
            return;
    }
    if (!bw_str_starts(section, BW_LIT("rpcinterface:")))
        import_note(im, "[%.*s] has no counterpart", BW_FMT(section));
}

static void read_groups(struct import *im, bw_str text)
{
    struct ini in = {.rest = text, .a = &im->a};
    bw_str name;
    while (ini_next(&in)) {
        if (is_kind(in.section, BW_LIT("group:"), &name) && bw_str_ieq(in.key, BW_LIT("programs")))
            join_group(im, name, in.value);
    }
}

static bool read_it(struct import *im, const char *path, bw_str text, struct bw_err *e)
{
    struct ini in = {.rest = text, .a = &im->a};
    struct import_unit *u = NULL;
    bw_str section = {0}, name;
    size_t before = im->units.n;
    while (ini_next(&in)) {
        bool new = in.section.p != section.p;
        section = in.section;
        if (is_kind(section, BW_LIT("program:"), &name)) {
            if (new)
                u = import_unit(im, name);
            take(im, u, &in);
        } else if (new && !is_kind(section, BW_LIT("group:"), &name)) {
            note_section(im, section);
        }
    }
    read_groups(im, text);
    return im->units.n > before || bw_fail(e, BW_BAD, "%s has no [program:…]", path);
}

static bool knows(const char *file, bw_str text)
{
    (void)file;
    return memmem(text.p, text.n, "[program:", 9) != NULL ||
           memmem(text.p, text.n, "[supervisord]", 13) != NULL;
}

const struct importer importer_supervisord = {
    .name = "supervisord", .help = "supervisord.conf", .knows = knows, .read = read_it};
