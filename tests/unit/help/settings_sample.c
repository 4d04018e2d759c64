#include "help/settings_sample.h"

static bool check_title(const void *value, struct bw_err *e)
{
    const bw_str *s = value;
    return s->n <= 10 || bw_fail(e, BW_BAD, "ten characters at most");
}

static const char *const levels[] = {"debug", "info", "warn", NULL};

static const struct option max_options[] = {
    {"body", OPT_INT, OPT_AT(struct sample_http, max.body), .help = "A rival of max_body."},
    {0},
};

static const struct option http_options[] = {
    {"listen", OPT_CSTR, OPT_AT(struct sample_http, listen), .initial = "\"127.0.0.1\"",
     .help = "The address."},
    {"port", OPT_INT, OPT_AT(struct sample_http, port), .initial = "8080", .max = 65535,
     .help = "The port; 0 takes a free one."},
    {"max_body", OPT_SIZE, OPT_AT(struct sample_http, max_body), .initial = "\"16 MiB\"",
     .min = 1024, .max = INT64_C(1) << 30, .live = true, .help = "The largest request body."},
    {"timeout", OPT_DURATION, OPT_AT(struct sample_http, timeout), .initial = "30", .min = 1000000,
     .help = "How long a request may take."},
    {"tls", OPT_BOOL, OPT_AT(struct sample_http, tls), .help = "Encrypt."},
    {"max", OPT_SECTION, 0, .options = max_options},
    {0},
};

static const struct option log_options[] = {
    {"level", OPT_ENUM, 0, .initial = "\"info\"", .names = levels, .help = "The least told."},
    {"path", OPT_CSTR, offsetof(struct sample, log.path) - offsetof(struct sample, log),
     .help = "A file."},
    {0},
};

static const struct option item_options[] = {
    {"name", OPT_CSTR, OPT_AT(struct sample_item, name)},
    {"url", OPT_CSTR, OPT_AT(struct sample_item, url), .required = true, .help = "Where."},
    {"weight", OPT_INT, OPT_AT(struct sample_item, weight), .initial = "1", .min = 1},
    {"tags", OPT_TEXTS, OPT_AT(struct sample_item, tags)},
    {0},
};

const struct option sample_options[] = {
    {"http", OPT_SECTION, OPT_AT(struct sample, http), .options = http_options},
    {"log", OPT_SECTION, OPT_AT(struct sample, log), .options = log_options},
    {"ratio", OPT_REAL, OPT_AT(struct sample, ratio), .initial = "0.5"},
    {"title", OPT_TEXT, OPT_AT(struct sample, title), .required = true, .check = check_title},
    {"password", OPT_TEXT, OPT_AT(struct sample, password), .secret = true},
    {"tables", OPT_RAW, OPT_AT(struct sample, tables)},
    {"hosts", OPT_TEXTS, OPT_AT(struct sample, hosts)},
    {"stores", OPT_MAP, OPT_AT(struct sample, stores), .options = item_options,
     .item_size = sizeof(struct sample_item)},
    {"routes", OPT_LIST, OPT_AT(struct sample, routes), .options = item_options,
     .item_size = sizeof(struct sample_item)},
    {0},
};
