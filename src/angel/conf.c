/* conf.c: settings from files or text to struct angel_conf: read (conf_read.c), names checked,
 * placeholders filled in (conf_fill.c), made into what the angel works with (conf_unit.c …),
 * checked against each other (conf_check.c). Nothing is kept of what fails. */
#include "angel/conf_int.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "angel/place.h"
#include "core/limits.h"
#include "core/map.h"
#include "os/file.h"
#include "os/socket.h"

/* ---- folders ---- */

static const char *env_or_null(const char *name)
{
    const char *v = getenv(name);
    return v && *v == '/' ? v : NULL;
}

/* systemd gives several with colons between: the first. */
static const char *first_folder(struct conf_load *l, const char *name)
{
    const char *v = env_or_null(name);
    return v ? bw_arena_cstr(l->a, bw_str_of(v, strcspn(v, ":"))) : NULL;
}

static const char *with_slash(struct conf_load *l, const char *folder)
{
    bw_str s = bw_cstr(folder);
    return bw_str_ends(s, BW_LIT("/")) ? folder : bw_arena_printf(l->a, "%s/", folder).p;
}

/* Relative ones are beside the settings. */
static const char *beside(struct conf_load *l, const char *path)
{
    return !path || *path == '/' ? path : bw_arena_printf(l->a, "%s%s", l->base, path).p;
}

static const char *default_logs(struct conf_load *l, bool state_is_default)
{
    const char *given = first_folder(l, "LOGS_DIRECTORY");
    if (state_is_default && given)
        return given;
    if (state_is_default && geteuid() == 0)
        return "/var/log/burrow";
    return bw_arena_printf(l->a, "%s/log", l->c->state).p;
}

/* Where everything is. Before placeholders: %log% is one. */
static bool settle_folders(struct conf_load *l, const char *state, struct bw_err *e)
{
    const struct conf_main *m = &l->main;
    const char *said = state && *state ? state : m->state && *m->state ? m->state : NULL;
    if (said && !(said = conf_fill(l, NULL, said, e)))
        return conf_fail_at(l, NULL, "State", e);
    if (said && said != state)
        said = beside(l, said);
    if (state && *state && *state != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here))
            return bw_fail_sys(e, errno, "finding the current folder");
        said = bw_arena_printf(l->a, "%s/%s", here, state).p;
    }
    l->c->state = said ? said : place_state(l->a);
    l->c->log_folder = with_slash(l, default_logs(l, !said));
    if (!m->log_path || !*m->log_path)
        return true;
    said = conf_fill(l, NULL, m->log_path, e);
    if (!said)
        return conf_fail_at(l, NULL, "LogPath", e);
    l->c->log_folder = with_slash(l, beside(l, said));
    return true;
}

/* ---- the angel's own ---- */

/* "@FILE": what that file holds; a name alone is a credential of systemd's. */
static bool read_secret(struct conf_load *l, const char *key, const char *said, const char **out,
                        struct bw_err *e)
{
    bw_str text;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    *out = said && *said ? bw_arena_cstr(l->a, bw_cstr(said)) : NULL;
    if (!*out || *said != '@')
        return true;
    const char *path = said + 1;
    if (folder && !strchr(path, '/'))
        path = bw_arena_printf(l->a, "%s/%s", folder, path).p;
    else
        path = beside(l, path);
    if (!file_read(path, LIMIT_HTTP_FIELDS * 1024, l->a, &text, e)) {
        bw_because(e, "%s", key);
        return conf_fail_at(l, NULL, key, e);
    }
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    *out = bw_arena_cstr(l->a, text);
    return true;
}

static void note(struct conf_load *l, bool said, const char *sentence)
{
    if (said)
        *vec_push(&l->notes) = sentence;
}

static void note_all(struct conf_load *l)
{
    const struct conf_main *m = &l->main;
    note(l, m->log.p != NULL, "Log: not used; the angel logs what matters to standard error");
    note(l, m->log_rotate > 0,
         "LogRotateFileCount: not used; it is for Angelize's own log, RedirectLogRotateFiles is "
         "for a service's");
    note(l, m->command_file && *m->command_file,
         "CommandFile: not read; `burrow ctl` tells the angel what to do");
    note(l, m->start_delay > 0,
         "StartDelayMS: not used; the next Level starts as soon as the one before runs");
    note(l, m->executable && *m->executable, "ServiceExecutable: Windows only");
    note(l, m->options && m->options[0], "Options: Windows only");
}

static bool need(struct conf_load *l, bool ok, const char *key, const char *sentence,
                 struct bw_err *e)
{
    if (ok)
        return true;
    bw_fail(e, BW_BAD, "%s", sentence);
    return conf_fail_at(l, NULL, key, e);
}

/* Only this machine reaches it. */
static bool is_loopback(const char *address)
{
    struct socket_address a;
    char host[200];
    const char *colon = strrchr(address, ':');
    bw_str name = bw_str_of(address, colon ? (size_t)(colon - address) : strlen(address));
    if (bw_str_eq(name, BW_LIT("localhost")))
        return true;
    if (name.n > 2 && name.p[0] == '[')
        name = bw_str_of(name.p + 1, name.n - 2);
    snprintf(host, sizeof host, "%.*s", BW_FMT(name));
    if (!socket_numeric(host, 0, &a))
        return false;
    return a.any.sa_family == AF_INET ? ntohl(a.v4.sin_addr.s_addr) >> 24 == 127
                                      : IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

static bool check_control(struct conf_load *l, struct bw_err *e)
{
    const struct angel_conf *c = l->c;
    return need(l, bw_str_starts(bw_cstr(c->control), BW_LIT("unix:")), "Control",
                "Control is a unix socket, \"unix:/run/burrow/angel.sock\"; ControlListen is for "
                "TCP",
                e) &&
           need(l, !c->control_tcp || c->control_token, "ControlListen",
                "ControlListen needs a ControlToken: whoever reaches that port could run programs",
                e) &&
           need(l, c->control_cert || !c->control_key, "ControlKey",
                "ControlKey is the key of ControlCert, which is not there", e) &&
           need(l,
                !c->control_tcp || c->control_cert || l->filled.control_unencrypted ||
                    is_loopback(c->control_tcp),
                "ControlListen",
                "ControlListen is reached from other machines and has no TLS: set ControlCert, or "
                "listen at 127.0.0.1; ControlUnencrypted says that others may read the token on "
                "the way",
                e);
}

static bool make_main(struct conf_load *l, struct bw_err *e)
{
    struct angel_conf *c = l->c;
    const struct conf_main *m = &l->filled;
    if (!read_secret(l, "Smtp", m->smtp, &c->smtp, e) ||
        !read_secret(l, "HmacSecret", m->hmac_secret, &c->hmac_secret, e) ||
        !read_secret(l, "ControlToken", m->control_token, &c->control_token, e))
        return false;
    c->name = m->service_name && *m->service_name ? m->service_name : "angel";
    c->smtp_from = m->smtp_from;
    c->control = m->control && *m->control
                     ? m->control
                     : bw_arena_printf(l->a, "unix:%s/control.sock", c->state).p;
    c->control_tcp = m->control_tcp && *m->control_tcp ? m->control_tcp : NULL;
    c->control_cert = m->control_cert && *m->control_cert ? beside(l, m->control_cert) : NULL;
    c->control_key = m->control_key && *m->control_key ? beside(l, m->control_key) : NULL;
    if (m->state_file && *m->state_file)
        c->state_page = bw_arena_printf(l->a, "%s.html", beside(l, m->state_file)).p;
    c->state_title = m->state_title && *m->state_title
                         ? m->state_title
                         : bw_arena_printf(l->a, "%s Current State", c->name).p;
    c->exit_with = m->exit_with && *m->exit_with ? m->exit_with : NULL;
    c->http_timeout = m->http_timeout * 1000000;
    c->log_total = m->log_total;
    c->budget = m->budget;
    c->budget_window = m->budget_window;
    c->guard_share = m->guard_percent * 10;
    c->guard_window = m->guard_window;
    c->stop_timeout = m->stop_timeout;
    note_all(l);
    return check_control(l, e);
}

/* ---- all ---- */

/* There are a hundred of them for each service: a chance of one in four billion that a change goes
 * unseen is worth half the memory. */
static uint32_t shortened(uint64_t digest)
{
    return (uint32_t)(digest ^ digest >> 32);
}

static size_t count(const struct option *t)
{
    size_t n = 0;
    while (t[n].name)
        n++;
    return n;
}

/* One number for each key. */
static void digests(const struct option *t, const void *in, uint32_t *keys)
{
    for (size_t i = 0; t[i].name; i++)
        keys[i] = t[i].type == OPT_LIST ? 0 : shortened(settings_digest(&t[i], in));
}

/* What differs from the base; a table of its own when that is much, and base of who follows. */
static const struct conf_keys *keep_keys(struct conf_load *l, const uint32_t *keys, size_t n)
{
    const uint32_t *base = l->base_keys;
    size_t other = 0;
    for (size_t i = 0; base && i < n; i++)
        other += keys[i] != base[i];
    if (!base || other > n / 4) {
        base = l->base_keys = memcpy(BW_NEW_N(l->a, uint32_t, n), keys, n * sizeof *keys);
        other = 0;
    }
    struct conf_keys *k = bw_arena_alloc(l->a, sizeof *k + other * sizeof k->own[0]);
    k->base = base;
    k->n = 0;
    for (size_t i = 0; k->n < other; i++)
        if (keys[i] != base[i])
            k->own[k->n++] = (struct conf_key){(uint32_t)i, keys[i]};
    return k;
}

static uint64_t of_secrets(const struct angel_conf *c)
{
    const char *const all[] = {c->smtp, c->hmac_secret, c->control_token};
    uint64_t sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum = sum * 31 + (all[i] ? map_hash(bw_cstr(all[i])) : 1);
    return sum;
}

static void keep_main_keys(struct conf_load *l)
{
    size_t n = count(conf_main_keys);
    uint32_t *keys = BW_NEW_N(&l->raw, uint32_t, n + 1);
    digests(conf_main_keys, &l->filled, keys);
    keys[n] = shortened(of_secrets(l->c));
    l->base_keys = NULL;
    l->c->keys = keep_keys(l, keys, n + 1);
}

/* Of the last unit, if it is of the same file. */
static const char *file_name(struct conf_load *l, const char *file)
{
    const char *last = l->c->n_units ? l->c->units[l->c->n_units - 1].file : NULL;
    return last && !strcmp(last, file) ? last : bw_arena_cstr(l->a, bw_cstr(file));
}

static bool make_units(struct conf_load *l, struct bw_err *e)
{
    size_t n_keys = count(conf_unit_keys);
    uint32_t *keys = BW_NEW_N(&l->raw, uint32_t, n_keys + 1);
    l->c->units = BW_NEW_N(l->a, struct unit_conf, l->n + 1);
    struct conf_entry u, before;
    for (size_t i = 0; i < l->n; i++) {
        if (!conf_fill_entry(l, l->entries[i], &u, e))
            return false;
        digests(conf_unit_keys, &u, keys);
        if (!conf_make_unit(l, &u, e) || !conf_make_env(l, &u, e) ||
            !conf_make_steps(l, l->entries[i], &u, e) || !conf_make_probes(l, l->entries[i], &u, e))
            return false;
        keys[n_keys] = shortened(u.files);
        u.conf.name = bw_arena_cstr(l->a, bw_cstr(u.conf.name));
        u.conf.file = file_name(l, u.source->file);
        u.conf.keys = keep_keys(l, keys, n_keys + 1);
        l->c->units[l->c->n_units++] = u.conf;
        before = u;
        l->like = &before;
    }
    l->like = NULL;
    return true;
}

static bool make(struct conf_load *l, const char *state, struct bw_err *e)
{
    if (!settle_folders(l, state, e) || !conf_check_names(l, e) || !conf_fill_main(l, e) ||
        !make_main(l, e) || !make_units(l, e) || !conf_check_units(l, e))
        return false;
    const char **notes = BW_NEW_N(l->a, const char *, l->notes.n + 1);
    for (size_t i = 0; i < l->notes.n; i++)
        notes[i] = l->notes.p[i];
    l->c->notes = notes;
    l->c->base = l->base;
    keep_main_keys(l);
    l->filled.smtp = l->filled.hmac_secret = l->filled.control_token = NULL;
    l->filled.services = (struct opt_list){0};
    l->filled.log = (bw_str){0};
    l->c->written = memcpy(BW_NEW(l->a, struct conf_main), &l->filled, sizeof l->filled);
    return true;
}

static void begin(struct conf_load *l, struct angel_conf *c, const char *file)
{
    memset(c, 0, sizeof *c);
    memset(l, 0, sizeof *l);
    bw_arena_init(&c->arena);
    l->c = c;
    l->a = &c->arena;
    c->file = bw_arena_cstr(l->a, bw_cstr(file));
    bw_arena_init(&l->raw);
    settings_defaults(conf_main_keys, &l->main, &l->raw);
}

static bool end(struct conf_load *l, bool ok)
{
    vec_release(&l->notes);
    bw_arena_release(&l->raw);
    if (!ok)
        angel_conf_release(l->c);
    return ok;
}

/* The folder of a file, or the folder itself, absolute, with '/' behind. */
static const char *base_of(struct conf_load *l, const char *path)
{
    struct stat st;
    char *real = realpath(path, NULL);
    if (!real) /* the read that follows says why */
        return "/";
    if (stat(real, &st) == 0 && !S_ISDIR(st.st_mode))
        *strrchr(real, '/') = 0;
    const char *out = bw_arena_printf(l->a, "%s/", real).p;
    free(real);
    return out;
}

bool angel_conf_load_at(struct angel_conf *c, const char *path, const char *state, struct bw_err *e)
{
    struct conf_load l;
    begin(&l, c, path);
    l.base = base_of(&l, path);
    return end(&l, conf_read(&l, path, e) && make(&l, state, e));
}

bool angel_conf_load(struct angel_conf *c, const char *path, struct bw_err *e)
{
    return angel_conf_load_at(c, path, NULL, e);
}

bool angel_conf_parse_at(struct angel_conf *c, const struct angel_text *t, const char *state,
                         struct bw_err *e)
{
    struct conf_load l;
    begin(&l, c, t->file);
    l.base = t->base ? bw_arena_cstr(l.a, bw_cstr(t->base)) : "/";
    return end(&l, conf_read_text(&l, c->file, t->text, e) && make(&l, state, e));
}

bool angel_conf_parse(struct angel_conf *c, const char *file, bw_str text, struct bw_err *e)
{
    return angel_conf_parse_at(c, &(struct angel_text){.file = file, .text = text}, NULL, e);
}

void angel_conf_release(struct angel_conf *c)
{
    bw_arena_release(&c->arena);
    memset(c, 0, sizeof *c);
}

struct angel_conf *angel_conf_own(struct angel_conf *c)
{
    struct angel_conf *own = malloc(sizeof *own);
    bw_must(own);
    *own = *c;
    memset(c, 0, sizeof *c);
    return own;
}
