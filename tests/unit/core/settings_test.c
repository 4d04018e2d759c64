/* Settings: each type from a file, the environment and the command line; every sentence a user may
 * get; and print, schema and help, which come from the same table. */
#include "help/settings_sample.h"
#include "help/t.h"

struct bed {
    struct bw_arena a;
    struct sample s;
    struct bw_err e;
};

#define INTO(b) (&(struct settings){sample_options, &(b)->s, &(b)->a})

static void make(struct bed *b)
{
    memset(b, 0, sizeof *b);
    memset(&b->s, 0xa5, sizeof b->s);
    bw_arena_init(&b->a);
    settings_defaults(sample_options, &b->s, &b->a);
}

static bool parse(struct bed *b, const char *text)
{
    return settings_parse(INTO(b), "x.json", bw_cstr(text), &b->e);
}

static bool set(struct bed *b, const char *key, const char *value)
{
    return settings_set(INTO(b), bw_cstr(key), bw_cstr(value), &b->e);
}

static bool env(struct bed *b, const char *pair)
{
    const char *const envp[] = {"PATH=/bin", pair, NULL};
    return settings_env(INTO(b), envp, &b->e);
}

static void drop(struct bed *b)
{
    bw_arena_release(&b->a);
}

static void fills_defaults(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    assert_string_equal(b.s.http.listen, "127.0.0.1");
    check(b.s.http.port == 8080 && b.s.http.max_body == 16 << 20 && !b.s.http.tls);
    check(b.s.http.timeout == INT64_C(30000000000) && b.s.http.max.body == 0);
    check(b.s.log.level == 1 && !b.s.log.path && b.s.ratio == 0.5);
    check(!b.s.title.p && !b.s.tables.p && b.s.hosts && !b.s.hosts[0]);
    check(b.s.stores.n == 0 && b.s.routes.n == 0);
    drop(&b);
}

static const char whole[] =
    "// all of it\n"
    "{ \"$schema\": \"./x\",\n"
    "  \"http\": {\"listen\": \"[::1]\", \"port\": 0, \"max_body\": \"64K\", \"timeout\": 1.5,\n"
    "            \"tls\": true, \"max\": {\"body\": 7}},\n"
    "  \"log\": {\"level\": \"warn\", \"path\": \"/tmp/\\u0061\"}, /* comment */\n"
    "  \"ratio\": 3, \"title\": \"T\", \"password\": \"geheim\",\n"
    "  \"tables\": [1, /* x */ {\"a\": \"// no, /* comment\"}, // y\n ],\n"
    "  \"hosts\": [\"a\", \"b\",],\n"
    "  \"stores\": {\"main\": {\"url\": \"sqlite:\"}, \"two\": {\"url\": \"u\", \"weight\": 5}},\n"
    "  \"routes\": [{\"name\": \"r\", \"url\": \"/\", \"tags\": \"one\"}, {\"url\": \"2\"},\n"
    "               {\"url\": \"3\"}],\n"
    "}";

static void reads_every_type(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    check_ok(parse(&b, whole), &b.e);
    check_ok(settings_check(sample_options, &b.s, &b.e), &b.e);
    assert_string_equal(b.s.http.listen, "[::1]");
    check(b.s.http.port == 0 && b.s.http.max_body == 65536 && b.s.http.tls);
    check(b.s.http.timeout == 1500000000 && b.s.http.max.body == 7);
    check(b.s.log.level == 2 && b.s.ratio == 3.0);
    assert_string_equal(b.s.log.path, "/tmp/a");
    check_str(b.s.title, "T");
    check(b.s.title.p[b.s.title.n] == 0);
    check(bw_json_valid(b.s.tables, 8));
    check_str(b.s.tables, "[1,         {\"a\": \"// no, /* comment\"}      \n ]");
    assert_string_equal(b.s.hosts[1], "b");
    check(!b.s.hosts[2]);
    struct sample_item *stores = b.s.stores.items, *routes = b.s.routes.items;
    check(b.s.stores.n == 2 && b.s.routes.n == 3);
    assert_string_equal(stores[0].name, "main");
    assert_string_equal(stores[1].url, "u");
    check(stores[0].weight == 1 && stores[1].weight == 5 && !stores[0].tags[0]);
    assert_string_equal(routes[0].tags[0], "one");
    assert_string_equal(routes[2].url, "3");
    drop(&b);
}

static void later_ones_win(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    check_ok(parse(&b, "{\"http\":{\"port\":1,\"tls\":true},\"hosts\":\"x\"}"), &b.e);
    check_ok(parse(&b, "{\"http\":{\"port\":2},\"log\":{\"path\":null}}"), &b.e);
    check(b.s.http.port == 2 && b.s.http.tls);
    check_ok(env(&b, "BURROW_HTTP_PORT=3"), &b.e);
    check(b.s.http.port == 3);
    check_ok(set(&b, "http.port", "4"), &b.e);
    check(b.s.http.port == 4);
    assert_string_equal(b.s.hosts[0], "x");
    drop(&b);
}

/* ---- every error of a file ---- */

static const struct {
    const char *text, *says, *field;
} wrong[] = {
    {"", "x.json:1:1: expected a value, but the text ends here", ""},
    {"[]", "x.json:1:1: settings are one JSON object", ""},
    {"{\n \"http\": {,}}", "x.json:2:11: expected a name in double quotes, found ','", "http"},
    {"{} {}", "x.json:1:4: expected nothing more behind the value", ""},
    {"{\"htpp\": {}}", "x.json:1:2: unknown setting 'htpp', did you mean 'http'?", ""},
    {"{\"http\": {\"zzzzzz\": 1}}", "1:11: http: unknown setting 'zzzzzz'", "http"},
    {"{\n  \"http\": {\"prot\": 1}}",
     "x.json:2:12: http: unknown setting 'prot', did you mean 'port'?", "http"},
    {"{\"ratio\": 1,\n \"ratio\": 2}", "x.json:2:2: ratio is given twice", "ratio"},
    {"{\"http\":{\"port\":1,\"port\":1}}", "http.port is given twice", "http.port"},
    {"{\"http\": []}", "http must be an object, is an array", "http"},
    {"{\"http\": null}", "http must be an object, is null", "http"},
    {"{\"http\": {\"port\": \"80\"}}", "1:19: http.port must be a whole number, is '80'",
     "http.port"},
    {"{\"http\": {\"port\": 80.0}}", "http.port must be a whole number, is 80.0", "http.port"},
    {"{\"http\": {\"port\": 70000}}", "http.port must be between 0 and 65535, is 70000",
     "http.port"},
    {"{\"http\": {\"port\": -1}}", "http.port must be between 0 and 65535, is -1", "http.port"},
    {"{\"http\": {\"tls\": 1}}", "http.tls must be true or false, is 1", "http.tls"},
    {"{\"http\": {\"tls\": \"true\"}}", "http.tls must be true or false, is 'true'", "http.tls"},
    {"{\"http\": {\"max_body\": \"2 GiB\"}}",
     "http.max_body must be between 1 KiB and 1 GiB, is 2 GiB", "http.max_body"},
    {"{\"http\": {\"max_body\": 0}}", "http.max_body must be between 1 KiB and 1 GiB, is 0",
     "http.max_body"},
    {"{\"http\": {\"max_body\": -1}}",
     "http.max_body must be a size like 4096, \"64K\" or \"16 MiB\", is -1", "http.max_body"},
    {"{\"http\": {\"max_body\": \"lots\"}}", "or \"16 MiB\", is 'lots'", "http.max_body"},
    {"{\"http\": {\"max_body\": true}}", "or \"16 MiB\", is true", "http.max_body"},
    {"{\"http\": {\"timeout\": \"0\"}}", "http.timeout must be at least 1ms, is 0", "http.timeout"},
    {"{\"http\": {\"timeout\": \"soon\"}}",
     "http.timeout must be a duration like 30 (seconds), \"250ms\" or \"2h\", is 'soon'",
     "http.timeout"},
    {"{\"http\": {\"timeout\": []}}", "or \"2h\", is an array", "http.timeout"},
    {"{\"http\": {\"timeout\": -1}}", "or \"2h\", is -1", "http.timeout"},
    {"{\"ratio\": \"x\"}", "ratio must be a number, is 'x'", "ratio"},
    {"{\"log\": {\"level\": \"inof\"}}",
     "log.level must be one of \"debug\", \"info\" or \"warn\", is 'inof', did you mean 'info'?",
     "log.level"},
    {"{\"log\": {\"level\": 1}}", "log.level must be one of \"debug\", \"info\" or \"warn\", is 1",
     "log.level"},
    {"{\"log\": {\"path\": 1}}", "log.path must be a text, is 1", "log.path"},
    {"{\"log\": {\"path\": \"a\\u0000\"}}", "log.path must not contain \\u0000", "log.path"},
    {"{\"title\": \"01234567890\"}", "1:11: title: ten characters at most", "title"},
    {"{\"password\": 12345}", "password must be a text, is something else", "password"},
    {"{\"tables\": [}", "1:13: expected a value, found '}'", "tables"},
    {"{\"hosts\": 1}", "hosts must be a text or an array of texts, is 1", "hosts"},
    {"{\"hosts\": [\"a\", 2]}", "1:17: hosts must be a text or an array of texts, is 2", "hosts"},
    {"{\"hosts\": \"\\u0000\"}", "hosts must not contain \\u0000", "hosts"},
    {"{\"hosts\": [\"\\u0000\"]}", "hosts must not contain \\u0000", "hosts"},
    {"{\"routes\": {}}", "routes must be an array of objects, is an object", "routes"},
    {"{\"routes\": [1]}", "routes[0] must be an object", "routes[0]"},
    {"{\"routes\": [{\"url\":\"a\"}, {\"name\":\"b\"}]}", "1:26: routes[1] lacks 'url'",
     "routes[1]"},
    {"{\"routes\": [{\"url\":\"a\",\"weight\":0}]}", "routes[0].weight must be at least 1, is 0",
     "routes[0].weight"},
    {"{\"routes\": [{\"ulr\":\"a\"}]}", "routes[0]: unknown setting 'ulr', did you mean 'url'?",
     "routes[0]"},
    {"{\"stores\": []}", "stores must be an object of objects, is an array", "stores"},
    {"{\"stores\": {\"a\": 1}}", "stores.a must be an object", "stores.a"},
    {"{\"stores\": {\"a\": {\"url\":\"\"}}}", "stores.a lacks 'url'", "stores.a"},
    {"{\"stores\": {\"a\": {\"url\":\"1\"},\n\"a\": {}}}", "2:1: stores.a is given twice",
     "stores.a"},
    {"{\"stores\": {\"a\": {\"name\":\"b\"}}}", "stores.a: unknown setting 'name'", "stores.a"},
    {"{\"stores\": {\"\": {}}}", "stores: a name must not be empty", "stores"},
    {"{\"stores\": {\"a\": ", "but the text ends here", "stores.a"},
    {"{\"routes\": [", "but the text ends here", "routes[0]"},
    {"{\"hosts\": [", "but the text ends here", "hosts"},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bed b;
        make(&b);
        if (parse(&b, wrong[i].text))
            fail_msg("took %s", wrong[i].text);
        check_int(b.e.code, BW_BAD);
        check_says(&b.e, wrong[i].says);
        assert_string_equal(b.e.field, wrong[i].field);
        check(!settings_parse(INTO(&b), "x", bw_cstr(wrong[i].text), NULL));
        drop(&b);
    }
}

static void never_repeats_a_secret(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    check(!parse(&b, "{\"password\": [\"geheim\"]}"));
    check(!strstr(b.e.text, "geheim"));
    drop(&b);
}

static void wants_the_required(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    check(!settings_check(sample_options, &b.s, &b.e));
    check_says(&b.e, "the setting 'title' is required");
    assert_string_equal(b.e.field, "title");
    check_ok(set(&b, "title", "x"), &b.e);
    check_ok(settings_check(sample_options, &b.s, &b.e), &b.e);
    drop(&b);
}

/* ---- environment and command line ---- */

static void reads_the_environment(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    check_ok(env(&b, "BURROW_UNIT=api#2"), &b.e); /* an angel's mark */
    check_ok(env(&b, "BURROW_HTTP_LISTEN=[::1]"), &b.e);
    assert_string_equal(b.s.http.listen, "[::1]");
    check_ok(env(&b, "BURROW_HTTP_MAX_BODY=64 KiB"), &b.e);
    check_int(b.s.http.max_body, 65536); /* the longer name, not http.max.body */
    check_int(b.s.http.max.body, 0);
    check_ok(env(&b, "BURROW_HTTP_TIMEOUT=2"), &b.e);
    check(b.s.http.timeout == INT64_C(2000000000));
    check_ok(env(&b, "BURROW_HTTP_TLS=on"), &b.e);
    check(b.s.http.tls);
    check_ok(env(&b, "BURROW_HTTP_TLS=false"), &b.e);
    check(!b.s.http.tls);
    check_ok(env(&b, "BURROW_LOG_LEVEL=debug"), &b.e);
    check_int(b.s.log.level, 0);
    check_ok(env(&b, "BURROW_HOSTS=a, b,c"), &b.e);
    check(!b.s.hosts[3]);
    assert_string_equal(b.s.hosts[1], "b");
    check_ok(env(&b, "BURROW_HOSTS=[\"a,b\"]"), &b.e);
    assert_string_equal(b.s.hosts[0], "a,b");
    check_ok(env(&b, "BURROW_HOSTS=[::1]:80"), &b.e);
    assert_string_equal(b.s.hosts[0], "[::1]:80");
    check_ok(env(&b, "BURROW_HOSTS="), &b.e);
    check(!b.s.hosts[0]);
    check_ok(env(&b, "BURROW_RATIO=1e3"), &b.e);
    check(b.s.ratio == 1000.0);
    check_ok(env(&b, "BURROW_TITLE="), &b.e);
    check_ok(env(&b, "BURROW_TABLES={\"a\":1}"), &b.e);
    check_str(b.s.tables, "{\"a\":1}");
    check_ok(env(&b, "BURROW_ROUTES=[{\"url\":\"x\"},{\"url\":\"y\"}]"), &b.e);
    check_int(b.s.routes.n, 2);
    check_ok(env(&b, "OTHER_THING=1"), &b.e);
    drop(&b);
}

static const struct {
    const char *pair, *says;
} wrong_env[] = {
    {"BURROW_HTTP_PROT=1",
     "the environment variable BURROW_HTTP_PROT is no setting, did you mean BURROW_HTTP_PORT?"},
    {"BURROW_SOMETHING_ELSE_ENTIRELY=1", "BURROW_SOMETHING_ELSE_ENTIRELY is no setting"},
    {"BURROW_=1", "BURROW_ is no setting"},
    {"BURROW_HTTP=1", "BURROW_HTTP is no setting"},
    {"BURROW_HTTP_PORT=x", "variable BURROW_HTTP_PORT: http.port must be a whole number, is 'x'"},
    {"BURROW_HTTP_PORT=", "http.port must be a whole number, is ''"},
    {"BURROW_HTTP_PORT=1 2", "http.port must be a whole number, is '1 2'"},
    {"BURROW_HTTP_PORT=99999", "http.port must be between 0 and 65535, is 99999"},
    {"BURROW_HTTP_TLS=maybe", "http.tls must be true or false, is 'maybe'"},
    {"BURROW_HTTP_TIMEOUT=x", "http.timeout must be a duration"},
    {"BURROW_LOG_LEVEL=inf", "is 'inf', did you mean 'info'?"},
    {"BURROW_STORES_A_FILE=x", "'stores' has no parts to be set one by one: give BURROW_STORES "
                               "whole, as JSON, or the settings file"},
    {"BURROW_ROUTES_0_URL=x", "'routes' has no parts to be set one by one: give BURROW_ROUTES"},
    {"BURROW_ROUTES=x", "routes must be an array of objects, is 'x'"},
    {"BURROW_TABLES=[1,", "tables must be JSON, is '[1,'"},
    {"BURROW_TITLE=01234567890", "title: ten characters at most"},
};

static void says_what_is_wrong_in_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong_env / sizeof *wrong_env; i++) {
        struct bed b;
        make(&b);
        if (env(&b, wrong_env[i].pair))
            fail_msg("took %s", wrong_env[i].pair);
        check_says(&b.e, wrong_env[i].says);
        drop(&b);
    }
}

static void reads_the_command_line(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    check_ok(set(&b, "title", "plain"), &b.e);
    check_str(b.s.title, "plain");
    check_ok(set(&b, "title", "\"q\\n\""), &b.e);
    check_str(b.s.title, "q\n");
    check_ok(set(&b, "title", "\"half"), &b.e);
    check_str(b.s.title, "\"half");
    check_ok(set(&b, "routes", "[{\"url\":\"x\"}]"), &b.e);
    check_int(b.s.routes.n, 1);
    check_ok(set(&b, "http", "{\"port\":5}"), &b.e);
    check_int(b.s.http.port, 5);
    check(!set(&b, "http.prot", "1"));
    check_says(&b.e, "there is no setting 'http.prot', did you mean 'port'?");
    check(!set(&b, "", "1"));
    check_says(&b.e, "there is no setting ''");
    check(!set(&b, "routes.url", "1"));
    check_says(&b.e, "'routes' has no parts to be set one by one");
    check(!set(&b, "http.port", "x"));
    check_says(&b.e, "http.port must be a whole number, is 'x'");
    assert_string_equal(b.e.field, "http.port");
    check(!set(&b, "http", "5"));
    check_says(&b.e, "http must be an object, is 5");
    check(!set(&b, "routes", "x"));
    check_says(&b.e, "routes must be an array of objects, is 'x'");
    drop(&b);
}

/* ---- the other direction ---- */

static void prints_what_it_reads(void **state)
{
    (void)state;
    struct bed b, c;
    struct bw_buf once, twice;
    make(&b);
    make(&c);
    bw_buf_init(&once, 1 << 16);
    bw_buf_init(&twice, 1 << 16);
    check_ok(parse(&b, whole), &b.e);
    settings_print(sample_options, &b.s, &once);
    check(!strstr(bw_buf_cstr(&once), "geheim"));
    check(strstr(bw_buf_cstr(&once), "\"password\": \"***\""));
    check(strstr(bw_buf_cstr(&once), "\"max_body\": \"64 KiB\""));
    check(strstr(bw_buf_cstr(&once), "\"timeout\": \"1500ms\""));
    check_ok(settings_parse(INTO(&c), "again", bw_buf_str(&once), &c.e), &c.e);
    settings_print(sample_options, &c.s, &twice);
    check(bw_str_eq(bw_buf_str(&once), bw_buf_str(&twice)));
    check(c.s.http.timeout == b.s.http.timeout && c.s.stores.n == 2);
    bw_buf_release(&once);
    bw_buf_release(&twice);
    drop(&b);
    drop(&c);
}

static void prints_defaults(void **state)
{
    (void)state;
    struct bed b;
    struct bw_buf out;
    make(&b);
    bw_buf_init(&out, 1 << 16);
    settings_print(sample_options, &b.s, &out);
    check_str(bw_buf_str(&out), "{\n"
                                "  \"http\": {\n"
                                "    \"listen\": \"127.0.0.1\",\n"
                                "    \"port\": 8080,\n"
                                "    \"max_body\": \"16 MiB\",\n"
                                "    \"timeout\": \"30s\",\n"
                                "    \"tls\": false,\n"
                                "    \"max\": {\n"
                                "      \"body\": 0\n"
                                "    }\n"
                                "  },\n"
                                "  \"log\": {\n"
                                "    \"level\": \"info\",\n"
                                "    \"path\": null\n"
                                "  },\n"
                                "  \"ratio\": 0.5,\n"
                                "  \"title\": null,\n"
                                "  \"password\": null,\n"
                                "  \"tables\": null,\n"
                                "  \"hosts\": [],\n"
                                "  \"stores\": {},\n"
                                "  \"routes\": []\n"
                                "}\n");
    bw_buf_release(&out);
    drop(&b);
}

static void writes_a_schema(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"",
        "\"title\": \"sample\"",
        "\"additionalProperties\": false",
        "\"maximum\": 65535",
        "\"default\": \"16 MiB\"",
        "\"writeOnly\": true",
        "\"description\": \"The largest request body.\"",
        "\"enum\": [",
    };
    struct bw_buf out;
    bw_buf_init(&out, 1 << 16);
    settings_schema(sample_options, "sample", &out);
    check(bw_buf_ok(&out) && bw_json_valid(bw_buf_str(&out), 64));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(bw_buf_cstr(&out), parts[i]))
            fail_msg("the schema lacks %s", parts[i]);
    }
    bw_buf_release(&out);
}

static void writes_help(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "http.port\n    a whole number, from 0 to 65535; default 8080\n"
        "    The port; 0 takes a free one.\n    environment: BURROW_HTTP_PORT\n",
        "http.max_body\n    a size like 4096, \"64K\" or \"16 MiB\", from 1 KiB to 1 GiB; default "
        "\"16 MiB\"; a reload may change it\n",
        "http.max.body\n",
        "routes[].url\n    a text; required\n    Where.\nroutes[].weight",
        "stores.<name>.url\n    a text; required\n    Where.\nstores.<name>.weight",
        "log.level\n    one of \"debug\", \"info\" or \"warn\"; default \"info\"\n",
    };
    struct bw_buf out;
    bw_buf_init(&out, 1 << 16);
    settings_help(sample_options, &out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(bw_buf_cstr(&out), parts[i]))
            fail_msg("the help lacks: %s\nin: %s", parts[i], bw_buf_cstr(&out));
    }
    check(!strstr(bw_buf_cstr(&out), "BURROW_ROUTES") &&
          !strstr(bw_buf_cstr(&out), "stores.<name>.name"));
    bw_buf_release(&out);
}

static void markdown_tells_the_same(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\n## http\n",
        "| `http.port` | a whole number, from 0 to 65535 | `8080` | | The port; 0 takes a free "
        "one. "
        "|\n",
        "from 1 KiB to 1 GiB | `\"16 MiB\"` | yes |",
        "| `routes[].url` | a text; required | | | Where. |\n",
        "| `stores.<name>.url` | a text; required | | | Where. |\n",
    };
    struct bw_buf out;
    bw_buf_init(&out, 1 << 16);
    settings_markdown(sample_options, &out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(bw_buf_cstr(&out), parts[i]))
            fail_msg("the page lacks: %s\nin: %s", parts[i], bw_buf_cstr(&out));
    check(!strstr(bw_buf_cstr(&out), "stores.<name>.name"));
    bw_buf_release(&out);
}

/* ---- files ---- */

static void loads_files(void **state)
{
    (void)state;
    struct bed b;
    make(&b);
    char path[] = "/tmp/settings_test_XXXXXX";
    int fd = mkstemp(path);
    check(fd >= 0);
    check_int(write(fd, "{\"http\":{\"port\":9}}", 19), 19);
    check_ok(settings_load(INTO(&b), path, &b.e), &b.e);
    check_int(b.s.http.port, 9);
    check_int(write(fd, "x", 1), 1);
    check(!settings_load(INTO(&b), path, &b.e));
    check_says(&b.e, ":1:20: expected nothing more");
    check_says(&b.e, path);
    check_int(ftruncate(fd, 5 << 20), 0);
    check(!settings_load(INTO(&b), path, &b.e));
    check_says(&b.e, "larger than 4 MiB");
    close(fd);
    unlink(path);
    check(!settings_load(INTO(&b), path, &b.e));
    check_says(&b.e, "opening the settings file");
    check(!settings_load(INTO(&b), "/", &b.e));
    drop(&b);
}

/* ---- numbers, pairs, texts that are split, sections in short, any case, places, digests ---- */

struct more {
    struct opt_list codes;
    const char **env, **words;
    struct {
        const char *check;
        int64_t tries;
    } ready;
    int mode;
};

static const char **at_dots(bw_str text, struct bw_arena *a, struct bw_err *e)
{
    const char **out = BW_NEW_N(a, const char *, text.n + 2);
    bw_str part;
    if (bw_str_find(text, '!') < text.n) {
        bw_fail(e, BW_BAD, "no '!' here");
        return NULL;
    }
    for (size_t n = 0; bw_str_cut(&text, '.', &part); n++)
        out[n] = bw_arena_cstr(a, part);
    return out;
}

#define IN_READY(m) offsetof(struct more, ready.m) - offsetof(struct more, ready)
static const char *const modes[] = {"Slow", "Fast", NULL};
static const struct option ready_options[] = {
    {"Check", OPT_CSTR, IN_READY(check)},
    {"Tries", OPT_INT, IN_READY(tries), .initial = "3"},
    {0},
};
static const struct option more_options[] = {
    {"Codes", OPT_INTS, OPT_AT(struct more, codes), .max = 255},
    {"Env", OPT_PAIRS, OPT_AT(struct more, env)},
    {"Words", OPT_TEXTS, OPT_AT(struct more, words), .split = at_dots},
    {"Ready", OPT_SECTION, OPT_AT(struct more, ready), .options = ready_options, .brief = true},
    {"Mode", OPT_ENUM, OPT_AT(struct more, mode), .names = modes},
    {0},
};

static bool read_more(struct more *m, struct bw_arena *a, const char *text, struct bw_err *e)
{
    struct settings s = {more_options, m, a, .fold = true};
    settings_defaults(more_options, m, a);
    return settings_parse(&s, "x", bw_cstr(text), e);
}

static const char more_text[] = "{\"codes\": [1, 2], \"ENV\": {\"A\": \"x=y\", \"B\": 1.5, "
                                "\"C\": false},\n\"words\": \"a.b\", \"ready\": \"now\", "
                                "\"mode\": \"fast\"}";

static void reads_more_types(void **state)
{
    (void)state;
    struct more m;
    struct bw_arena a;
    struct bw_err e = {0};
    struct bw_buf b;
    bw_arena_init(&a);
    bw_buf_init(&b, 4096);
    check_ok(read_more(&m, &a, more_text, &e), &e);
    check(m.codes.n == 2 && ((int64_t *)m.codes.items)[1] == 2 && m.mode == 1);
    assert_string_equal(m.env[0], "A=x=y");
    assert_string_equal(m.env[1], "B=1.5");
    assert_string_equal(m.env[2], "C=false");
    assert_string_equal(m.words[1], "b");
    assert_string_equal(m.ready.check, "now");
    check(!m.env[3] && !m.words[2] && m.ready.tries == 3);
    settings_print(more_options, &m, &b);
    struct more again;
    check_ok(read_more(&again, &a, bw_buf_cstr(&b), &e), &e);
    for (const struct option *o = more_options; o->name; o++)
        check(settings_digest(o, &m) == settings_digest(o, &again));
    check_ok(read_more(&again, &a, "{\"Codes\": 7, \"Env\": [\"A=1\"], \"Words\": [\"a.b\"]}", &e),
             &e);
    check(again.codes.n == 1 && !strcmp(again.words[0], "a.b") && !strcmp(again.env[0], "A=1"));
    for (const struct option *o = more_options; o->name; o++)
        check(settings_digest(o, &m) != settings_digest(o, &again));
    bw_buf_clear(&b);
    settings_schema(more_options, "more", &b);
    check(bw_json_valid(bw_buf_str(&b), 20));
    check(strstr(bw_buf_cstr(&b), "\"additionalProperties\": {") != NULL);
    bw_buf_release(&b);
    bw_arena_release(&a);
}

static void refuses_more(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"codes\": [256]}", "Codes must be between 0 and 255, is 256"},
        {"{\"codes\": \"1\"}", "Codes must be a whole number or an array of them, is '1'"},
        {"{\"env\": {\"A\": []}}", "Env.A must be an object of texts"},
        {"{\"env\": {\"A\": 1, \"A\": 2}}", "gives 'A' twice"},
        {"{\"env\": {\"A=\": 1}}", "a name must not be empty or contain '='"},
        {"{\"env\": [\"A\"]}", "must be like \"NAME=value\""},
        {"{\"env\": [\"=A\"]}", "must be like \"NAME=value\""},
        {"{\"words\": \"a!\"}", "x:1:11: Words: no '!' here"},
        {"{\"ready\": 1}", "Ready must be a text, is 1"},
        {"{\"ready\": {\"trie\": 1}}", "did you mean 'Tries'?"},
        {"{\"mode\": \"fats\"}", "did you mean 'Fast'?"},
        {"{\"Mode\": \"slow\", \"mode\": \"slow\"}", "Mode is given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct more m;
        struct bw_arena a;
        struct bw_err e = {0};
        bw_arena_init(&a);
        check(!read_more(&m, &a, cases[i][0], &e));
        check_says(&e, cases[i][1]);
        bw_arena_release(&a);
    }
}

static void finds_places(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        unsigned line, column;
    } cases[] = {
        {"", 1, 1},       {"Codes", 1, 11},       {"codes[1]", 1, 15},    {"Env.B", 1, 44},
        {"words", 2, 10}, {"ready.Tries", 2, 26}, {"nothing[2].x", 1, 1}, {"Codes[9]", 1, 11}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned line, column;
        settings_place(bw_cstr(more_text), cases[i].path, &line, &column);
        if (line != cases[i].line || column != cases[i].column)
            print_message("%s: %u:%u\n", cases[i].path, line, column);
        check(line == cases[i].line && column == cases[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_defaults),
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(later_ones_win),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(never_repeats_a_secret),
        cmocka_unit_test(wants_the_required),
        cmocka_unit_test(reads_the_environment),
        cmocka_unit_test(says_what_is_wrong_in_the_environment),
        cmocka_unit_test(reads_the_command_line),
        cmocka_unit_test(prints_what_it_reads),
        cmocka_unit_test(prints_defaults),
        cmocka_unit_test(writes_a_schema),
        cmocka_unit_test(writes_help),
        cmocka_unit_test(markdown_tells_the_same),
        cmocka_unit_test(loads_files),
        cmocka_unit_test(reads_more_types),
        cmocka_unit_test(refuses_more),
        cmocka_unit_test(finds_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
