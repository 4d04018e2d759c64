/* settings_fuzz.c: any bytes as a settings file; what is taken prints as settings that are taken
 * again and print the same. */
#include "core/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct item {
    const char *name;
    int64_t n;
};

struct all {
    bool b;
    int64_t i, size, span;
    double r;
    bw_str text, raw;
    const char *z;
    int e;
    struct {
        int64_t x;
    } in;
    struct opt_list list, map;
    const char **words;
};

static const char *const names[] = {"one", "two", NULL};

static const struct option in_options[] = {
    {"x", OPT_INT, 0, .min = -5, .max = 5},
    {0},
};

static const struct option item_options[] = {
    {"name", OPT_CSTR, OPT_AT(struct item, name)},
    {"n", OPT_INT, OPT_AT(struct item, n), .required = true},
    {0},
};

static const struct option options[] = {
    {"b", OPT_BOOL, OPT_AT(struct all, b)},
    {"i", OPT_INT, OPT_AT(struct all, i), .initial = "1"},
    {"size", OPT_SIZE, OPT_AT(struct all, size), .min = 1, .max = INT64_C(1) << 50},
    {"span", OPT_DURATION, OPT_AT(struct all, span), .initial = "\"2h\""},
    {"r", OPT_REAL, OPT_AT(struct all, r)},
    {"text", OPT_TEXT, OPT_AT(struct all, text)},
    {"raw", OPT_RAW, OPT_AT(struct all, raw)},
    {"z", OPT_CSTR, OPT_AT(struct all, z)},
    {"e", OPT_ENUM, OPT_AT(struct all, e), .names = names},
    {"in", OPT_SECTION, OPT_AT(struct all, in), .options = in_options},
    {"list", OPT_LIST, OPT_AT(struct all, list), .options = item_options,
     .item_size = sizeof(struct item)},
    {"map", OPT_MAP, OPT_AT(struct all, map), .options = item_options,
     .item_size = sizeof(struct item)},
    {"words", OPT_TEXTS, OPT_AT(struct all, words)},
    {0},
};

static bool load(bw_str text, struct bw_arena *a, struct bw_buf *printed)
{
    struct all out;
    struct bw_err e;
    settings_defaults(options, &out, a);
    if (!settings_parse(&(struct settings){options, &out, a}, "f", text, &e)) {
        bw_must(strncmp(e.text, "f:", 2) == 0);
        return false;
    }
    bw_must(!out.raw.p || bw_json_valid(out.raw, 60));
    if (!out.size)
        out.size = 1;
    settings_print(options, &out, printed);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena a;
    struct bw_buf once, twice;
    bw_arena_init(&a);
    bw_buf_init(&once, SIZE_MAX / 4);
    bw_buf_init(&twice, SIZE_MAX / 4);
    if (load(bw_str_of((const char *)data, size), &a, &once)) {
        bw_must(load(bw_buf_str(&once), &a, &twice));
        bw_must(bw_str_eq(bw_buf_str(&once), bw_buf_str(&twice)));
    }
    bw_buf_release(&once);
    bw_buf_release(&twice);
    bw_arena_release(&a);
    return 0;
}
