/* batch_test.c: batches over the real stores, both kinds. */
#include "help/shop.h"

#include <stdatomic.h>

#include "help/loops.h"
#include "net/fiber.h"
#include "net/wait.h"

#define ANY     "/api/batch"
#define TABLE   "/api/Article/batch"
#define JSON    "Content-Type: application/json"
#define LINES   "Content-Type: application/x-ndjson"
#define NOTHING "\"detail\":\"nothing was done: "

/* Every case begins with Author 1 "ann" and Article 1 "old". */
struct
try {
    const char *target, *headers, *body;
    int status;
    const char *want; /* the whole body of a 200, else words of it */
    int64_t articles, authors;
};

static const struct try tries[] = {
    /* forms */
    {ANY, JSON, "[]", 200, "{\"results\":[],\"done\":0,\"failed\":0}", 1, 1},
    {ANY, NULL, "{\"writes\":[]}", 200, "{\"results\":[],\"done\":0,\"failed\":0}", 1, 1},
    {ANY, LINES, "\n\n", 200, "{\"results\":[],\"done\":0,\"failed\":0}", 1, 1},
    {TABLE, LINES, "", 200, "{\"results\":[],\"done\":0,\"failed\":0}", 1, 1},
    {ANY, JSON, "[{\"add\":\"Author\",\"record\":{\"name\":\"bob\"}}]", 200,
     "{\"results\":[{\"id\":2,\"status\":201}],\"done\":1,\"failed\":0}", 1, 2},
    {ANY, JSON,
     "{\"atomic\":true,\"writes\":[{\"add\":\"article\",\"record\":{\"title\":\"new\"}},"
     "{\"update\":\"Article\",\"id\":1,\"record\":{\"views\":3}},"
     "{\"update\":\"Article\",\"id\":1,\"version\":2,\"record\":{\"views\":4}},"
     "{\"update\":\"Article\",\"id\":1,\"record\":{\"views\":5,\"version\":3,\"id\":1}},"
     "{\"delete\":\"Article\",\"id\":2,\"version\":1}]}",
     200,
     "{\"results\":[{\"id\":2,\"status\":201,\"version\":1},{\"id\":1,\"status\":200,\"version\":2}"
     ",{\"id\":1,\"status\":200,\"version\":3},{\"id\":1,\"status\":200,\"version\":4},"
     "{\"id\":2,\"status\":200}],\"done\":5,\"failed\":0}",
     1, 1},
    /* members in any order */
    {ANY, JSON,
     "[{\"record\":{\"views\":7},\"version\":1,\"id\":1,\"update\":\"Article\"},"
     "{\"id\":1,\"delete\":\"Article\"}]",
     200,
     "{\"results\":[{\"id\":1,\"status\":200,\"version\":2},{\"id\":1,\"status\":200}],\"done\":2,"
     "\"failed\":0}",
     0, 1},
    {TABLE, JSON, "[{\"title\":\"a\"},{\"title\":\"b\",\"id\":70}]", 200,
     "{\"results\":[{\"id\":2,\"status\":201,\"version\":1},{\"id\":70,\"status\":201,\"version\":"
     "1}],\"done\":2,\"failed\":0}",
     3, 1},
    {TABLE, JSON, "{\"writes\":[{\"title\":\"a\"}]}", 200,
     "{\"results\":[{\"id\":2,\"status\":201,\"version\":1}],\"done\":1,\"failed\":0}", 2, 1},
    {TABLE, LINES, "{\"title\":\"a\"}\r\n\r\n{\"title\":\"b\"}", 200,
     "{\"results\":[{\"id\":2,\"status\":201,\"version\":1},{\"id\":3,\"status\":201,\"version\":1}"
     "],\"done\":2,\"failed\":0}",
     3, 1},
    {TABLE, LINES "\nPrefer: return=minimal", "{\"atomic\":true}\n{\"title\":\"a\"}\n", 200,
     "{\"results\":[],\"done\":1,\"failed\":0}", 2, 1},
    /* all or none */
    {TABLE, JSON, "[{\"title\":\"a\"},{\"views\":3}]", 422,
     NOTHING "write 2 (Article): title is required", 1, 1},
    {TABLE, JSON, "[{\"title\":\"a\"},{\"views\":-1,\"nope\":1}]", 422,
     "\"errors\":[{\"field\":\"nope\",\"rule\":\"unknown\",\"detail\":\"'nope' is no field of "
     "Article\"},{\"field\":\"title\",\"rule\":\"required\",\"detail\":\"title is required\"},"
     "{\"field\":\"views\",\"rule\":\"min\",\"detail\":\"views must be at least 0, got -1\"}]",
     1, 1},
    {ANY, JSON,
     "[{\"add\":\"Article\",\"record\":{\"title\":\"a\"}},{\"add\":\"Author\",\"record\":{\"name\":"
     "\"ann\"}}]",
     409, NOTHING "write 2 (Author): ", 1, 1},
    {ANY, JSON, "[{\"add\":\"Article\",\"record\":{\"title\":\"a\",\"author\":99}}]", 422,
     "\"errors\":[{\"field\":\"author\",\"rule\":\"reference\"", 1, 1},
    {ANY, JSON,
     "[{\"delete\":\"Article\",\"id\":1},{\"update\":\"Article\",\"id\":1,\"record\":{\"views\":1}}"
     "]",
     404, NOTHING "write 2 (Article): ", 1, 1},
    {ANY, JSON, "[{\"update\":\"Article\",\"id\":1,\"version\":9,\"record\":{\"views\":1}}]", 412,
     NOTHING "write 1 (Article): ", 1, 1},
    {ANY, JSON, "[{\"delete\":\"Article\",\"id\":1},{\"delete\":\"Article\",\"id\":1}]", 404,
     NOTHING "write 2 (Article): ", 1, 1},
    {ANY, JSON,
     "[{\"add\":\"Author\",\"record\":{\"name\":\"x\"}},{\"add\":\"Log\",\"record\":{}}]", 422,
     "Log (write 2) is kept in 'archive', not in 'main'", 1, 1},
    {ANY, JSON, "[{\"add\":\"Log\",\"record\":{}}]", 200,
     "{\"results\":[{\"id\":1,\"status\":201}],\"done\":1,\"failed\":0}", 1, 1},
    {TABLE, JSON, "[{\"title\":\"a\"},{\"title\":\"b\"}", 400,
     NOTHING "write 2: the body ends too early", 1, 1},
    {TABLE, JSON, "[{\"title\":\"a\"},{\"title\":b}]", 400,
     NOTHING "write 2 (Article): line 1, column 10", 1, 1},
    {TABLE, LINES, "{\"title\":\"a\"}\n{\"title\":\n", 400, NOTHING "write 2 (Article): line 1", 1,
     1},
    /* each on its own */
    {TABLE "?atomic=false", JSON, "[{\"title\":\"a\"},{\"views\":3},{\"title\":\"b\"}]", 200,
     "{\"results\":[{\"id\":2,\"status\":201,\"version\":1},{\"write\":2,\"status\":422,\"error\":{"
     "\"type\":\"urn:burrow:problem:invalid\",\"title\":\"Invalid record\",\"status\":422,"
     "\"detail\":\"title is required\",\"errors\":[{\"field\":\"title\",\"rule\":\"required\","
     "\"detail\":\"title is required\"}]}},{\"id\":3,\"status\":201,\"version\":1}],\"done\":2,"
     "\"failed\":1}",
     3, 1},
    {ANY, LINES "\nPrefer: return=minimal",
     "{\"atomic\":false}\n{\"add\":\"Log\",\"record\":{}}\n{\"add\":\"Author\",\"record\":{"
     "\"name\":"
     "\"x\"}}\n{\"add\":\"Log\",\"record\":{\"text\":\"t\"}}\n",
     200, "{\"results\":[],\"done\":3,\"failed\":0}", 1, 2},
    {ANY "?atomic=true", JSON,
     "{\"atomic\":false,\"writes\":[{\"add\":\"Author\",\"record\":{\"name\":\"x\"}},{\"add\":"
     "\"Log\",\"record\":{}}]}",
     200,
     "{\"results\":[{\"id\":2,\"status\":201},{\"id\":1,\"status\":201}],\"done\":2,\"failed\":"
     "0}",
     1, 2},
    {ANY "?atomic=false", JSON,
     "{\"atomic\":true,\"writes\":[{\"add\":\"Author\",\"record\":{"
     "\"name\":\"x\"}},7]}",
     400, NOTHING "write 2: line 1, column 1: ", 1, 1},
    {TABLE "?atomic=false", JSON, "[{\"title\":\"a\"},{\"views\":1},{\"title\":", 400,
     "\"detail\":\"1 writes were done and 1 refused before this: write 3: the body ends too "
     "early\"",
     2, 1},
    {TABLE "?atomic=false", JSON, "x", 400, "\"detail\":\"write 1: an array of writes", 1, 1},
    /* refused as a whole */
    {ANY "?atomic=no", JSON, "[]", 400, "atomic is true or false", 1, 1},
    {ANY "?atomik=true", JSON, "[]", 400, "did you mean 'atomic'?", 1, 1},
    {ANY, "Content-Type: text/csv", "a,b", 415, "application/x-ndjson", 1, 1},
    {ANY, JSON, "{\"atomic\":true}", 400, "write 1: the member 'writes' is missing", 1, 1},
    {ANY, JSON, "{\"writes\":[],\"atomic\":false}", 400, "must stand before", 1, 1},
};

/* What is wrong with one write: at /api/batch, words of the answer, always 400 and nothing done. */
static const struct {
    const char *write, *want;
} wrong[] = {
    {"7", "a write is an object such as"},
    {"{}", "write 1: a write says what to do: add, update or delete"},
    {"{\"id\":1}", "a write says what to do"},
    {"{\"ad\":\"Article\"}", "a write has no member 'ad', did you mean 'add'?"},
    {"{\"add\":\"Artcle\",\"record\":{}}", "did you mean 'Article'?"},
    {"{\"add\":7,\"record\":{}}", "the name of a table belongs here"},
    {"{\"add\":\"Article\"}", "(Article): 'record' is missing"},
    {"{\"add\":\"Article\",\"delete\":\"Article\"}", "one write is one of add, update and delete"},
    {"{\"add\":\"Article\",\"add\":\"Article\"}", "one write is one of add, update and delete"},
    {"{\"add\":\"Article\",\"record\":7}", "a record of Article is written as a JSON object"},
    {"{\"record\":[],\"add\":\"Article\"}", "a record of Article is written as a JSON object"},
    {"{\"add\":\"Article\",\"record\":{},\"record\":{}}", "'record' is given twice"},
    {"{\"add\":\"Article\",\"id\":4,\"record\":{}}", "an add has no 'id'"},
    {"{\"add\":\"Article\",\"version\":4,\"record\":{}}", "an add has no 'version'"},
    {"{\"update\":\"Article\",\"record\":{\"views\":1}}", "'id' is missing"},
    {"{\"update\":\"Article\",\"id\":1}", "'record' is missing"},
    {"{\"update\":\"Article\",\"id\":1,\"record\":{}}", "names no field of Article"},
    {"{\"update\":\"Article\",\"id\":1,\"record\":{\"version\":1}}", "names no field of Article"},
    {"{\"update\":\"Article\",\"id\":0,\"record\":{}}", "'id' is an integer from 1"},
    {"{\"update\":\"Article\",\"id\":\"1\",\"record\":{}}", "'id' is an integer from 1"},
    {"{\"update\":\"Article\",\"id\":1,\"id\":1}", "'id' is given twice"},
    {"{\"update\":\"Article\",\"id\":1,\"record\":{\"id\":2,\"views\":1}}",
     "the record's id is 2, the write's is 1"},
    {"{\"update\":\"Article\",\"id\":1,\"version\":2,\"record\":{\"version\":1,\"views\":1}}",
     "the record's version is 1, the write's is 2"},
    {"{\"update\":\"Author\",\"id\":1,\"version\":2,\"record\":{\"name\":\"x\"}}",
     "Author has no version field"},
    {"{\"delete\":\"Article\"}", "'id' is missing"},
    {"{\"delete\":\"Article\",\"id\":1,\"record\":{}}", "a delete has no 'record'"},
    {"{\"delete\":\"Article\",\"id\":1", "the body ends too early"},
};

static struct shop shop;

static void begin(const struct server_opts *o)
{
    shop_open(&shop, o);
    check_int(ask(&shop.server, "POST", "/api/Author", JSON, "{\"name\":\"ann\"}")->status, 201);
    check_int(ask(&shop.server, "POST", "/api/Article", JSON, "{\"title\":\"old\"}")->status, 201);
}

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const struct try *t = &tries[i];
        begin(NULL);
        const struct inprocess_answer *a =
            ask(&shop.server, "POST", t->target, t->headers, t->body);
        if (a->status != t->status)
            fail_msg("%s\nstatus %d: %.*s", t->body, a->status, BW_FMT(a->body));
        if (a->status == 200)
            check_str(a->body, t->want);
        else
            check_has(a, t->want);
        check_int(shop_count(&shop, "Article"), t->articles);
        check_int(shop_count(&shop, "Author"), t->authors);
        shop_close(&shop);
    }
}

static void wrong_writes(void **state)
{
    (void)state;
    begin(NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char body[512];
        snprintf(body, sizeof body, "[%s]", wrong[i].write);
        const struct inprocess_answer *a = ask(&shop.server, "POST", ANY, JSON, body);
        if (a->status != 400)
            fail_msg("%s\nstatus %d: %.*s", body, a->status, BW_FMT(a->body));
        check_has(a, "write 1");
        check_has(a, wrong[i].want);
    }
    check_int(shop_count(&shop, "Article"), 1);
    shop_close(&shop);
}

/* `atomic` is a field of Log: such a line is a record there. */
static void option_or_record(void **state)
{
    (void)state;
    begin(NULL);
    const struct inprocess_answer *a =
        ask(&shop.server, "POST", "/api/Log/batch", LINES, "{\"atomic\":false}\n{\"text\":\"x\"}");
    check_int(a->status, 200);
    check_int(shop_count(&shop, "Log"), 2);
    shop_close(&shop);
}

/* ---- long ones ---- */

/* n writes as lines, made while they are read, in pieces of an odd size; write `bad` is wrong. */
struct lines {
    int64_t n, i, bad;
    const char *bad_line;
    char text[80];
    size_t at, left;
    char piece[777];
};

static size_t take(struct lines *l, char *out, size_t room)
{
    if (l->left == 0) {
        if (l->i == l->n)
            return 0;
        l->i++;
        if (l->i == l->bad)
            snprintf(l->text, sizeof l->text, "%s\n", l->bad_line);
        else
            snprintf(l->text, sizeof l->text, "{\"title\":\"t%lld\",\"views\":%lld}\n",
                     (long long)l->i, (long long)(l->i % 100));
        l->at = 0;
        l->left = strlen(l->text);
    }
    size_t n = l->left < room ? l->left : room;
    memcpy(out, l->text + l->at, n);
    l->at += n;
    l->left -= n;
    return n;
}

static bool read_lines(void *arg, bw_str *piece, struct bw_err *e)
{
    struct lines *l = arg;
    size_t n = 0, got;
    (void)e;
    while (n < sizeof l->piece && (got = take(l, l->piece + n, sizeof l->piece - n)) > 0)
        n += got;
    *piece = bw_str_of(l->piece, n);
    return true;
}

static struct inprocess_answer post_lines(struct lines *l, const char *target, struct bw_arena *a)
{
    static const struct http_field lines_type = {BW_LIT("Content-Type"),
                                                 BW_LIT("application/x-ndjson")};
    struct inprocess_ask q = {.method = BW_LIT("POST"),
                              .target = bw_cstr(target),
                              .fields = &lines_type,
                              .n_fields = 1,
                              .read = read_lines,
                              .arg = l};
    struct inprocess_answer answer = {.arena = a};
    struct bw_err e;
    check_ok(inprocess_ask(&shop.server, &q, &answer, &e), &e);
    return answer;
}

static void check_results(bw_str body, int64_t n, int64_t bad)
{
    struct bw_json_reader r;
    struct bw_arena arena;
    bw_str name;
    int64_t i = 0, last = 0;
    bw_arena_init(&arena);
    bw_json_open(&r, &arena, body);
    check_int(bw_json_next(&r), BW_JSON_OBJECT);
    check(bw_json_member(&r, &name));
    check_int(bw_json_next(&r), BW_JSON_ARRAY);
    while (bw_json_next(&r) == BW_JSON_OBJECT) {
        check(bw_json_member(&r, &name));
        check_int(bw_json_next(&r), BW_JSON_INT);
        if (++i == bad) {
            check_str(name, "write");
            check_int(r.integer, bad);
        } else {
            check_str(name, "id");
            check(r.integer > last);
            last = r.integer;
        }
        while (bw_json_member(&r, &name))
            bw_json_skip(&r, bw_json_next(&r));
    }
    check_int(i, n);
    bw_arena_release(&arena);
}

/* Around the edges of a chunk (512 writes) and over many; wrong ones first, last and between. */
static void long_ones(void **state)
{
    (void)state;
    static const int64_t sizes[] = {511, 512, 513, 1024, 1025, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bw_arena a;
        bw_arena_init(&a);
        begin(NULL);
        struct lines l = {.n = sizes[i]};
        struct inprocess_answer got = post_lines(&l, TABLE, &a);
        check_int(got.status, 200);
        check_results(got.body, sizes[i], 0);
        check_int(shop_count(&shop, "Article"), 1 + sizes[i]);
        l = (struct lines){.n = sizes[i], .bad = sizes[i] - 1, .bad_line = "{\"views\":1}"};
        got = post_lines(&l, TABLE "?atomic=false", &a);
        check_int(got.status, 200);
        check_results(got.body, sizes[i], sizes[i] - 1);
        check_int(shop_count(&shop, "Article"), 2 * sizes[i]);
        shop_close(&shop);
        bw_arena_release(&a);
    }
}

/* Wherever the wrong write stands, and whether its reader or the store finds it: all is undone,
 * and the answer names it. */
static void long_undone(void **state)
{
    (void)state;
    static const int64_t places[] = {1, 511, 512, 513, 1024, 1025, 2999, 3000};
    static const struct {
        const char *line;
        int status;
    } kinds[] = {{"{\"views\":1}", 422},
                 {"{\"title\":\"x\",\"author\":99}", 422},
                 {"{\"title\":\"x\",\"id\":1}", 409},
                 {"{\"title\":", 400}};
    begin(NULL);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            struct bw_arena a;
            char words[64];
            bw_arena_init(&a);
            struct lines l = {.n = 3000, .bad = places[i], .bad_line = kinds[k].line};
            struct inprocess_answer got = post_lines(&l, TABLE, &a);
            check_int(got.status, kinds[k].status);
            snprintf(words, sizeof words, NOTHING "write %lld (Article): ", (long long)places[i]);
            check_has(&got, words);
            check_int(shop_count(&shop, "Article"), 1);
            bw_arena_release(&a);
        }
    shop_close(&shop);
}

/* Two wrong writes: the first is told, though the store finds it after the reader found the other.
 */
static void first_is_told(void **state)
{
    (void)state;
    struct bw_buf body;
    begin(NULL);
    bw_buf_init(&body, 1 << 20);
    for (int i = 1; i <= 700; i++)
        bw_buf_printf(&body,
                      i == 500   ? "{\"title\":\"x\",\"id\":1}\n"
                      : i == 600 ? "{\"views\":1}\n"
                                 : "{\"title\":\"t%d\"}\n",
                      i);
    const struct inprocess_answer *a = ask(&shop.server, "POST", TABLE, LINES, bw_buf_cstr(&body));
    check_int(a->status, 409);
    check_has(a, "write 500 (Article)");
    check_int(shop_count(&shop, "Article"), 1);
    bw_buf_release(&body);
    shop_close(&shop);
}

static void too_many(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    begin(&(struct server_opts){.batch_atomic_max = 600});
    struct lines l = {.n = 600};
    check_int(post_lines(&l, TABLE, &a).status, 200);
    l = (struct lines){.n = 601};
    struct inprocess_answer got = post_lines(&l, TABLE, &a);
    check_int(got.status, 413);
    check_has(&got, "at most 600 writes");
    check_int(shop_count(&shop, "Article"), 601);
    l = (struct lines){.n = 601};
    check_int(post_lines(&l, TABLE "?atomic=false", &a).status, 200);
    check_int(shop_count(&shop, "Article"), 1202);
    shop_close(&shop);
    bw_arena_release(&a);
}

/* A body that breaks off: atomic does nothing, else the writes before it stay. */
static bool break_off(void *arg, bw_str *piece, struct bw_err *e)
{
    struct lines *l = arg;
    if (l->i == l->n)
        return bw_fail(e, BW_GONE, "the peer went away");
    return read_lines(arg, piece, e);
}

static void broken_off(void **state)
{
    (void)state;
    static const char *const targets[] = {TABLE, TABLE "?atomic=false"};
    static const struct http_field type = {BW_LIT("Content-Type"), BW_LIT("application/ndjson")};
    for (int k = 0; k < 2; k++) {
        struct lines l = {.n = 1000};
        struct bw_arena a;
        struct bw_err e;
        bw_arena_init(&a);
        begin(NULL);
        struct inprocess_ask q = {.method = BW_LIT("POST"),
                                  .target = bw_cstr(targets[k]),
                                  .fields = &type,
                                  .n_fields = 1,
                                  .read = break_off,
                                  .arg = &l};
        struct inprocess_answer answer = {.arena = &a};
        inprocess_ask(&shop.server, &q, &answer, &e);
        int64_t n = shop_count(&shop, "Article");
        if (k == 0)
            check_int(n, 1);
        else
            check(n > 900 && n <= 1001);
        shop_close(&shop);
        bw_arena_release(&a);
    }
}

/* While a client is still sending an atomic batch, others write: the database is not held. */
static bool write_between(void *arg, bw_str *piece, struct bw_err *e)
{
    struct lines *l = arg;
    if (l->i == l->n)
        check_int(ask(&shop.server, "POST", "/api/Author", JSON, "{\"name\":\"bob\"}")->status,
                  201);
    return read_lines(arg, piece, e);
}

static void slow_sender(void **state)
{
    (void)state;
    static const struct http_field type = {BW_LIT("Content-Type"), BW_LIT("application/ndjson")};
    struct lines l = {.n = 2000};
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    begin(NULL);
    struct inprocess_ask q = {.method = BW_LIT("POST"),
                              .target = BW_LIT(TABLE),
                              .fields = &type,
                              .n_fields = 1,
                              .read = write_between,
                              .arg = &l};
    struct inprocess_answer answer = {.arena = &a};
    check_ok(inprocess_ask(&shop.server, &q, &answer, &e), &e);
    check_int(answer.status, 200);
    check_int(shop_count(&shop, "Article"), 2001);
    check_int(shop_count(&shop, "Author"), 2);
    shop_close(&shop);
    bw_arena_release(&a);
}

/* The database is not held for longer than the settings allow. */
static void deadline(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    begin(&(struct server_opts){.batch_deadline = 1});
    struct lines l = {.n = 2000};
    struct inprocess_answer got = post_lines(&l, TABLE, &a);
    check_int(got.status, 504);
    check_has(&got, NOTHING);
    check_int(shop_count(&shop, "Article"), 1);
    shop_close(&shop);
    bw_arena_release(&a);
}

/* Long batches on fibers of two loops: one after the other gets the database. */
#define SENDERS 6

struct sender {
    struct wait done;
    atomic_int status;
};

static void send_lines(void *arg)
{
    struct sender *s = arg;
    struct lines l = {.n = 1300};
    struct bw_arena a;
    bw_arena_init(&a);
    atomic_store(&s->status, post_lines(&l, TABLE, &a).status);
    bw_arena_release(&a);
    wait_wake(&s->done);
}

static void send_all(struct loops *ls)
{
    struct sender s[SENDERS];
    for (unsigned i = 0; i < SENDERS; i++) {
        wait_init(&s[i].done);
        atomic_init(&s[i].status, 0);
        t_start_on(loops_at(ls, i % 2), send_lines, &s[i]);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        wait_for(&s[i].done, WAIT_SURE);
    for (unsigned i = 0; i < SENDERS; i++)
        check_int(atomic_load(&s[i].status), 200);
}

static void on_fibers(void **state)
{
    (void)state;
    begin(NULL);
    t_on_loops(2, send_all);
    check_int(shop_count(&shop, "Article"), 1 + SENDERS * 1300);
    shop_close(&shop);
}

static int sqlite(void **state)
{
    (void)state;
    shop_kind = "sqlite";
    return 0;
}

static int memory(void **state)
{
    (void)state;
    shop_kind = "memory";
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(wrong_writes),
        cmocka_unit_test(option_or_record),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(long_undone),
        cmocka_unit_test(first_is_told),
        cmocka_unit_test(slow_sender),
        cmocka_unit_test(deadline),
        cmocka_unit_test(on_fibers),
        cmocka_unit_test(too_many),
        cmocka_unit_test(broken_off),
    };
    int failed = cmocka_run_group_tests_name("sqlite", tests, sqlite, NULL);
    return failed + cmocka_run_group_tests_name("memory", tests, memory, NULL);
}
