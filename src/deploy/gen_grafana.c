/* gen_grafana.c: a dashboard for Grafana (9 and later), over the Prometheus that asks the server:
 * import it as JSON. Its panels are a table; variables choose data source, job and instance. */
#include "deploy/deploy.h"

#include <burrow/json.h>

#define WIDTH   8 /* three panels a row, of 24 */
#define HEIGHT  8
#define TARGETS 3

struct panel {
    const char *row; /* begins a new row of that title; NULL: in the one begun */
    const char *title, *help, *unit;
    struct {
        const char *expr, *legend;
    } targets[TARGETS];
};

#define S          "job=\"$job\",instance=~\"$instance\""
#define OF(m)      "@m:" m "@{" S "}"
#define RATE(m)    "rate(" OF(m) "[$__rate_interval])"
#define PER(by, m) "sum by (" by ") (" RATE(m) ")"
#define QUANTILE(q, by, m)                                                                         \
    "histogram_quantile(" q ", sum by (" by "le) (rate(@m:" m "@_bucket{" S "}[$__rate_interval])" \
    "))"
#define MEAN(by, m)                                                                                \
    "sum by (" by ") (rate(@m:" m "@_sum{" S "}[$__rate_interval])) / sum by (" by ") (rate(@m:" m \
    "@_count{" S "}[$__rate_interval]))"

static const struct panel panels[] = {
    {"Requests",
     "Requests",
     "Answers per second, by class of status.",
     "reqps",
     {{PER("status", "http_requests"), "{{status}}"}}},
    {NULL,
     "Latency",
     "From the complete head to the complete answer.",
     "s",
     {{QUANTILE("0.5", "", "http_request_duration"), "p50"},
      {QUANTILE("0.9", "", "http_request_duration"), "p90"},
      {QUANTILE("0.99", "", "http_request_duration"), "p99"}}},
    {NULL,
     "Failing",
     "Share of requests answered with 5xx.",
     "percentunit",
     {{"sum(rate(@m:http_requests@{" S
       ",status=\"5xx\"}[$__rate_interval])) / sum(" RATE("http_requests") ")",
       "5xx"}}},
    {NULL,
     "Slowest routes",
     "One of a hundred takes as long or longer.",
     "s",
     {{"topk(10, " QUANTILE("0.99", "method, route, ", "http_request_duration") ")",
       "{{method}} {{route}}"}}},
    {NULL,
     "Busiest routes",
     "Requests per second.",
     "reqps",
     {{"topk(10, " PER("method, route", "http_requests") ")", "{{method}} {{route}}"}}},
    {NULL,
     "In hand",
     "Requests being answered, and open connections.",
     "short",
     {{"sum(" OF("http_requests_in_flight") ")", "requests"},
      {"sum(" OF("http_connections") ")", "connections"}}},
    {NULL,
     "Sizes",
     "Bodies; one of a hundred is as large or larger.",
     "bytes",
     {{QUANTILE("0.99", "", "http_request_size"), "requests"},
      {QUANTILE("0.99", "", "http_response_size"), "answers"}}},
    {NULL,
     "Refused",
     "Before an endpoint saw them, per second: malformed, too slow, too many (503).",
     "reqps",
     {{PER("instance, status", "http_refused"), "{{instance}} {{status}}"}}},
    {NULL,
     "Ready",
     "1: serves; and its stores.",
     "short",
     {{OF("burrow_ready"), "{{instance}}"}, {OF("store_up"), "{{instance}} {{store}}"}}},

    {"Loops",
     "Turns",
     "How long a loop holds up the others on it; p99.",
     "s",
     {{QUANTILE("0.99", "instance, loop, ", "loop_turn"), "{{instance}} {{loop}}"}}},
    {NULL,
     "Fibers",
     "In use and pooled.",
     "short",
     {{"sum by (instance, state) (" OF("fibers") ")", "{{instance}} {{state}}"},
      {"sum by (instance) (" OF("worker_jobs") ")", "{{instance}} on worker threads"}}},
    {NULL,
     "Deepest stack",
     "Of 256 KiB.",
     "bytes",
     {{"max by (instance) (" OF("fiber_stack_bytes") ")", "{{instance}}"}}},

    {"Databases",
     "Writes",
     "Writes and the commits that carry them, per second.",
     "ops",
     {{PER("db", "db_writes"), "{{db}} writes"}, {PER("db", "db_commits"), "{{db}} commits"}}},
    {NULL, "Writes of one commit", "The mean.", "short", {{MEAN("db", "db_group"), "{{db}}"}}},
    {NULL,
     "Commit and flush",
     "p99.",
     "s",
     {{QUANTILE("0.99", "db, ", "db_commit"), "{{db}} commit"},
      {QUANTILE("0.99", "db, ", "db_fsync"), "{{db}} flush"}}},
    {NULL, "Writer's queue", "Writes that wait.", "short", {{OF("db_writer_queue"), "{{db}}"}}},
    {NULL, "Write-ahead log", "Bytes in use.", "bytes", {{OF("db_wal_bytes"), "{{db}}"}}},
    {NULL,
     "Checkpoints and snapshots",
     "Per second.",
     "ops",
     {{PER("db", "db_checkpoints"), "{{db}} checkpoints"},
      {PER("db", "db_snapshots_renewed"), "{{db}} snapshots renewed"},
      {PER("db", "db_queries_moved"), "{{db}} sorts on workers"}}},
    {NULL, "Read connections", "Open.", "short", {{OF("db_connections"), "{{db}}"}}},
    {NULL,
     "Longest slice",
     "Of a query on a loop, since the start.",
     "s",
     {{OF("db_longest_slice"), "{{db}}"}}},
    {NULL,
     "Store's answer",
     "To the question how it is; p99.",
     "s",
     {{QUANTILE("0.99", "store, ", "store_ping"), "{{store}}"}}},

    {"Process",
     "CPU",
     "1 is one CPU.",
     "short",
     {{PER("instance", "process_cpu"), "{{instance}}"}}},
    {NULL, "Memory", "In RAM.", "bytes", {{OF("process_resident_memory_bytes"), "{{instance}}"}}},
    {NULL,
     "Descriptors",
     "Open, and how many may be.",
     "short",
     {{OF("process_open_fds"), "{{instance}}"}, {OF("process_max_fds"), "{{instance}} at most"}}},
    {NULL, "Threads", "", "short", {{OF("process_threads"), "{{instance}}"}}},
    {NULL,
     "Lost",
     "Records of the log, spans and series, per second.",
     "ops",
     {{PER("instance", "log_records_lost"), "{{instance}} log"},
      {"sum by (instance) (rate(@m:trace_spans@{" S ",result=\"lost\"}[$__rate_interval]))",
       "{{instance}} spans"},
      {PER("instance", "metric_overflow"), "{{instance}} series"}}},
    {NULL,
     "Pools",
     "Kept for the next use.",
     "short",
     {{"sum(" OF("http_contexts_pooled") ")", "contexts of requests"},
      {"sum(" OF("http_client_pooled") ")", "connections to others"}}},
};

static void put(struct bw_json_writer *w, const char *key, const char *text)
{
    bw_json_put_text(w, key, bw_cstr(text));
}

static void object(struct bw_json_writer *w, const char *key)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_object(w);
}

static void array(struct bw_json_writer *w, const char *key)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_array(w);
}

static void datasource(struct bw_json_writer *w)
{
    object(w, "datasource");
    put(w, "type", "prometheus");
    put(w, "uid", "${datasource}");
    bw_json_end(w);
}

static void place(struct bw_json_writer *w, int x, int y, int width, int height)
{
    object(w, "gridPos");
    bw_json_put_int(w, "h", height);
    bw_json_put_int(w, "w", width);
    bw_json_put_int(w, "x", x);
    bw_json_put_int(w, "y", y);
    bw_json_end(w);
}

static void write_targets(struct bw_json_writer *w, const struct panel *p)
{
    array(w, "targets");
    for (int i = 0; i < TARGETS && p->targets[i].expr; i++) {
        bw_json_object(w);
        bw_json_put_text(w, "refId", bw_str_of(&"ABC"[i], 1));
        put(w, "expr", p->targets[i].expr);
        put(w, "legendFormat", p->targets[i].legend);
        datasource(w);
        bw_json_end(w);
    }
    bw_json_end(w);
}

static void write_row(struct bw_json_writer *w, const char *title, int id, int y)
{
    bw_json_object(w);
    bw_json_put_int(w, "id", id);
    put(w, "type", "row");
    put(w, "title", title);
    place(w, 0, y, 3 * WIDTH, 1);
    bw_json_end(w);
}

static void write_panel(struct bw_json_writer *w, const struct panel *p, int id, int x, int y)
{
    bw_json_object(w);
    bw_json_put_int(w, "id", id);
    put(w, "type", "timeseries");
    put(w, "title", p->title);
    put(w, "description", p->help);
    datasource(w);
    place(w, x, y, WIDTH, HEIGHT);
    object(w, "fieldConfig");
    object(w, "defaults");
    put(w, "unit", p->unit);
    bw_json_put_int(w, "min", 0);
    bw_json_end(w);
    bw_json_end(w);
    write_targets(w, p);
    bw_json_end(w);
}

static void write_panels(struct bw_json_writer *w)
{
    int x = 0, y = 0, id = 1;
    array(w, "panels");
    for (size_t i = 0; i < sizeof panels / sizeof panels[0]; i++) {
        const struct panel *p = &panels[i];
        if (p->row) {
            y += x ? HEIGHT : 0;
            write_row(w, p->row, id++, y++);
            x = 0;
        }
        write_panel(w, p, id++, x, y);
        x = (x + WIDTH) % (3 * WIDTH);
        y += x ? 0 : HEIGHT;
    }
    bw_json_end(w);
}

/* A variable chosen at the top of the dashboard; all of them at once when it may. */
static void variable(struct bw_json_writer *w, const char *name, const char *query, bool all)
{
    bw_json_object(w);
    put(w, "name", name);
    put(w, "type", "query");
    datasource(w);
    put(w, "query", query);
    bw_json_put_int(w, "refresh", 2);
    bw_json_put_bool(w, "includeAll", all);
    bw_json_put_bool(w, "multi", all);
    bw_json_end(w);
}

static void write_variables(struct bw_json_writer *w)
{
    object(w, "templating");
    array(w, "list");
    bw_json_object(w);
    put(w, "name", "datasource");
    put(w, "type", "datasource");
    put(w, "query", "prometheus");
    bw_json_end(w);
    variable(w, "job", "label_values(@m:burrow_info@{app!=\"\"}, job)", false);
    variable(w, "instance", "label_values(@m:burrow_info@{job=\"$job\"}, instance)", true);
    bw_json_end(w);
    bw_json_end(w);
}

static void write_dashboard(struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    w.indent = 1;
    bw_json_object(&w);
    put(&w, "title", "@name@");
    put(&w, "uid", "burrow-@name@");
    put(&w, "description",
        "@name@, served by Burrow. Made by `burrow deploy grafana`; import it, it finds the data "
        "of "
        "`burrow deploy prometheus`.");
    bw_json_put_int(&w, "schemaVersion", 37);
    array(&w, "tags");
    bw_json_text(&w, BW_LIT("burrow"));
    bw_json_end(&w);
    put(&w, "timezone", "browser");
    put(&w, "refresh", "15s");
    object(&w, "time");
    put(&w, "from", "now-1h");
    put(&w, "to", "now");
    bw_json_end(&w);
    write_variables(&w);
    write_panels(&w);
    bw_json_end(&w);
    bw_buf_char(out, '\n');
}

static const struct artefact artefacts[] = {
    {.file = "@name@.dashboard.json", .write = write_dashboard},
    {.file = NULL},
};

const struct generator generator_grafana = {
    .name = "grafana",
    .help = "a dashboard for Grafana, as JSON",
    .artefacts = artefacts,
    .watches = true,
};
