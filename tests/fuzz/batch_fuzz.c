/* batch_fuzz.c: a body is posted as a batch to a server in memory, in small pieces. The answer is
 * whole and valid JSON; a refused atomic batch has changed nothing; and as many records came or
 * went as the results say. The first byte: form, atomic, path, size of pieces. */
#include <burrow/json.h>

#include "core/log.h"
#include "rest/inprocess.h"
#include "rest/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bw_field fields[] = {
    {.name = "t", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .required = true, .max_len = 9},
    {.name = "u", .type = BW_TYPE_INT, .offset = BW_NO_OFFSET, .unique = true},
    {.name = "r", .type = BW_TYPE_REF, .offset = BW_NO_OFFSET, .ref = "T"},
    {.name = "v", .type = BW_TYPE_VERSION, .offset = BW_NO_OFFSET},
    {.name = NULL}};
static const struct bw_table def = {.name = "T", .fields = fields};
static const struct bw_table *const defs[] = {&def, NULL};
static const struct bw_app app = {.name = "fuzz", .tables = defs};

static struct bw_server *server(void)
{
    static struct bw_server s;
    static struct store *stores[2];
    static bool made;
    struct bw_err e;
    if (made)
        return &s;
    made = true;
    log_set_level(LOG_LEVEL_FATAL);
    bw_must(server_init(&s, &app, &(struct server_opts){0}, &e));
    struct table *t = &s.model.tables[0];
    struct store_opts o = {.name = "default", .path = "", .sync = "off", .sync_schema = true};
    stores[0] = store_open("memory", &o, &t, 1, &e);
    bw_must(stores[0]);
    s.stores = stores;
    bw_must(server_ready(&s, &e));
    return &s;
}

struct body {
    bw_str rest;
    size_t step;
    char *piece;
};

static bool read_body(void *arg, bw_str *piece, struct bw_err *e)
{
    struct body *b = arg;
    size_t n = b->rest.n < b->step ? b->rest.n : b->step;
    (void)e;
    free(b->piece);
    b->piece = malloc(n + 1);
    bw_must(b->piece);
    if (n)
        memcpy(b->piece, b->rest.p, n);
    *piece = bw_str_of(b->piece, n);
    b->rest = bw_str_of(b->rest.p + n, b->rest.n - n);
    return true;
}

static int64_t count(struct bw_server *s)
{
    struct query q;
    struct bw_err e;
    int64_t n;
    query_init(&q, &s->model.tables[0]);
    bw_must(store_count(&q, &n, &e));
    return n;
}

static void clear(struct bw_server *s)
{
    struct change c = {.kind = CHANGE_DELETE_WHERE, .table = &s->model.tables[0]};
    struct bw_err e;
    bw_must(store_write(c.table->store, &c, 1, true, &e));
}

/* done and failed, and the results: how many of each status. */
static void check_answer(bw_str body, int64_t change)
{
    struct bw_json_reader r;
    struct bw_arena a;
    bw_str name;
    int64_t done = -1, failed = -1, good = 0, bad = 0, added = 0;
    bw_arena_init(&a);
    bw_json_open(&r, &a, body);
    bw_must(bw_json_next(&r) == BW_JSON_OBJECT);
    while (bw_json_member(&r, &name)) {
        enum bw_json_kind k = bw_json_next(&r);
        if (k == BW_JSON_INT)
            *(bw_str_eq(name, BW_LIT("done")) ? &done : &failed) = r.integer;
        while (k == BW_JSON_ARRAY && bw_json_next(&r) == BW_JSON_OBJECT)
            while (bw_json_member(&r, &name)) {
                enum bw_json_kind m = bw_json_next(&r);
                if (m == BW_JSON_INT && bw_str_eq(name, BW_LIT("status"))) {
                    *(r.integer < 400 ? &good : &bad) += 1;
                    added += r.integer == 201;
                }
                bw_json_skip(&r, m);
            }
    }
    bw_must(bw_json_finish(&r) && done == good && failed == bad && change <= added);
    bw_arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const targets[] = {"/api/batch", "/api/batch?atomic=false", "/api/T/batch",
                                          "/api/T/batch?atomic=false"};
    struct bw_server *s = server();
    struct bw_arena a;
    struct bw_err e;
    if (size == 0)
        return 0;
    struct http_field type = {BW_LIT("Content-Type"), data[0] & 1 ? BW_LIT("application/x-ndjson")
                                                                  : BW_LIT("application/json")};
    struct body b = {.rest = bw_str_of((const char *)data + 1, size - 1), .step = 1 + data[0] / 8u};
    struct inprocess_ask q = {.method = BW_LIT("POST"),
                              .target = bw_cstr(targets[data[0] >> 1 & 3]),
                              .fields = &type,
                              .n_fields = 1,
                              .read = read_body,
                              .arg = &b};
    struct inprocess_answer answer = {.arena = &a};
    bw_arena_init(&a);
    bw_must(inprocess_ask(s, &q, &answer, &e));
    bw_must(answer.status == 200 || (answer.status >= 400 && answer.status < 500));
    bw_must(bw_json_valid(answer.body, BW_JSON_DEPTH));
    int64_t n = count(s);
    if (answer.status == 200)
        check_answer(answer.body, n);
    else
        bw_must(n == 0 || !memmem(answer.body.p, answer.body.n, "nothing was done", 16));
    if (n)
        clear(s);
    bw_arena_release(&a);
    free(b.piece);
    return 0;
}
