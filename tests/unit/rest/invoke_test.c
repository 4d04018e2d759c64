#include "help/rest.h"

#include "core/log.h"

static struct bw_server server;

static bool add(struct bw_call *c, struct bw_err *e)
{
    (void)e;
    return bw_give_int(c, bw_arg_int(c, 0) + bw_arg_int(c, 1));
}

static bool divide(struct bw_call *c, struct bw_err *e)
{
    if (bw_arg_real(c, 1) == 0) {
        bw_give_real(c, 1);
        return bw_fail(e, BW_INVALID, "n2 must not be 0");
    }
    return bw_give_real(c, bw_arg_real(c, 0) / bw_arg_real(c, 1));
}

/* Gives back what it was given, by type. */
static bool mirror(struct bw_call *c, struct bw_err *e)
{
    (void)e;
    check(bw_call_user(c) == &server);
    check(bw_call_arena(c) != NULL);
    bw_give_text(c, bw_arg_text(c, 0));
    bw_give_text(c, bw_arg_text(c, 1));
    bw_give_bool(c, bw_arg_bool(c, 2));
    bw_give_time(c, bw_arg_time(c, 3));
    bw_give_json(c, bw_arg_text(c, 4));
    return bw_give_int(c, bw_arg_enum(c, 5)); /* `more` is not given */
}

static bool given(struct bw_call *c, struct bw_err *e)
{
    (void)e;
    bw_give_bool(c, bw_arg_given(c, 0));
    bw_give_bool(c, bw_arg_given(c, 1));
    return bw_give_text(c, bw_arg_text(c, 1));
}

static bool no_json(struct bw_call *c, struct bw_err *e)
{
    (void)e;
    return bw_give_json(c, BW_LIT("{oops"));
}

static bool nothing(struct bw_call *c, struct bw_err *e)
{
    (void)c;
    (void)e;
    return true;
}

static const char *const colours[] = {"red", "green", NULL};
static const struct bw_param two_ints[] = {
    {.name = "n1", .type = BW_TYPE_INT}, {.name = "n2", .type = BW_TYPE_INT}, {.name = NULL}};
static const struct bw_param two_reals[] = {
    {.name = "n1", .type = BW_TYPE_REAL}, {.name = "n2", .type = BW_TYPE_REAL}, {.name = NULL}};
static const struct bw_param one_int[] = {{.name = "sum", .type = BW_TYPE_INT}, {.name = NULL}};
static const struct bw_param one_real[] = {{.name = "q", .type = BW_TYPE_REAL}, {.name = NULL}};
static const struct bw_param one_json[] = {{.name = "j", .type = BW_TYPE_JSON}, {.name = NULL}};
static const struct bw_param all_kinds[] = {
    {.name = "text", .type = BW_TYPE_TEXT},
    {.name = "bytes", .type = BW_TYPE_BLOB},
    {.name = "flag", .type = BW_TYPE_BOOL},
    {.name = "time", .type = BW_TYPE_TIME},
    {.name = "json", .type = BW_TYPE_JSON},
    {.name = "colour", .type = BW_TYPE_ENUM, .names = colours},
    {.name = NULL}};
static const struct bw_param all_out[] = {
    {.name = "text", .type = BW_TYPE_TEXT},
    {.name = "bytes", .type = BW_TYPE_BLOB},
    {.name = "flag", .type = BW_TYPE_BOOL},
    {.name = "time", .type = BW_TYPE_TIME},
    {.name = "json", .type = BW_TYPE_JSON},
    {.name = "colour", .type = BW_TYPE_ENUM, .names = colours},
    {.name = "more", .type = BW_TYPE_INT},
    {.name = NULL}};
static const struct bw_param optional[] = {{.name = "a", .type = BW_TYPE_INT, .optional = true},
                                           {.name = "b", .type = BW_TYPE_TEXT, .optional = true},
                                           {.name = NULL}};
static const struct bw_param given_out[] = {{.name = "a", .type = BW_TYPE_BOOL},
                                            {.name = "b", .type = BW_TYPE_BOOL},
                                            {.name = "t", .type = BW_TYPE_TEXT},
                                            {.name = NULL}};

static const struct bw_method methods[] = {
    {.name = "Add", .run = add, .in = two_ints, .out = one_int, .safe = true},
    {.name = "Divide", .run = divide, .in = two_reals, .out = one_real},
    {.name = "Mirror", .run = mirror, .in = all_kinds, .out = all_out, .safe = true},
    {.name = "Given", .run = given, .in = optional, .out = given_out, .safe = true},
    {.name = "NoJson", .run = no_json, .out = one_json},
    {.name = "Nothing", .run = nothing},
    {.name = NULL},
};
static const struct bw_service calculator = {
    .name = "Calculator", .methods = methods, .user = &server};
static const struct bw_service *const services[] = {&calculator, NULL};
static const struct bw_app app = {.name = "test", .services = services};

static int setup(void **state)
{
    (void)state;
    struct bw_err e;
    log_set_level(LOG_LEVEL_FATAL);
    check_ok(server_init(&server, &app, &(struct server_opts){0}, &e), &e);
    check_ok(server_ready(&server, &e), &e);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_release(&server);
    ask_end();
    return 0;
}

struct row {
    const char *method, *target, *body;
    int status;
    const char *says;
};

static void run(const struct row *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct inprocess_answer *a = ask(&server, r[i].method, r[i].target, NULL, r[i].body);
        if (a->status != r[i].status)
            fail_msg("%s %s %s: %d %.*s", r[i].method, r[i].target, r[i].body ? r[i].body : "",
                     a->status, BW_FMT(a->body));
        if (a->status == 200)
            check_str(a->body, r[i].says);
        else
            check_has(a, r[i].says);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows)[0])

static void spellings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST", "/api/Calculator.Add", "[1,2]", 200, "{\"result\":[3]}"},
        {"POST", "/api/Calculator/Add", "[1,2]", 200, "{\"result\":[3]}"},
        {"POST", "/api/calculator.add", " {\"n2\":2,\"n1\":1} ", 200, "{\"result\":[3]}"},
        {"POST", "/api/CALCULATOR/ADD", "{\"n1\":-1,\"n2\":1}", 200, "{\"result\":[0]}"},
        {"GET", "/api/Calculator.Add?n1=1&n2=2", NULL, 200, "{\"result\":[3]}"},
        {"GET", "/api/Calculator/Add?n2=2&n1=40", NULL, 200, "{\"result\":[42]}"},
        {"POST", "/api/Calculator.Add?n1=1&n2=2", NULL, 200, "{\"result\":[3]}"},
        {"POST", "/api/Calculator.Add", "[9007199254740993,0]", 200,
         "{\"result\":[9007199254740993]}"},
        {"POST", "/api/Calculator.Divide", "[1,4]", 200, "{\"result\":[0.25]}"},
        {"POST", "/api/Calculator.Nothing", NULL, 200, "{\"result\":[]}"},
        {"POST", "/api/Calculator.Nothing", "[]", 200, "{\"result\":[]}"},
        {"POST", "/api/Calculator.Nothing", "{}", 200, "{\"result\":[]}"},
        {"GET", "/api/Calculator.Divide?n1=1&n2=2", NULL, 405, "GET is not allowed"},
        {"POST", "/api/Calculator.Addd", "[1,2]", 404, "did you mean /api/Calculator.Add?"},
        {"POST", "/api/Calculator/Ad", "[1,2]", 404, "did you mean /api/Calculator/Add?"},
    };
    RUN(rows);
}

static void wrong_parameters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST", "/api/Calculator.Add", "[1]", 400, "parameter 'n2' (an integer) is missing"},
        {"POST", "/api/Calculator.Add", NULL, 400,
         "\"errors\":[{\"field\":\"n1\",\"rule\":\"required\",\"detail\":\"parameter 'n1' (an "
         "integer) is missing\"},{\"field\":\"n2\""},
        {"POST", "/api/Calculator.Add", "[1,2,3]", 400, "takes 2 parameters, 3 were given"},
        {"POST", "/api/Calculator.Nothing", "[[1],{}]", 400, "takes 0 parameters, 2 were given"},
        {"POST", "/api/Calculator.Add", "[1,\"2\"]", 400, "parameter 'n2' must be an integer"},
        {"POST", "/api/Calculator.Add", "[1,2.5]", 400, "parameter 'n2' must be an integer"},
        {"POST", "/api/Calculator.Add", "[1,null]", 400, "parameter 'n2' must be an integer"},
        {"POST", "/api/Calculator.Add", "[1,[2]]", 400, "parameter 'n2' must be an integer"},
        {"POST", "/api/Calculator.Add", "[1,99999999999999999999]", 400, "line 1, column"},
        {"POST", "/api/Calculator.Add", "{\"n1\":1,\"n3\":{\"a\":[]},\"n2\":2}", 400,
         "Calculator.Add has no parameter 'n3', did you mean 'n1'?"},
        {"POST", "/api/Calculator.Add", "{\"n1\":1,\"n1\":1,\"n2\":2}", 400,
         "parameter 'n1' stands twice"},
        {"POST", "/api/Calculator.Add", "{\"n1\":1,", 400, "line 1, column"},
        {"POST", "/api/Calculator.Add", "[1,2] x", 400, "line 1, column"},
        {"POST", "/api/Calculator.Add", "7", 400, "must be a JSON array or object"},
        {"POST", "/api/Calculator.Add?n1=1", "[1,2]", 400, "stand in the body"},
        {"GET", "/api/Calculator.Add?n1=1", NULL, 400, "parameter 'n2' (an integer) is missing"},
        {"GET", "/api/Calculator.Add?n1=1&n2=two", NULL, 400, "parameter 'n2' must be an integer"},
        {"GET", "/api/Calculator.Add?n1=1&n2=2&nn=1", NULL, 400, "has no parameter 'nn'"},
        {"GET", "/api/Calculator.Add?n1=1&n2=2&n1=1", NULL, 400, "'n1' stands twice"},
        {"GET", "/api/Calculator.Add?n1=%zz&n2=2", NULL, 400, "not percent-encoded"},
        {"GET", "/api/Calculator.Add?n1=%ff&n2=2", NULL, 400, "not percent-encoded UTF-8"},
        {"POST", "/api/Calculator.Divide", "[1,0]", 422, "n2 must not be 0"},
        {"POST", "/api/Calculator.NoJson", NULL, 500, "its log tells why"},
    };
    RUN(rows);
}

static void kinds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST", "/api/Calculator.Mirror",
         "[\"h\\u00e9\",\"AAEC\",true,\"2026-11-23T23:04:18Z\", {\"a\": [1, 2]} ,\"green\"]", 200,
         "{\"result\":[\"hé\",\"AAEC\",true,\"2026-11-23T23:04:18Z\",{\"a\": [1, "
         "2]},\"green\",null]}"},
        {"POST", "/api/Calculator.Mirror",
         "{\"colour\":\"red\",\"json\":null,\"time\":\"2026-11-23\",\"flag\":false,\"bytes\":\"\","
         "\"text\":\"\"}",
         200, "{\"result\":[\"\",\"\",false,\"2026-11-23T00:00:00Z\",null,\"red\",null]}"},
        {"GET",
         "/api/Calculator.Mirror?text=a+b&bytes=-_8&flag=true&time=2026-11-23T00:00:00%2B01:00"
         "&json=[1]&colour=red",
         NULL, 200,
         "{\"result\":[\"a b\",\"+/8=\",true,\"2026-11-22T23:00:00Z\",[1],\"red\",null]}"},
        {"POST", "/api/Calculator.Mirror", "[1,2,3,4,5,6]", 400,
         "parameter 'text' must be a text; parameter 'bytes' must be bytes in base64; parameter "
         "'flag' must be true or false; parameter 'time' must be a time like"},
        {"POST", "/api/Calculator.Mirror", "[\"\",\"!\",true,\"noon\",5,\"blue\"]", 400,
         "parameter 'colour' must be one of: red, green"},
        {"POST", "/api/Calculator.Mirror", "[\"\",\"\",true,\"2026-11-23\"]", 400,
         "parameter 'json' (a JSON value) is missing; parameter 'colour' (a name) is missing"},
        {"GET", "/api/Calculator.Mirror?json=%7B", NULL, 400, "parameter 'json' must be a JSON"},
        {"GET", "/api/Calculator.Mirror?flag=yes", NULL, 400, "parameter 'flag' must be true or"},
    };
    RUN(rows);
}

static void optional_ones(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST", "/api/Calculator.Given", NULL, 200, "{\"result\":[false,false,null]}"},
        {"POST", "/api/Calculator.Given", "[1]", 200, "{\"result\":[true,false,null]}"},
        {"POST", "/api/Calculator.Given", "[null,\"x\"]", 200, "{\"result\":[false,true,\"x\"]}"},
        {"POST", "/api/Calculator.Given", "{\"b\":\"\"}", 200, "{\"result\":[false,true,\"\"]}"},
        {"GET", "/api/Calculator.Given?b=", NULL, 200, "{\"result\":[false,true,\"\"]}"},
    };
    RUN(rows);
}

static void media(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int status;
        const char *says;
    } rows[] = {
        {"Content-Type: application/json", 200, "[3]"},
        {"Content-Type: Application/JSON; charset=utf-8", 200, "[3]"},
        {"Content-Type: text/plain", 415, "send application/json"},
        {"Content-Encoding: gzip", 415, "send it unpacked"},
        {"Content-Encoding: identity", 200, "[3]"},
        {"Accept: application/json", 200, "[3]"},
        {"Accept: text/html, */*;q=0.1", 200, "[3]"},
        {"Accept: text/html", 406, "answers with application/json"},
        {"Accept: text/html\nAccept: application/json", 200, "[3]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct inprocess_answer *a =
            ask(&server, "POST", "/api/Calculator.Add", rows[i].headers, "[1,2]");
        check_int(a->status, rows[i].status);
        check_has(a, rows[i].says);
    }
}

static void refuses(const struct bw_service *v, const char *says)
{
    const struct bw_service *const list[] = {v, NULL};
    struct bw_app bad = {.name = "bad", .services = list};
    struct bw_server s;
    struct bw_err e;
    check(!server_init(&s, &bad, &(struct server_opts){0}, &e));
    check_says(&e, says);
}

static void bad_descriptors(void **state)
{
    (void)state;
    static const struct bw_param twice[] = {{.name = "a"}, {.name = "a"}, {.name = NULL}};
    static const struct bw_param odd[] = {{.name = "a b"}, {.name = NULL}};
    static const struct bw_param ref[] = {{.name = "r", .type = BW_TYPE_REF}, {.name = NULL}};
    static const struct bw_param names[] = {{.name = "c", .type = BW_TYPE_ENUM}, {.name = NULL}};
    static const struct {
        struct bw_method m[3];
        const char *service, *says;
    } rows[] = {
        {{{.name = "M", .run = add, .in = twice}}, "S", "S.M has two parameters 'a'"},
        {{{.name = "M", .run = add, .out = odd}}, "S", "'a b' is no name for a parameter"},
        {{{.name = "M", .run = add, .in = ref}}, "S", "'r' has a type or names that"},
        {{{.name = "M", .run = add, .in = names}}, "S", "'c' has a type or names that"},
        {{{.name = "M"}}, "S", "method S.M has no function"},
        {{{.name = "M.x", .run = add}}, "S", "'M.x' is no name for a method"},
        {{{.name = "M", .run = add}}, "S p", "'S p' is no name for a service"},
        {{{.name = "M", .run = add}, {.name = "m", .run = add}}, "S", "is taken already by"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuses(&(struct bw_service){.name = rows[i].service, .methods = rows[i].m}, rows[i].says);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings), cmocka_unit_test(wrong_parameters),
        cmocka_unit_test(kinds),     cmocka_unit_test(optional_ones),
        cmocka_unit_test(media),     cmocka_unit_test(bad_descriptors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
