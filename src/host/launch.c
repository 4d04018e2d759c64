/* launch.c: settings from all their sources, and the choice of the run mode. */
#include "host/launch.h"

#include "core/hash.h"
#include "host/mode.h"
#include "os/runtime_dir.h"

extern char **environ;

/* "examples/blog.json" → "blog". */
static const char *name_of_file(const char *file, struct bw_arena *a)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file,
               *dot = strrchr(base, '.');
    return bw_arena_cstr(a,
                         dot && dot > base ? bw_str_of(base, (size_t)(dot - base)) : bw_cstr(base));
}

/* --listen given once or more replaces the list. */
static void take_listen(struct conf *c, const struct args *a)
{
    size_t n = 0;
    const char **list = BW_NEW_N(&c->arena, const char *, a->given.n + 1);
    for (size_t i = 0; i < a->given.n; i++)
        if (!strcmp(a->given.p[i].arg->name, "listen"))
            list[n++] = a->given.p[i].value.p;
    if (n)
        c->listen = list;
}

/* "@NAME" is a file of $CREDENTIALS_DIRECTORY: systemd's LoadCredential=, for settings that only
 * root may read. */
static bool find_file(const char **file, struct bw_arena *a, struct bw_err *e)
{
    if (!*file || **file != '@')
        return true;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || strchr(*file, '/'))
        return bw_fail(e, BW_BAD,
                       "'%s' names a credential, but %s; let systemd give it: LoadCredential=%s:…",
                       *file, folder ? "its name holds a '/'" : "none were given", *file + 1);
    *file = bw_arena_printf(a, "%s/%s", folder, *file + 1).p;
    return true;
}

static const char *absolute(const struct launch *l, const char *path, struct bw_arena *a)
{
    if (!path || !*path || *path == '/')
        return path;
    return bw_arena_printf(a, "%s/%s", l->home, path).p;
}

void launch_settle(const struct launch *l, struct conf *c)
{
    c->data = absolute(l, c->data, &c->arena);
    c->server.pid_file = absolute(l, c->server.pid_file, &c->arena);
    if (!c->log.file || !*c->log.file) /* nobody reads a daemon's standard error */
        c->log.file =
            bw_arena_printf(&c->arena, "%s/%s.log", *c->data ? c->data : l->home, l->app.name).p;
    c->log.file = absolute(l, c->log.file, &c->arena);
    c->log.syslog_ca = absolute(l, c->log.syslog_ca, &c->arena);
    c->log.syslog_cert = absolute(l, c->log.syslog_cert, &c->arena);
    c->log.syslog_key = absolute(l, c->log.syslog_key, &c->arena);
    if (!c->log.access_file || !*c->log.access_file)
        c->log.access_file = bw_arena_printf(&c->arena, "%s/%s.access.log",
                                             *c->data ? c->data : l->home, l->app.name)
                                 .p;
    c->log.access_file = absolute(l, c->log.access_file, &c->arena);
    if (c->admin.socket && strcmp(c->admin.socket, "none") != 0)
        c->admin.socket = absolute(l, c->admin.socket, &c->arena);
    for (const char **at = c->listen; *at; at++)
        if (!strncmp(*at, "unix:", 5))
            *at = bw_arena_printf(&c->arena, "unix:%s", absolute(l, *at + 5, &c->arena)).p;
}

bool launch_load(const struct launch *l, struct conf *conf, struct bw_err *e)
{
    const char *file = l->file;
    if (!find_file(&file, &conf->arena, e))
        return false;
    if (l->home)
        file = absolute(l, file, &conf->arena);
    VEC(bw_str) overrides = {0};
    for (size_t i = 0; i < l->args->settings.n; i++)
        *vec_push(&overrides) = l->args->settings.p[i].value;
    struct conf_sources from = {.file = file,
                                .environment = (const char *const *)environ,
                                .overrides = overrides.p,
                                .n_overrides = overrides.n};
    bool ok = conf_load(conf, &from, e);
    vec_release(&overrides);
    if (!ok)
        return false;
    take_listen(conf, l->args);
    conf->data = args_value(l->args, "data", conf->data);
    if (!conf->name)
        conf->name = l->app.name ? l->app.name : file ? name_of_file(file, &conf->arena) : "burrow";
    if (l->home)
        launch_settle(l, conf);
    return true;
}

int launch_complain(const struct launch *l, const struct bw_err *e, int status)
{
    fprintf(stderr, "%s: %s\n", l->program, e->text);
    return status;
}

bool launch_pid_file(struct launch *l, const char **path, struct bw_err *e)
{
    const struct conf *c = &l->conf;
    char folder[160];
    *path = c->server.pid_file;
    if (*path && **path)
        return true;
    if (*c->data)
        snprintf(folder, sizeof folder, "%s", "");
    else if (!runtime_dir(folder, sizeof folder, e))
        return false;
    *path =
        bw_arena_printf(&l->conf.arena, "%s/%s.pid", *c->data ? c->data : folder, l->app.name).p;
    return true;
}

bool launch_admin_socket(struct launch *l, char path[LAUNCH_SOCKET], struct bw_err *e)
{
    const struct conf *c = &l->conf;
    const char *said = c->admin.socket;
    char folder[160];
    path[0] = 0;
    if (said && !strcmp(said, "none"))
        return true;
    if (said && *said) {
        if ((size_t)snprintf(path, LAUNCH_SOCKET, "%s", said) < LAUNCH_SOCKET)
            return true;
        return bw_fail(e, BW_BAD,
                       "admin.socket: the path of a socket has at most %d bytes, '%s' more",
                       LAUNCH_SOCKET - 1, said);
    }
    if (*c->data && (size_t)snprintf(path, LAUNCH_SOCKET, "%s/%s.admin.sock", c->data,
                                     l->app.name) < LAUNCH_SOCKET)
        return true;
    if (!runtime_dir(folder, sizeof folder, e))
        return false;
    unsigned char which[HASH_SHA256_SIZE]; /* of the applications of one name */
    hash_sha256(which, bw_cstr(c->data));
    if ((size_t)snprintf(path, LAUNCH_SOCKET, "%s/%s-%02x%02x%02x%02x.admin.sock", folder,
                         l->app.name, which[0], which[1], which[2], which[3]) < LAUNCH_SOCKET)
        return true;
    return bw_fail(e, BW_BAD,
                   "there is no place for the admin socket with so long a name; say admin.socket");
}

int launch_run(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    int status;
    conf_init(&l->conf);
    const struct mode *m = mode_chosen(l->args, &e);
    if (!m) {
        status = launch_complain(l, &e, 2);
    } else if (!launch_load(l, &l->conf, &e)) {
        status = launch_complain(l, &e, m->unknown ? m->unknown : 1);
    } else {
        if (!l->app.name) {
            l->app.name = l->conf.name;
            l->app.version = l->conf.version;
            l->app.help = l->conf.help;
        }
        status = m->run(l);
    }
    conf_release(&l->conf);
    return status;
}
