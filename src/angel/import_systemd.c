/* import_systemd.c: a systemd service unit. What confines (namespaces, capabilities, seccomp) has
 * no counterpart and is told; what systemd fills in (%i, $MAINPID) too. */
#include "angel/import_int.h"

#include "core/words.h"

/* ---- commands ---- */

/* Without systemd's prefixes; *optional: '-', a failure does not matter. */
static bw_str command_of(struct import *im, struct import_unit *u, bw_str v, bool *optional)
{
    *optional = false;
    while (v.n && strchr("@-:+!", v.p[0])) {
        *optional = *optional || v.p[0] == '-';
        if (v.p[0] == '+' || v.p[0] == '!')
            import_note(im, "%s: '%c' before a command has no counterpart", u->name, v.p[0]);
        v = bw_str_of(v.p + 1, v.n - 1);
    }
    if (bw_str_find(v, '$') < v.n)
        import_note(im,
                    "%s: variables in '%.*s' are not filled in: a command is no shell's; "
                    "\"sh:…\" is",
                    u->name, BW_FMT(v));
    if (bw_str_find(v, '%') < v.n)
        import_note(im, "%s: '%%' in '%.*s' is filled in by systemd only", u->name, BW_FMT(v));
    return v;
}

static void take_run(struct import *im, struct import_unit *u, bw_str v)
{
    bool optional;
    for (size_t i = 0; i < u->values.n; i++) {
        if (!strcmp(u->values.p[i].key, "Run"))
            import_note(im, "%s: more than one ExecStart: the last one counts", u->name);
    }
    import_text(im, u, "Run", command_of(im, u, v, &optional));
}

static const char *step(struct import *im, struct import_unit *u, bw_str v)
{
    bool optional;
    bw_str command = command_of(im, u, v, &optional);
    return bw_arena_printf(&im->a, "%s:%s", optional ? "exec" : "wait", import_escaped(im, command))
        .p;
}

static void take_pre(struct import *im, struct import_unit *u, bw_str v)
{
    const char *s = step(im, u, v);
    *vec_push(&u->start) = s;
}

static void take_post(struct import *im, struct import_unit *u, bw_str v)
{
    (void)v;
    import_note(im, "%s: ExecStartPost: write it into Start, behind \"start:%%run%%\"", u->name);
}

static void take_stop(struct import *im, struct import_unit *u, bw_str v)
{
    const char *s = step(im, u, v);
    *vec_push(&u->stop) = s;
}

/* kill -HUP $MAINPID is a ReloadSignal. */
static void take_reload(struct import *im, struct import_unit *u, bw_str v)
{
    bw_str first, rest = v, word;
    bw_str_cut(&rest, ' ', &first);
    bool kill = bw_str_ends(first, BW_LIT("/kill")) || bw_str_eq(first, BW_LIT("kill"));
    while (kill && bw_str_cut(&rest, ' ', &word)) {
        if (word.n > 1 && word.p[0] == '-' && !bw_str_eq(word, BW_LIT("-s"))) {
            import_text(im, u, "ReloadSignal", bw_str_of(word.p + 1, word.n - 1));
            return;
        }
    }
    import_note(im, "%s: ExecReload: a reload is a signal here (ReloadSignal) or a restart",
                u->name);
}

/* ---- lists ---- */

static void take_env(struct import *im, struct import_unit *u, bw_str v)
{
    const char **words = words_split(v, &im->a, NULL);
    for (size_t i = 0; words && words[i]; i++) {
        if (strchr(words[i], '='))
            *vec_push(&u->env) = import_escaped(im, bw_cstr(words[i]));
    }
}

static void take_env_file(struct import *im, struct import_unit *u, bw_str v)
{
    for (size_t i = 0; i < u->values.n; i++) {
        if (strcmp(u->values.p[i].key, "EnvFiles") != 0)
            continue;
        bw_str all = u->values.p[i].json;
        import_json(
            im, u, "EnvFiles",
            bw_arena_printf(&im->a, "%.*s, \"%s\"]", (int)all.n - 1, all.p, import_escaped(im, v)));
        return;
    }
    import_json(im, u, "EnvFiles", bw_arena_printf(&im->a, "[\"%s\"]", import_escaped(im, v)));
}

/* Names of other services; targets, sockets and mounts are not the angel's. */
static void take_names(struct import *im, struct import_unit *u, bw_str v, bool needs)
{
    bw_str word;
    while (bw_str_cut(&v, ' ', &word)) {
        if (!bw_str_ends(word, BW_LIT(".service")))
            continue;
        const char *name = bw_arena_cstr(&im->a, bw_str_of(word.p, word.n - 8));
        if (needs)
            *vec_push(&u->needs) = name;
        else
            *vec_push(&u->after) = name;
    }
}

static void take_after(struct import *im, struct import_unit *u, bw_str v)
{
    take_names(im, u, v, false);
}

static void take_needs(struct import *im, struct import_unit *u, bw_str v)
{
    take_names(im, u, v, true);
}

static void take_codes(struct import *im, struct import_unit *u, const char *key, bw_str v)
{
    struct bw_buf b;
    bw_str word;
    int64_t n;
    bw_buf_init(&b, 4096);
    bw_buf_put(&b, strcmp(key, "AbortExitCodes") ? BW_LIT("[0") : BW_LIT("["));
    while (bw_str_cut(&v, ' ', &word)) {
        if (bw_str_int(word, &n) && n >= 0 && n <= 255)
            bw_buf_printf(&b, "%s%lld", b.n > 1 ? ", " : "", (long long)n);
        else if (word.n)
            import_note(im, "%s: %s takes numbers, not '%.*s'", u->name, key, BW_FMT(word));
    }
    bw_buf_char(&b, ']');
    import_json(im, u, key, bw_buf_str(&b));
    bw_buf_release(&b);
}

static void take_success(struct import *im, struct import_unit *u, bw_str v)
{
    take_codes(im, u, "SuccessExitCodes", v);
}

static void take_prevent(struct import *im, struct import_unit *u, bw_str v)
{
    take_codes(im, u, "AbortExitCodes", v);
}

/* ---- words ---- */

static void take_restart(struct import *im, struct import_unit *u, bw_str v)
{
    bw_str is = bw_str_eq(v, BW_LIT("always")) ? BW_LIT("always")
                : bw_str_eq(v, BW_LIT("no"))   ? BW_LIT("never")
                                               : BW_LIT("on-failure");
    import_text(im, u, "Restart", is);
    if (is.n == 10 && !bw_str_eq(v, BW_LIT("on-failure")))
        import_note(im, "%s: Restart=%.*s became on-failure", u->name, BW_FMT(v));
}

static void take_type(struct import *im, struct import_unit *u, bw_str v)
{
    if (bw_str_starts(v, BW_LIT("notify")))
        import_text(im, u, "Ready", BW_LIT("notify"));
    else if (bw_str_eq(v, BW_LIT("forking")))
        import_note(im,
                    "%s: Type=forking: the angel watches what it starts; give the program its "
                    "switch for the foreground",
                    u->name);
    else if (!bw_str_eq(v, BW_LIT("simple")) && !bw_str_eq(v, BW_LIT("exec")))
        import_note(im, "%s: Type=%.*s has no counterpart", u->name, BW_FMT(v));
}

static void take_output(struct import *im, struct import_unit *u, bw_str v)
{
    bw_str kind;
    if (bw_str_eq(v, BW_LIT("null")))
        import_text(im, u, "RedirectLogFile", BW_LIT(""));
    else if (bw_str_find(v, ':') < v.n && bw_str_cut(&v, ':', &kind))
        import_text(im, u, "RedirectLogFile", v);
}

static void take_quota(struct import *im, struct import_unit *u, bw_str v)
{
    double percent;
    if (v.n && v.p[v.n - 1] == '%' && bw_str_real(bw_str_of(v.p, v.n - 1), &percent))
        import_json(im, u, "CpuMax", bw_arena_printf(&im->a, "%g", percent / 100));
    else
        import_note(im, "%s: CPUQuota=%.*s is not understood", u->name, BW_FMT(v));
}

/* "infinity" is what is anyway. */
static void take_span(struct import *im, struct import_unit *u, const char *key, bw_str v)
{
    if (!bw_str_eq(v, BW_LIT("infinity")))
        import_number(im, u, key, v);
}

static void take_none(struct import *im, struct import_unit *u, bw_str v)
{
    (void)im;
    (void)u;
    (void)v;
}

/* ---- keys ---- */

static const struct rule {
    const char *key, *ours;
    bool number;
    void (*take)(struct import *im, struct import_unit *u, bw_str v);
} rules[] = {
    {"Description", "Description", false, NULL},
    {"WorkingDirectory", "StartWorkDir", false, NULL},
    {"User", "User", false, NULL},
    {"Group", "Group", false, NULL},
    {"UMask", "Umask", false, NULL},
    {"KillSignal", "StopSignal", false, NULL},
    {"RestartSec", "RetryDelay", true, NULL},
    {"RestartMaxDelaySec", "RetryMax", true, NULL},
    {"TimeoutStopSec", "StopRunAbortTimeoutSec", true, NULL},
    {"TimeoutStartSec", "StartTimeoutSec", true, NULL},
    {"Nice", "Nice", true, NULL},
    {"MemoryMax", "MemoryMax", true, NULL},
    {"TasksMax", "PidsMax", true, NULL},
    {"StartLimitBurst", "RestartBudget", true, NULL},
    {"StartLimitIntervalSec", "RestartBudgetSec", true, NULL},
    {"ExecStart", NULL, false, take_run},
    {"ExecStartPre", NULL, false, take_pre},
    {"ExecStartPost", NULL, false, take_post},
    {"ExecStop", NULL, false, take_stop},
    {"ExecReload", NULL, false, take_reload},
    {"Environment", NULL, false, take_env},
    {"EnvironmentFile", NULL, false, take_env_file},
    {"After", NULL, false, take_after},
    {"Wants", NULL, false, take_after},
    {"Requires", NULL, false, take_needs},
    {"BindsTo", NULL, false, take_needs},
    {"SuccessExitStatus", NULL, false, take_success},
    {"RestartPreventExitStatus", NULL, false, take_prevent},
    {"Restart", NULL, false, take_restart},
    {"Type", NULL, false, take_type},
    {"StandardOutput", NULL, false, take_output},
    {"CPUQuota", NULL, false, take_quota},
    {"Documentation", NULL, false, take_none},
    {"NotifyAccess", NULL, false, take_none},
    {"KillMode", NULL, false, take_none}, /* the whole tree, always */
    {"StandardError", NULL, false, take_none},
};

static bool take_limit(struct import *im, struct import_unit *u, const struct ini *in)
{
    if (!bw_str_starts(in->key, BW_LIT("Limit")))
        return false;
    bw_str name = bw_str_of(in->key.p + 5, in->key.n - 5);
    *vec_push(&u->limits) = bw_arena_printf(&im->a, "%.*s=%.*s", BW_FMT(name), BW_FMT(in->value)).p;
    return true;
}

static void take(struct import *im, struct import_unit *u, const struct ini *in)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (!bw_str_eq(in->key, bw_cstr(r->key)))
            continue;
        if (r->take && in->value.n)
            r->take(im, u, in->value);
        else if (r->number)
            take_span(im, u, r->ours, in->value);
        else if (r->ours)
            import_text(im, u, r->ours, in->value);
        return;
    }
    if (!take_limit(im, u, in))
        import_note(im, "%s: line %u: %.*s has no counterpart", u->name, in->line, BW_FMT(in->key));
}

/* Steps beside the usual one. */
static void complete(struct import_unit *u)
{
    if (u->start.n)
        *vec_push(&u->start) = "start:%run%";
    if (u->stop.n)
        *vec_push(&u->stop) = "stop:%run%";
}

static bool read_it(struct import *im, const char *path, bw_str text, struct bw_err *e)
{
    struct ini in = {.rest = text, .a = &im->a, .systemd = true};
    const char *slash = strrchr(path, '/');
    bw_str name = bw_cstr(slash ? slash + 1 : path);
    if (bw_str_ends(name, BW_LIT(".service")))
        name.n -= strlen(".service");
    if (bw_str_find(name, '@') < name.n)
        import_note(im, "%.*s is a template: what systemd puts for %%i is to be written out",
                    BW_FMT(name));
    struct import_unit *u = import_unit(im, name);
    bool service = false;
    while (ini_next(&in)) {
        service = service || bw_str_eq(in.section, BW_LIT("Service"));
        if (!bw_str_eq(in.section, BW_LIT("Install")))
            take(im, u, &in);
    }
    complete(u);
    return service || bw_fail(e, BW_BAD, "%s has no [Service]", path);
}

static bool knows(const char *file, bw_str text)
{
    (void)file;
    return memmem(text.p, text.n, "[Service]", 9) != NULL ||
           memmem(text.p, text.n, "[Unit]", 6) != NULL;
}

const struct importer importer_systemd = {
    .name = "systemd", .help = "a systemd service unit", .knows = knows, .read = read_it};
