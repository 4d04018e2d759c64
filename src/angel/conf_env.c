/* conf_env.c: the environment of a service: the angel's own without what was meant for the angel
 * alone (or PATH only), HOME and the like of its user, EnvFiles, StartEnv, Env; a later one of a
 * name replaces an earlier one. */
#include "angel/conf_int.h"

#include <errno.h>
#include <pwd.h>

#include "core/map.h"
#include "os/file.h"

#define ENV_FILE_MAX (1u << 20)

extern char **environ;

struct env {
    struct bw_arena *a;
    struct map at; /* name → place in v, counted from 1 */
    VEC(const char *) v;
};

static void put(struct env *n, const char *pair)
{
    bw_str name = bw_str_of(pair, strcspn(pair, "="));
    size_t at = (size_t)(uintptr_t)map_get(&n->at, name);
    if (at) {
        n->v.p[at - 1] = pair;
        return;
    }
    *vec_push(&n->v) = pair;
    map_put(&n->at, name, (void *)(uintptr_t)n->v.n);
}

static void put_all(struct env *n, const char *const *pairs)
{
    for (; pairs && *pairs; pairs++)
        put(n, *pairs);
}

/* What service managers say to the process they start, and nobody else. */
static bool is_for_us(const char *pair)
{
    static const char *const names[] = {
        "NOTIFY_SOCKET=",         "WATCHDOG_",        "LISTEN_",         "MAINPID=",
        "CREDENTIALS_DIRECTORY=", "STATE_DIRECTORY=", "LOGS_DIRECTORY=", "BURROW_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strncmp(pair, names[i], strlen(names[i])))
            return true;
    }
    return false;
}

static void inherit(struct env *n, bool clear)
{
    bool path = false;
    for (char **p = environ; p && *p; p++) {
        bool is_path = !strncmp(*p, "PATH=", 5);
        path = path || is_path;
        if (strchr(*p, '=') && (clear ? is_path : !is_for_us(*p)))
            put(n, *p); /* shared by all services: it lives as long as the process */
    }
    if (!path)
        put(n, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

static void put_user(struct env *n, const struct user_ids *u)
{
    struct passwd p, *found = NULL;
    char room[4096];
    if (getpwuid_r(u->uid, &p, room, sizeof room, &found) != 0 || !found)
        return;
    put(n, bw_arena_printf(n->a, "HOME=%s", p.pw_dir).p);
    put(n, bw_arena_printf(n->a, "USER=%s", p.pw_name).p);
    put(n, bw_arena_printf(n->a, "LOGNAME=%s", p.pw_name).p);
    put(n, bw_arena_printf(n->a, "SHELL=%s", p.pw_shell).p);
}

/* ---- files ---- */

static bool is_quoted(bw_str s)
{
    return s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0];
}

/* "NAME=value" of one line; *pair is NULL for a blank line or a comment. */
static bool env_line(struct env *n, bw_str line, const char **pair)
{
    *pair = NULL;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    line = bw_str_trim(line);
    if (!line.n || line.p[0] == '#' || line.p[0] == ';')
        return true;
    if (bw_str_starts(line, BW_LIT("export ")))
        line = bw_str_trim(bw_str_of(line.p + 7, line.n - 7));
    size_t equal = bw_str_find(line, '=');
    if (!equal || equal == line.n || memchr(line.p, 0, line.n))
        return false;
    bw_str value = bw_str_trim(bw_str_of(line.p + equal + 1, line.n - equal - 1));
    if (is_quoted(value))
        value = bw_str_of(value.p + 1, value.n - 2);
    bw_str name = bw_str_trim(bw_str_of(line.p, equal));
    *pair = bw_arena_printf(n->a, "%.*s=%.*s", BW_FMT(name), BW_FMT(value)).p;
    return name.n > 0;
}

static bool put_file(struct env *n, const char *path, bw_str text, struct bw_err *e)
{
    bw_str line;
    unsigned number = 0;
    while (bw_str_cut(&text, '\n', &line)) {
        const char *pair;
        number++;
        if (!env_line(n, line, &pair))
            return bw_fail(e, BW_BAD, "%s:%u: this is no NAME=value", path, number);
        if (pair)
            put(n, pair);
    }
    return true;
}

static bool put_files(struct conf_load *l, struct conf_entry *u, struct env *n, struct bw_err *e)
{
    for (size_t i = 0; u->env_files[i]; i++) {
        const char *path = u->env_files[i];
        bool may_lack = *path == '-';
        char key[32];
        bw_str text;
        struct bw_err why = {.code = BW_OK};
        path += may_lack;
        if (*path != '/')
            path = bw_arena_printf(l->a, "%s%s", l->base, path).p;
        bool read = file_read(path, ENV_FILE_MAX, &l->raw, &text, &why);
        if (!read && may_lack && why.sys == ENOENT)
            continue;
        if (!read || !put_file(n, path, text, &why)) {
            snprintf(key, sizeof key, "EnvFiles[%zu]", i);
            if (e)
                *e = why;
            return conf_fail_at(l, u, key, e);
        }
        u->files = u->files * 31 + map_hash(text);
    }
    return true;
}

bool conf_make_env(struct conf_load *l, struct conf_entry *u, struct bw_err *e)
{
    struct env n = {.a = l->a};
    bool plain =
        !u->clear_env && !u->conf.user && !u->env_files[0] && !u->start_env[0] && !u->env[0];
    if (plain && l->env) {
        u->conf.env = l->env;
        return true;
    }
    map_init(&n.at, false);
    inherit(&n, u->clear_env);
    if (u->conf.user)
        put_user(&n, u->conf.user);
    bool ok = put_files(l, u, &n, e);
    put_all(&n, u->start_env);
    put_all(&n, u->env);
    *vec_push(&n.v) = NULL;
    u->conf.env = memcpy(bw_arena_alloc(l->a, n.v.n * sizeof *n.v.p), n.v.p, n.v.n * sizeof *n.v.p);
    if (plain)
        l->env = u->conf.env;
    vec_release(&n.v);
    map_release(&n.at);
    return ok;
}
