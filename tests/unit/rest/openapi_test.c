/* The document for a small model, its parts looked up by path. Whether the whole is valid OpenAPI
 * is asked of a public validator by the system tests. With an argument the program writes it out.
 */
#include "help/rest.h"

#include "core/log.h"
#include "rest/openapi.h"

static struct bw_server server;

static const char *const moods[] = {"calm", "angry", NULL};
#define NO .offset = BW_NO_OFFSET
static const struct bw_field author_fields[] = {
    {NO, .name = "name", .type = BW_TYPE_TEXT, .required = true, .max_len = 80,
     .help = "As printed."},
    {NO, .name = "secret", .type = BW_TYPE_TEXT, .write_only = true},
    {NO, .name = "mood", .type = BW_TYPE_ENUM, .names = moods, .initial = "\"calm\""},
    BW_END};
static const struct bw_field article_fields[] = {
    {NO, .name = "title", .type = BW_TYPE_TEXT, .required = true, .pattern = "[A-Z].*"},
    {NO, .name = "views", .type = BW_TYPE_INT, BW_MIN(0)},
    {NO, .name = "score", .type = BW_TYPE_REAL, BW_MAX(2.5)},
    {NO, .name = "meta", .type = BW_TYPE_JSON},
    {NO, .name = "picture", .type = BW_TYPE_BLOB},
    {NO, .name = "author", .type = BW_TYPE_REF, .ref = "Author"},
    {NO, .name = "created_at", .type = BW_TYPE_CREATED},
    {NO, .name = "version", .type = BW_TYPE_VERSION},
    BW_END};
static const struct bw_table author = {
    .name = "Author", .help = "Who writes.", .fields = author_fields};
static const struct bw_table article = {.name = "Article", .fields = article_fields};
static const struct bw_table *const tables[] = {&author, &article, NULL};

static bool nothing(struct bw_req *rq, struct bw_err *e)
{
    (void)rq;
    (void)e;
    return true;
}

static bool no_call(struct bw_call *c, struct bw_err *e)
{
    (void)c;
    (void)e;
    return true;
}

static const struct bw_param in[] = {{.name = "n1", .type = BW_TYPE_INT, .help = "First."},
                                     {.name = "n2", .type = BW_TYPE_INT, .optional = true},
                                     {.name = NULL}};
static const struct bw_param out[] = {{.name = "sum", .type = BW_TYPE_INT}, {.name = NULL}};
static const struct bw_method methods[] = {
    {.name = "Add", .help = "Adds.", .run = no_call, .in = in, .out = out, .safe = true},
    {.name = NULL}};
static const struct bw_service calculator = {.name = "Calculator", .methods = methods};
static const struct bw_service *const services[] = {&calculator, NULL};
static const struct bw_route routes[] = {{"GET", "/api/stats/:category", nothing, "Counts.", 0},
                                         {"GET", "/files/*path", nothing, NULL, 0},
                                         {.path = NULL}};
static const struct bw_app app = {.name = "test",
                                  .version = "1.2",
                                  .help = "A test.",
                                  .tables = tables,
                                  .services = services,
                                  .routes = routes};

static int setup(void **state)
{
    (void)state;
    struct bw_err e;
    log_set_level(LOG_LEVEL_FATAL);
    check_ok(server_init(&server, &app, &(struct server_opts){0}, &e), &e);
    atomic_store(&server.state, SERVER_READY);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_release(&server);
    ask_end();
    return 0;
}

/* Goes down by member names and places in arrays; keys may hold '/', so '|' parts them. */
static void look_up(bw_str json, const char *path, struct bw_buf *found)
{
    struct bw_arena arena;
    bw_arena_init(&arena);
    bw_str rest = bw_cstr(path), step, name, at = json;
    while (at.p && bw_str_cut(&rest, '|', &step)) {
        struct bw_json_reader r;
        bw_json_open(&r, &arena, at);
        enum bw_json_kind kind = bw_json_next(&r);
        at = (bw_str){0};
        int64_t place = 0;
        if (kind == BW_JSON_ARRAY && bw_str_int(step, &place))
            for (int64_t i = 0; i <= place && bw_json_whole(&r, &at); i++)
                ;
        while (kind == BW_JSON_OBJECT && bw_json_member(&r, &name)) {
            bw_str value;
            if (!bw_json_whole(&r, &value))
                break;
            if (bw_str_eq(name, step))
                at = value;
        }
    }
    bw_buf_put(found, at.p ? at : BW_LIT("(none)"));
    bw_arena_release(&arena);
}

static const struct {
    const char *path, *want;
} parts[] = {
    {"openapi", "\"3.1.0\""},
    {"info|title", "\"test\""},
    {"info|description", "\"A test.\""},
    {"tags|0", "{\"name\":\"Author\",\"description\":\"Who writes.\"}"},
    {"paths|/health|get|operationId", "\"health\""},
    {"paths|/metrics|get|parameters|0|name", "\"format\""},
    {"paths|/api/openapi.json|get|tags|0", "\"server\""},
    {"paths|/api/Calculator.Add|post|operationId", "\"Calculator.Add\""},
    {"paths|/api/Calculator.Add|get|operationId", "\"Calculator.Add.get\""},
    {"paths|/api/Calculator/Add", "(none)"},
    {"paths|/api/Calculator.Add|get|parameters|0|required", "true"},
    {"paths|/api/Calculator.Add|get|parameters|1|required", "false"},
    {"paths|/api/Calculator.Add|post|requestBody|content|application/json|schema|oneOf|0|minItems",
     "1"},
    {"paths|/api/Calculator.Add|post|requestBody|content|application/json|schema|oneOf|1|required",
     "[\"n1\"]"},
    {"paths|/api/Calculator.Add|post|responses|200|content|application/json|schema|properties|"
     "result|prefixItems|0|type",
     "[\"integer\",\"null\"]"},
    {"paths|/api/Calculator.Add|post|responses|4XX|$ref", "\"#/components/responses/Problem\""},
    {"paths|/api/stats/{category}|get|parameters|0|name", "\"category\""},
    {"paths|/api/stats/{category}|get|summary", "\"Counts.\""},
    {"paths|/api/stats/{category}|get|operationId", "\"get_api_stats_category\""},
    {"paths|/files/{path}|get|parameters|0|in", "\"path\""},
    {"components|schemas|Author|properties|secret", "(none)"},
    {"components|schemas|Author|properties|id|readOnly", "true"},
    {"components|schemas|Author.New|properties|id", "(none)"},
    {"components|schemas|Author.New|properties|secret|writeOnly", "true"},
    {"components|schemas|Author.New|required", "[\"name\"]"},
    {"components|schemas|Author.Change|required", "(none)"},
    {"components|schemas|Author|properties|name|maxLength", "80"},
    {"components|schemas|Author|properties|name|minLength", "1"},
    {"components|schemas|Author|properties|name|description", "\"As printed.\""},
    {"components|schemas|Author|properties|mood|enum|1", "\"angry\""},
    {"components|schemas|Author|properties|mood|default", "\"calm\""},
    {"components|schemas|Article|properties|title|pattern", "\"^(?:[A-Z].*)$\""},
    {"components|schemas|Article|properties|views|minimum", "0"},
    {"components|schemas|Article|properties|score|maximum", "2.5"},
    {"components|schemas|Article|properties|meta", "{}"},
    {"components|schemas|Article|properties|picture|contentEncoding", "\"base64\""},
    {"components|schemas|Article|properties|author|anyOf|1|$ref",
     "\"#/components/schemas/Author\""},
    {"components|schemas|Article.New|properties|author|minimum", "1"},
    {"components|schemas|Article.New|properties|created_at", "(none)"},
    {"components|schemas|Article|properties|created_at|readOnly", "true"},
    {"components|schemas|Article.New|properties|version", "(none)"},
    {"components|schemas|Article.Change|properties|version|type", "\"integer\""},
    {"components|schemas|Article|properties|picture_type", "(none)"},
    {"components|schemas|Problem|properties|errorText|type", "\"string\""},
};

static void says(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/api/openapi.json", NULL, NULL);
    check_int(a->status, 200);
    check_str(answer_field(a, "content-type"), "application/json");
    check(bw_json_valid(a->body, 64));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct bw_buf found;
        bw_buf_init(&found, 1 << 20);
        look_up(a->body, parts[i].path, &found);
        if (!bw_str_eq(bw_buf_str(&found), bw_cstr(parts[i].want)))
            fail_msg("%s: got %.*s, want %s", parts[i].path, BW_FMT(bw_buf_str(&found)),
                     parts[i].want);
        bw_buf_release(&found);
    }
}

static void made_once(void **state)
{
    (void)state;
    bw_str one = ask(&server, "GET", "/api/openapi.json", NULL, NULL)->body;
    const struct openapi *kept = atomic_load(&server.openapi);
    check(kept != NULL);
    bw_str two = ask(&server, "GET", "/api/openapi.json", NULL, NULL)->body;
    check(atomic_load(&server.openapi) == kept);
    check(bw_str_eq(one, two));
}

static int write_out(void)
{
    struct bw_buf text;
    bw_buf_init(&text, 1 << 24);
    setup(NULL);
    openapi_write(&server, &text);
    fwrite(text.p, 1, text.n, stdout);
    bw_buf_release(&text);
    return teardown(NULL);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return write_out();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says),
        cmocka_unit_test(made_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
