/* conf.c: the one table of a hosted application's settings. docs/settings.md and the JSON Schema
 * are printed from it. */
#include "host/conf.h"

#include "core/clock.h"
#include "core/limits.h"
#include "deploy/deploy.h"
#include "os/file.h"

#define STRUCT     struct conf
#define MIB        (INT64_C(1) << 20)
#define AT(member) .offset = offsetof(STRUCT, member)

const char *const conf_syncs[] = {"full", "normal", "off", NULL};
static bool check_root(const void *value, struct bw_err *e)
{
    bw_str root = bw_cstr(*(const char *const *)value);
    for (size_t i = 0; i < root.n; i++) {
        char c = root.p[i];
        if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '_' &&
            c != '-')
            return bw_fail(e, BW_BAD, "'%s' is no path segment: letters, digits, '-' and '_' only",
                           root.p);
    }
    return root.n > 0 || bw_fail(e, BW_BAD, "it must not be empty");
}

static const struct option server_options[] = {
    {.name = "threads",
     .type = OPT_INT,
     AT(server.threads),
     .initial = "0",
     .min = 0,
     .max = 256,
     .help = "loop threads; 0 = one per CPU this process may use"},
    {.name = "max_connections",
     .type = OPT_INT,
     AT(server.max_connections),
     .initial = "16384",
     .min = 1,
     .max = 1000000,
     .live = true,
     .help = "open connections; more are answered 503"},
    {.name = "max_in_flight",
     .type = OPT_INT,
     AT(server.max_in_flight),
     .initial = "4096",
     .min = 1,
     .max = 1000000,
     .live = true,
     .help = "requests being worked on; more are answered 503"},
    {.name = "max_body",
     .type = OPT_SIZE,
     AT(server.max_body),
     .initial = "\"16 MiB\"",
     .min = 1,
     .max = INT64_MAX,
     .live = true,
     .help = "largest request body, unless its route says otherwise"},
    {.name = "head_timeout",
     .type = OPT_DURATION,
     AT(server.head_timeout),
     .initial = "\"10s\"",
     .min = CLOCK_MS,
     .max = INT64_MAX,
     .live = true,
     .help = "from the first byte of a request to the end of its head"},
    {.name = "body_timeout",
     .type = OPT_DURATION,
     AT(server.body_timeout),
     .initial = "\"20s\"",
     .min = CLOCK_MS,
     .max = INT64_MAX,
     .live = true,
     .help = "between two pieces of a body"},
    {.name = "write_timeout",
     .type = OPT_DURATION,
     AT(server.write_timeout),
     .initial = "\"20s\"",
     .min = CLOCK_MS,
     .max = INT64_MAX,
     .live = true,
     .help = "how long a reader may take nothing"},
    {.name = "idle_timeout",
     .type = OPT_DURATION,
     AT(server.idle_timeout),
     .initial = "\"75s\"",
     .min = CLOCK_MS,
     .max = INT64_MAX,
     .live = true,
     .help = "how long a connection may be idle between requests"},
    {.name = "drain_timeout",
     .type = OPT_DURATION,
     AT(server.drain_timeout),
     .initial = "\"30s\"",
     .min = 0,
     .max = INT64_MAX,
     .live = true,
     .help = "how long requests in flight may take when the server stops"},
    {.name = "compress",
     .type = OPT_BOOL,
     AT(server.compress),
     .initial = "true",
     .live = true,
     .help = "gzip, brotli or zstd for texts over 1 KiB, as the client accepts"},
    {.name = "user",
     .type = OPT_CSTR,
     AT(server.user),
     .help = "USER or USER:GROUP the process becomes once it listens, when root has started it"},
    {.name = "pid_file",
     .type = OPT_CSTR,
     AT(server.pid_file),
     .help = "tells who serves; NAME.pid in the data folder unless said"},
    {.name = NULL},
};

static const struct option rest_options[] = {
    {.name = "root",
     .type = OPT_CSTR,
     AT(rest.root),
     .initial = "\"api\"",
     .check = check_root,
     .help = "first path segment of tables and services"},
    {.name = "limit_default",
     .type = OPT_INT,
     AT(rest.limit_default),
     .initial = "100",
     .min = 1,
     .max = 1000000,
     .live = true,
     .help = "records of a list unless the request says"},
    {.name = "limit_max",
     .type = OPT_INT,
     AT(rest.limit_max),
     .initial = "1000",
     .min = 1,
     .max = 1000000,
     .live = true,
     .help = "most records of a list a request may ask for"},
    {.name = "batch_max",
     .type = OPT_INT,
     AT(rest.batch_max),
     .initial = "10000000",
     .min = 1,
     .max = INT64_MAX,
     .live = true,
     .help = "most writes of one batch"},
    {.name = "batch_timeout",
     .type = OPT_DURATION,
     AT(rest.batch_timeout),
     .initial = "\"60s\"",
     .min = CLOCK_MS,
     .max = INT64_MAX,
     .live = true,
     .help = "how long an atomic batch may keep other writers waiting"},
    {.name = "health_details",
     .type = OPT_BOOL,
     AT(rest.health_details),
     .initial = "false",
     .live = true,
     .help = "tell every caller of /health and /ready about each store, not only the admin socket"},
    {.name = "request_ids",
     .type = OPT_BOOL,
     AT(rest.request_ids),
     .live = true,
     .initial = "false",
     .help = "every answer carries X-Request-Id, not only errors and those whose request had one"},
    {.name = NULL},
};

static const struct option admin_options[] = {
    {.name = "socket",
     .type = OPT_CSTR,
     AT(admin.socket),
     .help = "unix socket for this user and root alone: state, reload, drain, log levels, health, "
             "metrics; NAME.admin.sock in the data folder unless said; none = no such socket"},
    {.name = NULL},
};

#undef STRUCT
#define STRUCT struct conf_store
static const struct option store_options[] = {
    {.name = "name", .type = OPT_CSTR, AT(name), .help = "what tables call it"},
    {.name = "kind",
     .type = OPT_CSTR,
     AT(kind),
     .initial = "\"sqlite\"",
     .help = "sqlite or memory"},
    {.name = "path",
     .type = OPT_CSTR,
     AT(path),
     .help =
         "file, relative to the data folder; <name>.db unless said; memory: a JSON file or none"},
    {.name = "sync",
     .type = OPT_ENUM,
     AT(sync),
     .names = conf_syncs,
     .initial = "\"full\"",
     .help =
         "full: an acknowledged write survives a power cut; normal, off: faster, and it may not"},
    {.name = "cache",
     .type = OPT_SIZE,
     AT(cache),
     .initial = "\"16 MiB\"",
     .min = 65536,
     .max = INT64_MAX,
     .help = "page cache of each connection"},
    {.name = "query_timeout",
     .type = OPT_DURATION,
     AT(query_timeout),
     .initial = "\"30s\"",
     .min = CLOCK_MS,
     .max = INT64_MAX,
     .help = "how long one read may take"},
    {.name = NULL},
};
#undef STRUCT
#define STRUCT struct conf

const struct option conf_options[] = {
    {.name = "name",
     .type = OPT_CSTR,
     AT(name),
     .help = "the application's name; it names the database file"},
    {.name = "version", .type = OPT_CSTR, AT(version), .help = "the application's version"},
    {.name = "help",
     .type = OPT_CSTR,
     AT(help),
     .help = "what the application is, in one sentence"},
    {.name = "tables",
     .type = OPT_RAW,
     AT(tables),
     .help = "tables of the application: name, fields, indexes, store"},
    {.name = "listen",
     .type = OPT_TEXTS,
     AT(listen),
     .initial = "[\"127.0.0.1:8080\"]",
     .help = "addresses: host:port, [ipv6]:port, unix:/path; port 0 picks a free one"},
    {.name = "data",
     .type = OPT_CSTR,
     AT(data),
     .initial = "\"data\"",
     .help = "folder of the database files"},
    {.name = "server",
     .type = OPT_SECTION,
     .options = server_options,
     .help = "connections, threads and deadlines"},
    {.name = "rest", .type = OPT_SECTION, .options = rest_options, .help = "the REST interface"},
    {.name = "log", .type = OPT_SECTION, .options = conf_log_options, .help = "the log"},
    {.name = "admin",
     .type = OPT_SECTION,
     .options = admin_options,
     .help = "the socket an operator asks and tells the running server by"},
    {.name = "stores",
     .type = OPT_MAP,
     AT(stores),
     .options = store_options,
     .item_size = sizeof(struct conf_store),
     .help = "where tables live, by name; 'default' holds those that name none"},
    {.name = NULL},
};

void conf_init(struct conf *c)
{
    *c = (struct conf){.name = NULL};
    bw_arena_init(&c->arena);
    settings_defaults(conf_options, c, &c->arena);
}

void conf_release(struct conf *c)
{
    bw_arena_release(&c->arena);
}

static bool set_one(struct conf *c, bw_str pair, struct bw_err *e)
{
    size_t eq = bw_str_find(pair, '=');
    bw_must(eq < pair.n);
    return settings_set(&(struct settings){conf_options, c, &c->arena}, bw_str_of(pair.p, eq),
                        bw_str_of(pair.p + eq + 1, pair.n - eq - 1), e);
}

bool conf_load(struct conf *c, const struct conf_sources *from, struct bw_err *e)
{
    const struct settings s = {conf_options, c, &c->arena};
    c->file = from->file;
    if (c->file && !(file_read(c->file, LIMIT_SETTINGS, &c->arena, &c->text, e) &&
                     settings_parse(&s, c->file, c->text, e)))
        return false;
    if (from->environment && !settings_env(&s, from->environment, e))
        return false;
    for (size_t i = 0; i < from->n_overrides; i++)
        if (!set_one(c, from->overrides[i], e))
            return false;
    return settings_check(conf_options, c, e);
}

void conf_to_deploy(const struct conf *c, struct deploy *d)
{
    d->listen = (const char *const *)c->listen;
    d->drain_s = c->server.drain_timeout / CLOCK_SECOND;
    d->batch_s = c->rest.batch_timeout / CLOCK_SECOND;
}
