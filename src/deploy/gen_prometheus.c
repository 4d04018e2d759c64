/* gen_prometheus.c: what Prometheus (2.42 and later) needs: a configuration that asks the server,
 * recording rules, and alert rules for what an operator wants to be told. */
#include "deploy/deploy.h"

static const char scrape[] =
    "# prometheus.yml: asks @name@ how it is. A whole configuration; where there is one already, "
    "take\n"
    "# over the entry of rule_files and of scrape_configs. Check: promtool check config "
    "prometheus.yml\n"
    "\n"
    "rule_files:\n"
    "  - @name@.rules.yml\n"
    "\n"
    "scrape_configs:\n"
    "  # The rules and the dashboard find it by this name.\n"
    "  - job_name: \"@name@\"\n"
    "    scrape_interval: 15s\n"
    "    static_configs:\n"
    "      # The addresses of its settings (listen), as seen from its own machine.\n"
    "      - targets: [@targets@]\n";

#define JOB "{job=\"@name@\"}"
#define P99(metric, by) \
    "histogram_quantile(0.99, sum by (" by ", le) (rate(@m:" metric "@_bucket" JOB "[5m])))"
#define ON "{{ $labels.instance }}"

static const char recording[] =
    "# @name@.rules.yml: recording and alert rules for @name@. The limits are those to begin "
    "with;\n"
    "# put your own into a file of your own, so that this one can be made anew.\n"
    "# Check: promtool check rules @name@.rules.yml\n"
    "\n"
    "groups:\n"
    "  # What the dashboard and the alerts ask for again and again.\n"
    "  - name: @name@.recording\n"
    "    interval: 30s\n"
    "    rules:\n"
    "      - record: job_method_route_status:http_requests:rate5m\n"
    "        expr: sum by (job, method, route, status) (rate(@m:http_requests@" JOB "[5m]))\n"
    "      - record: job_instance:http_errors:ratio5m\n"
    "        expr: >-\n"
    "          sum by (job, instance) "
    "(rate(@m:http_requests@{job=\"@name@\",status=\"5xx\"}[5m]))\n"
    "          / sum by (job, instance) (rate(@m:http_requests@" JOB "[5m]))\n"
    "      - record: job_method_route:http_request_duration_seconds:p50_5m\n"
    "        expr: >-\n"
    "          histogram_quantile(0.5, sum by (job, method, route, le)\n"
    "          (rate(@m:http_request_duration@_bucket" JOB "[5m])))\n"
    "      - record: job_method_route:http_request_duration_seconds:p99_5m\n"
    "        expr: >-\n"
    "          histogram_quantile(0.99, sum by (job, method, route, le)\n"
    "          (rate(@m:http_request_duration@_bucket" JOB "[5m])))\n";

struct alert {
    const char *group; /* begins a new one, of that comment; NULL: in the one begun */
    const char *name, *expr, *wait, *severity, *summary;
};

static const struct alert alerts[] = {
    {"serving: is it there, and does it answer well?", "Down", "up" JOB " == 0", "1m", "critical",
     ON " does not answer"},
    {NULL, "NotReady", "@m:burrow_ready@" JOB " == 0", "2m", "critical",
     ON " is starting or draining for two minutes"},
    {NULL, "StoreDown", "@m:store_up@" JOB " == 0", "1m", "critical",
     "the store {{ $labels.store }} of " ON
     " does not answer; /ready of its admin socket tells why"},
    {NULL, "Restarting", "changes(@m:process_start_time@" JOB "[15m]) > 2", "0m", "warning",
     ON " has restarted {{ $value }} times within 15 minutes"},
    {NULL, "Failing", "job_instance:http_errors:ratio5m" JOB " > 0.01", "5m", "critical",
     ON " fails {{ $value | humanizePercentage }} of all requests"},
    {NULL, "Slow", P99("http_request_duration", "job, instance") " > 1", "10m", "warning",
     "one of a hundred requests to " ON
     " takes {{ $value | humanizeDuration }} or more; burrow top tells which"},
    {NULL, "Refusing",
     "sum by (job, instance) (rate(@m:http_refused@{job=\"@name@\",status=\"503\"}[5m])) > 0", "5m",
     "warning", ON " refuses connections: it has as many as it may"},
    {"inside: what goes wrong before callers notice.", "LoopBlocked",
     P99("loop_turn", "job, instance, loop") " > 0.1", "5m", "warning",
     "loop {{ $labels.loop }} of " ON
     " is held up by code that does not wait: {{ $value | humanizeDuration }} at a time"},
    {NULL, "WriterBehind", "@m:db_writer_queue@" JOB " > 1000", "1m", "warning",
     "{{ $value }} writes wait for the database {{ $labels.db }} of " ON},
    {NULL, "SlowFlush", P99("db_fsync", "job, instance, db") " > 0.25", "10m", "warning",
     "the disk of {{ $labels.db }} of " ON " takes {{ $value | humanizeDuration }} for a flush"},
    {NULL, "DatabaseLogGrows", "@m:db_wal_bytes@" JOB " > 268435456", "15m", "warning",
     "long reads keep the write-ahead log of {{ $labels.db }} of " ON
     " from being emptied: {{ $value | humanize1024 }}B"},
    {NULL, "StackDeep", "@m:fiber_stack_bytes@" JOB " > 200000", "0m", "warning",
     "a handler of " ON " has used {{ $value | humanize1024 }}B of its stack of 256 KiB"},
    {NULL, "Descriptors", "@m:process_open_fds@" JOB " > 0.8 * (@m:process_max_fds@" JOB " > 0)",
     "5m", "warning", ON " has {{ $value }} descriptors open, near its limit"},
    {NULL, "LogLost", "increase(@m:log_records_lost@" JOB "[10m]) > 0", "0m", "warning",
     ON " has lost {{ $value }} records of its log"},
    {NULL, "SpansLost", "increase(@m:trace_spans@{job=\"@name@\",result=\"lost\"}[10m]) > 0", "10m",
     "info", "the collector takes fewer spans than " ON " makes"},
    {NULL, "SeriesLost", "increase(@m:metric_overflow@" JOB "[10m]) > 0", "0m", "info",
     ON " has more series than it keeps"},
};

static void begin_group(struct bw_buf *out, const char *comment)
{
    bw_str why = bw_cstr(comment), name;
    bw_str_cut(&why, ':', &name);
    bw_buf_printf(out, "\n  #%.*s\n  - name: @name@.%.*s\n    rules:\n", BW_FMT(why), BW_FMT(name));
}

static void write_rules(struct bw_buf *out)
{
    bw_buf_put(out, bw_cstr(recording));
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        const struct alert *a = &alerts[i];
        if (a->group)
            begin_group(out, a->group);
        bw_buf_printf(out, "      - alert: %s\n        expr: %s\n        for: %s\n", a->name,
                      a->expr, a->wait);
        bw_buf_printf(out,
                      "        labels: {severity: %s}\n        annotations:\n"
                      "          summary: \"%s\"\n",
                      a->severity, a->summary);
    }
}

static const struct artefact artefacts[] = {
    {.file = "prometheus.yml", .text = scrape},
    {.file = "@name@.rules.yml", .write = write_rules},
    {.file = NULL},
};

const struct generator generator_prometheus = {
    .name = "prometheus",
    .help = "a configuration for Prometheus, recording and alert rules",
    .artefacts = artefacts,
    .watches = true,
};
