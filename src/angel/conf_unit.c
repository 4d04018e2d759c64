/* conf_unit.c: one service as written, placeholders filled in → its unit_conf: words to numbers,
 * each with its check. */
#include "angel/conf_int.h"

#include <math.h>
#include <signal.h>

#include "core/near.h"
#include "core/quantity.h"
#include "core/words.h"
#include "os/signame.h"

/* ---- names to numbers ---- */

static bool read_signals(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    const struct {
        const char *key, *said;
        int *out;
    } all[] = {{"StopSignal", u->stop_signal, &u->conf.stop_signal},
               {"ReloadSignal", u->reload_signal, &u->conf.reload_signal}};
    for (size_t i = 0; i < 2; i++) {
        *all[i].out = i == 0 ? SIGTERM : 0;
        if (all[i].said && *all[i].said && !signame_find(bw_cstr(all[i].said), all[i].out, e))
            return conf_fail_at(l, u, all[i].key, e);
    }
    return true;
}

static bool read_umask(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    const char *said = u->umask ? u->umask : "022";
    char *end;
    unsigned long v = strtoul(said, &end, 8);
    u->conf.umask = (mode_t)v;
    if (*said >= '0' && *said <= '7' && !*end && v <= 0777)
        return true;
    bw_fail(e, BW_BAD, "Umask is octal, like \"027\", not '%.20s'", said);
    return conf_fail_at(l, u, "Umask", e);
}

static bool read_user(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    char both[160];
    const char *user = u->user && *u->user ? u->user : NULL;
    const char *group = u->user_group && *u->user_group ? u->user_group : NULL;
    if (!user && !group)
        return true;
    if (!user) {
        bw_fail(e, BW_BAD, "a Group needs a User beside it");
        return conf_fail_at(l, u, "Group", e);
    }
    if (group && strchr(user, ':')) {
        bw_fail(e, BW_BAD, "the group is given twice, with User and as Group");
        return conf_fail_at(l, u, "Group", e);
    }
    snprintf(both, sizeof both, "%s%s%s", user, group ? ":" : "", group ? group : "");
    struct user_ids *found = BW_NEW(l->a, struct user_ids);
    u->conf.user = found;
    return user_find(both, found, e) || conf_fail_at(l, u, "User", e);
}

/* ---- resource limits ---- */

static const struct {
    const char *name;
    int what;
} limits[] = {
    {"AS", RLIMIT_AS},
    {"CORE", RLIMIT_CORE},
    {"CPU", RLIMIT_CPU},
    {"DATA", RLIMIT_DATA},
    {"FSIZE", RLIMIT_FSIZE},
    {"MEMLOCK", RLIMIT_MEMLOCK},
    {"NOFILE", RLIMIT_NOFILE},
    {"NPROC", RLIMIT_NPROC},
    {"STACK", RLIMIT_STACK},
#ifdef __linux__
    {"NICE", RLIMIT_NICE},
    {"RTPRIO", RLIMIT_RTPRIO},
    {"MSGQUEUE", RLIMIT_MSGQUEUE},
    {"SIGPENDING", RLIMIT_SIGPENDING},
#endif
};
#define LIMITS (sizeof limits / sizeof *limits)

static bool limit_name(bw_str name, int *what, struct bw_err *e)
{
    struct near n;
    char hint[96];
    near_init(&n, name);
    for (size_t i = 0; i < LIMITS; i++) {
        if (bw_str_ieq(bw_cstr(limits[i].name), name)) {
            *what = limits[i].what;
            return true;
        }
        near_offer(&n, bw_cstr(limits[i].name));
    }
    if (name.n > 40)
        name.n = 40;
    return bw_fail(e, BW_BAD, "there is no limit '%.*s'%s", BW_FMT(name), near_hint(&n, hint));
}

static bool limit_value(bw_str text, rlim_t *out)
{
    int64_t v;
    text = bw_str_trim(text);
    if (bw_str_ieq(text, BW_LIT("unlimited")) || bw_str_ieq(text, BW_LIT("infinity"))) {
        *out = RLIM_INFINITY;
        return true;
    }
    if (!quantity_parse_size(text, &v))
        return false;
    *out = (rlim_t)v;
    return true;
}

/* "NOFILE=1024:4096": soft and hard, or one for both. */
static bool read_limit(const char *pair, struct hands_limit *out, struct bw_err *e)
{
    bw_str value = bw_cstr(pair), name, soft;
    bw_str_cut(&value, '=', &name);
    if (!limit_name(name, &out->what, e))
        return false;
    bw_str hard = value;
    bw_str_cut(&hard, ':', &soft);
    if (!hard.p)
        hard = soft;
    if (!limit_value(soft, &out->value.rlim_cur) || !limit_value(hard, &out->value.rlim_max))
        return bw_fail(e, BW_BAD, "a limit is like 1024, \"64K\", \"unlimited\" or \"soft:hard\"");
    return out->value.rlim_cur <= out->value.rlim_max ||
           bw_fail(e, BW_BAD, "the soft limit is above the hard one");
}

static bool read_limits(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    char path[96];
    struct unit_conf *c = &u->conf;
    if (u->limits[0])
        c->limits = BW_NEW_N(l->a, struct hands_limit, HANDS_LIMITS);
    for (size_t i = 0; u->limits[i]; i++) {
        snprintf(path, sizeof path, "Limits.%.*s", (int)strcspn(u->limits[i], "="), u->limits[i]);
        if (i == HANDS_LIMITS) {
            bw_fail(e, BW_BAD, "there are at most %d limits", HANDS_LIMITS);
            return conf_fail_at(l, u, "Limits", e);
        }
        if (!read_limit(u->limits[i], &c->limits[c->n_limits], e))
            return conf_fail_at(l, u, path, e);
        c->n_limits++;
    }
    return true;
}

/* ---- sockets ---- */

static bool read_listen(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    struct unit_conf *c = &u->conf;
    size_t n = 0;
    while (u->listen[n])
        n++;
    if (n > HANDS_LISTEN) {
        bw_fail(e, BW_BAD, "a service gets at most %d sockets", HANDS_LISTEN);
        return conf_fail_at(l, u, "Listen", e);
    }
    c->listen = n ? BW_NEW_N(l->a, struct listen_conf, n) : NULL;
    for (; c->n_listen < n; c->n_listen++) {
        bw_str address = bw_cstr(u->listen[c->n_listen]), name;
        char path[96];
        bw_str_cut(&address, '=', &name);
        snprintf(path, sizeof path, "Listen.%.*s", (int)(name.n < 64 ? name.n : 64), name.p);
        if (memchr(name.p, ':', name.n)) { /* LISTEN_FDNAMES has them between names */
            bw_fail(e, BW_BAD, "the name of a socket has no ':'");
            return conf_fail_at(l, u, path, e);
        }
        if (!memchr(address.p, ':', address.n)) {
            bw_fail(e, BW_BAD,
                    "a socket is \"HOST:PORT\", \"[::1]:PORT\", \"unix:PATH\" or \"fd:NAME\"");
            return conf_fail_at(l, u, path, e);
        }
        c->listen[c->n_listen].name = bw_arena_cstr(l->a, name);
        c->listen[c->n_listen].address = bw_arena_cstr(l->a, address);
    }
    return true;
}

/* ---- when it ends ---- */

static const int64_t *copy_ints(struct conf_load *l, const struct opt_list *from, size_t *n)
{
    *n = from->n;
    if (!from->n)
        return NULL;
    int64_t *to = BW_NEW_N(l->a, int64_t, from->n);
    return memcpy(to, from->items, from->n * sizeof *to);
}

static bool read_abort_signals(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    struct unit_conf *c = &u->conf;
    size_t n = 0;
    while (u->abort_signals[n])
        n++;
    int64_t *out = n ? BW_NEW_N(l->a, int64_t, n) : NULL;
    for (size_t i = 0; i < n; i++) {
        int number;
        if (!signame_find(bw_cstr(u->abort_signals[i]), &number, e))
            return conf_fail_at(l, u, "AbortSignals", e);
        out[i] = number;
    }
    c->abort_signals = out;
    c->n_abort_signals = n;
    c->abort_codes = copy_ints(l, &u->abort_codes, &c->n_abort_codes);
    c->success_codes = copy_ints(l, &u->success_codes, &c->n_success_codes);
    c->backoff.jitter = lround(u->retry_jitter * 1000);
    if (c->backoff.base > c->backoff.cap)
        c->backoff.base = c->backoff.cap;
    return true;
}

/* ---- the log ---- */

static void make_log(struct conf_load *l, struct conf_entry *u)
{
    struct capture_policy *p = &u->conf.log;
    const char *file = u->log_file && *u->log_file ? u->log_file : NULL;
    p->path = file;
    if (file && *file != '/')
        p->path = bw_arena_printf(l->a, "%s%s", l->c->log_folder, file).p;
    p->rotate.count = (unsigned)u->log_files;
    p->rotate.size = u->log_bytes;
    p->rotate.total = u->log_total;
    p->rotate.daily = u->log_daily;
    p->rotate.hour = (int)u->log_hour;
}

const char *angel_conf_log_path(const struct unit_conf *u, int64_t replica, struct bw_arena *a)
{
    const char *path = u->log.path;
    if (!path || replica <= 1)
        return path;
    const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');
    size_t n = dot && dot != base + 1 ? (size_t)(dot - path) : strlen(path);
    return bw_arena_printf(a, "%.*s-%lld%s", (int)n, path, (long long)replica, path + n).p;
}

/* ---- Windows' and Angelize's ---- */

static bool read_options(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    static const char *const known[] = {"soReplaceEnv", "soRedirectLogRotateCompress",
                                        "soWinJobCloseChildren"};
    for (size_t i = 0; u->options[i]; i++) {
        struct near n;
        char hint[96];
        bw_str said = bw_cstr(u->options[i]);
        size_t k = 0;
        near_init(&n, said);
        while (k < 3 && !bw_str_ieq(bw_cstr(known[k]), said))
            near_offer(&n, bw_cstr(known[k++]));
        if (k == 3) {
            bw_fail(e, BW_BAD, "there is no option '%.40s'%s", said.p, near_hint(&n, hint));
            return conf_fail_at(l, u, "StartOptions", e);
        }
        u->clear_env = u->clear_env || k == 0;
    }
    return true;
}

static bool read_run(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    struct unit_conf *c = &u->conf;
    c->argv = u->run;
    c->run = words_join(u->run, l->a);
    if (u->run[0] && !*u->run[0]) {
        bw_fail(e, BW_BAD, "the command is empty");
        return conf_fail_at(l, u, "Run", e);
    }
    if (c->cwd && !*c->cwd)
        c->cwd = NULL;
    if (!c->cwd || *c->cwd == '/')
        return true;
    bw_fail(e, BW_BAD, "a folder to run in begins with '/'");
    return conf_fail_at(l, u, "StartWorkDir", e);
}

bool conf_make_unit(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    struct unit_conf *c = &u->conf;
    c->os_matches = conf_os_matches(u->os);
    c->disabled = c->disabled || c->level <= 0;
    c->nice = (int)u->nice;
    c->start_timeout = c->start_timeout ? c->start_timeout : l->filled.start_timeout;
    c->cpu_per_mille = lround(u->cpu_max * 1000);
    if (c->group && !*c->group)
        c->group = NULL;
    make_log(l, u);
    return read_run(l, u, e) && read_options(l, u, e) && read_umask(l, u, e) &&
           read_user(l, u, e) && read_limits(l, u, e) && read_listen(l, u, e) &&
           read_signals(l, u, e) && read_abort_signals(l, u, e);
}
