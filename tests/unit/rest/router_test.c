#include "help/t.h"

#include "rest/router.h"

static struct bw_arena arena;
static struct route_node *root;

static int setup(void **state)
{
    (void)state;
    bw_arena_init(&arena);
    root = router_new(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bw_arena_release(&arena);
    return 0;
}

/* Segment 1 ("Article" of /api/Article) is a name. */
static bool add(enum http_method m, const char *path, struct bw_err *e)
{
    struct endpoint *ep = BW_NEW(&arena, struct endpoint);
    ep->method = m;
    ep->path = path;
    ep->id = path;
    return router_add(root, &arena, ep, (struct route_fold){.from = 1, .count = 1}, e);
}

static void add_all(void)
{
    static const struct {
        enum http_method m;
        const char *path;
    } routes[] = {
        {HTTP_GET, "/"},
        {HTTP_GET, "/health"},
        {HTTP_GET, "/api/Article"},
        {HTTP_POST, "/api/Article"},
        {HTTP_GET, "/api/Article/:id"},
        {HTTP_PUT, "/api/Article/:id"},
        {HTTP_GET, "/api/Article/:id/picture"},
        {HTTP_POST, "/api/Article/batch"},
        {HTTP_POST, "/api/Calculator.Add"},
        {HTTP_GET, "/api/stats/:category"},
        {HTTP_GET, "/api/stats/all"},
        {HTTP_POST, "/api/stats/:category"},
        {HTTP_GET, "/files/*path"},
        {HTTP_GET, "/files/:name"},
        {HTTP_GET, "/files/index"},
    };
    struct bw_err e;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        check_ok(add(routes[i].m, routes[i].path, &e), &e);
}

static void matches(void **state)
{
    (void)state;
    static const struct {
        enum http_method m;
        const char *path, *want /* template; NULL none */, *part;
    } rows[] = {
        {HTTP_GET, "/", "/", NULL},
        {HTTP_GET, "/health", "/health", NULL},
        {HTTP_HEAD, "/health", "/health", NULL},
        {HTTP_GET, "/Health", NULL, NULL},
        {HTTP_GET, "/health/", NULL, NULL},
        {HTTP_GET, "//health", NULL, NULL},
        {HTTP_GET, "health", NULL, NULL},
        {HTTP_GET, "", NULL, NULL},
        {HTTP_GET, "/api/Article", "/api/Article", NULL},
        {HTTP_GET, "/api/article", "/api/Article", NULL},
        {HTTP_GET, "/api/ARTICLE", "/api/Article", NULL},
        {HTTP_GET, "/API/Article", NULL, NULL},
        {HTTP_GET, "/api/%41rticle", "/api/Article", NULL},
        {HTTP_GET, "/api/%4", NULL, NULL},
        {HTTP_GET, "/api/%zzrticle", NULL, NULL},
        {HTTP_GET, "/api/Article/7", "/api/Article/:id", "7"},
        {HTTP_PUT, "/api/article/7", "/api/Article/:id", "7"},
        {HTTP_GET, "/api/Article/a%2Fb", "/api/Article/:id", "a%2Fb"},
        {HTTP_GET, "/api/Article/", NULL, NULL},
        {HTTP_GET, "/api/Article/7/picture", "/api/Article/:id/picture", "7"},
        {HTTP_GET, "/api/Article/7/Picture", NULL, NULL},
        {HTTP_GET, "/api/Article/7/picture/x", NULL, NULL},
        {HTTP_POST, "/api/Article/batch", "/api/Article/batch", NULL},
        {HTTP_GET, "/api/Article/batch", "/api/Article/:id", "batch"},
        {HTTP_DELETE, "/api/Article/7", NULL, NULL},
        {HTTP_POST, "/api/calculator.add", "/api/Calculator.Add", NULL},
        {HTTP_GET, "/api/stats/all", "/api/stats/all", NULL},
        {HTTP_POST, "/api/stats/all", "/api/stats/:category", "all"},
        {HTTP_GET, "/api/stats/news", "/api/stats/:category", "news"},
        {HTTP_GET, "/files/index", "/files/index", NULL},
        {HTTP_GET, "/files/readme", "/files/:name", "readme"},
        {HTTP_GET, "/files/a/b/c", "/files/*path", "a/b/c"},
        {HTTP_GET, "/files/", "/files/*path", ""},
        {HTTP_GET, "/files", NULL, NULL},
    };
    add_all();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct route_match m;
        router_match(root, rows[i].m, bw_cstr(rows[i].path), &m);
        const char *got = m.endpoint ? m.endpoint->path : "(none)";
        if (strcmp(got, rows[i].want ? rows[i].want : "(none)") != 0)
            fail_msg("%s %s: got %s", http_method_name(rows[i].m), rows[i].path, got);
        if (m.endpoint)
            check_int(m.n_parts, rows[i].part != NULL);
        if (m.endpoint && rows[i].part)
            check_str(m.parts[0], rows[i].part);
    }
}

static void names_of_parts(void **state)
{
    (void)state;
    struct bw_err e;
    struct route_match m;
    check_ok(add(HTTP_GET, "/a/:one/b/:two/*rest", &e), &e);
    check_ok(add(HTTP_POST, "/a/:uno/b/:dos", &e), &e);
    router_match(root, HTTP_GET, BW_LIT("/a/1/b/2/3/4"), &m);
    check_int(m.n_parts, 3);
    check_str(m.names[0], "one");
    check_str(m.names[1], "two");
    check_str(m.names[2], "rest");
    check_str(m.parts[0], "1");
    check_str(m.parts[1], "2");
    check_str(m.parts[2], "3/4");
    router_match(root, HTTP_POST, BW_LIT("/a/1/b/2"), &m);
    check_str(m.names[0], "uno");
    check_str(m.names[1], "dos");
}

static void allowed_methods(void **state)
{
    (void)state;
    struct route_match m;
    add_all();
    router_match(root, HTTP_DELETE, BW_LIT("/api/Article/7"), &m);
    check_int(m.allowed, 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_PUT | 1u << HTTP_OPTIONS);
    /* A literal and a part may both stand there: together they tell what is allowed. */
    router_match(root, HTTP_DELETE, BW_LIT("/api/stats/all"), &m);
    check_int(m.allowed, 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST | 1u << HTTP_OPTIONS);
    router_match(root, HTTP_GET, BW_LIT("/nowhere"), &m);
    check_int(m.allowed, 0);
}

static void refuses_bad_templates(void **state)
{
    (void)state;
    static const struct {
        const char *path, *says;
        enum bw_code code;
    } rows[] = {
        {"api/x", "must begin with '/'", BW_BAD},
        {"", "must begin with '/'", BW_BAD},
        {"/a/:", "need a name", BW_BAD},
        {"/a/:1x", "need a name", BW_BAD},
        {"/a/:x-y", "need a name", BW_BAD},
        {"/a/*x/b", "must be the last", BW_BAD},
        {"/a/:x/:x", "two parts 'x'", BW_BAD},
        {"/:a/:b/:c/:d/:e/:f/:g/:h/:i", "more than 8 parts", BW_BAD},
        {"/api/article", "is taken already by /api/Article", BW_CONFLICT},
        {"/api/Article/:key", "is taken already by /api/Article/:id", BW_CONFLICT},
    };
    add_all();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bw_err e;
        check(!add(HTTP_GET, rows[i].path, &e));
        check_says(&e, rows[i].says);
        check_int(e.code, rows[i].code);
    }
}

static void many_names(void **state)
{
    (void)state;
    struct bw_err e;
    struct route_match m;
    for (int i = 0; i < 1000; i++)
        check_ok(add(HTTP_GET, bw_arena_printf(&arena, "/api/Table%d", i).p, &e), &e);
    for (int i = 0; i < 1000; i++) {
        router_match(root, HTTP_GET, bw_arena_printf(&arena, "/api/tABLE%d", i), &m);
        check(m.endpoint != NULL);
        check_str(bw_cstr(m.endpoint->path), bw_arena_printf(&arena, "/api/Table%d", i).p);
    }
    router_match(root, HTTP_GET, BW_LIT("/api/Table1000"), &m);
    check(m.endpoint == NULL);
}

static void nearest_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/api/Artcle", "/api/Article"},
        {"/api/Artcle/7", "/api/Article/7"},
        {"/apu/Article", "/api/Article"},
        {"/api/Article/", "/api/Article"},
        {"/api/Article/7/pictrue", "/api/Article/7/picture"},
        {"/helth", "/health"},
        {"/something", ""},
        {"/api/Unrelated", ""},
        {"", ""},
        {"/", ""},
        {"x", ""},
    };
    add_all();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 300);
        router_near(root, bw_cstr(rows[i].path), &out);
        check_str(bw_buf_str(&out), rows[i].want);
        bw_buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(matches, setup, teardown),
        cmocka_unit_test_setup_teardown(names_of_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(allowed_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_templates, setup, teardown),
        cmocka_unit_test_setup_teardown(many_names, setup, teardown),
        cmocka_unit_test_setup_teardown(nearest_path, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
