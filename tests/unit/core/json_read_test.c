/* The JSON reader: texts it takes, texts it refuses and where, and what it gives back. */
#include "help/t.h"

#define TEXT(s)          \
    {                    \
        s, sizeof(s) - 1 \
    }

/* ---- the grammar, RFC 8259 ---- */

static const bw_str good[] = {
    /* values at the top */
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT("0"),
    TEXT("-1"),
    TEXT("\"\""),
    TEXT("[]"),
    TEXT("{}"),
    TEXT("\"x\""),
    TEXT(" \t\r\n1\n\r\t "),
    TEXT("[\n]"),
    TEXT("{ }"),
    /* numbers */
    TEXT("-0"),
    TEXT("0.0"),
    TEXT("-0.0"),
    TEXT("10"),
    TEXT("1.5"),
    TEXT("-1.5"),
    TEXT("0.5e1"),
    TEXT("1e5"),
    TEXT("1E5"),
    TEXT("1e+5"),
    TEXT("1e-5"),
    TEXT("1E+5"),
    TEXT("1e00"),
    TEXT("0e0"),
    TEXT("9223372036854775807"),
    TEXT("-9223372036854775808"),
    TEXT("1.7976931348623157e308"),
    TEXT("5e-324"),
    TEXT("1e-400"),
    TEXT("123456789012345678901234567890.0"),
    TEXT("0.00000000000000000000000000000000000000000000000001"),
    TEXT("1e-99999999999999999999"),
    /* texts */
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    TEXT("\"\\u0041\""),
    TEXT("\"\\u00e9\""),
    TEXT("\"\\uD83D\\uDE00\""),
    TEXT("\"\\ud83d\\ude00\""),
    TEXT("\"\\u0000\""),
    TEXT("\"\\uffff\""),
    TEXT("\"\x7f\""),
    TEXT("\"\xc3\xa9\""),
    TEXT("\"\xe2\x82\xac\""),
    TEXT("\"\xf0\x9f\x98\x80\""),
    TEXT("\"\xf4\x8f\xbf\xbf\""),
    TEXT("\"\xed\x9f\xbf\""),
    TEXT("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    TEXT("\"\\\\u0041\""),
    TEXT("\"a/*b*/c//d\""),
    TEXT("\"0123456789abcdef\\n0123456789abcdef\xc3\xa9 tail\""),
    /* structure */
    TEXT("[1]"),
    TEXT("[1,2]"),
    TEXT("[1 , 2]"),
    TEXT("[[]]"),
    TEXT("[[],[]]"),
    TEXT("[{}]"),
    TEXT("{\"a\":1}"),
    TEXT("{\"a\":1,\"b\":2}"),
    TEXT("{ \"a\" : 1 , \"b\" : 2 }"),
    TEXT("{\"\":0}"),
    TEXT("{\"a\":{}}"),
    TEXT("{\"a\":[]}"),
    TEXT("{\"a\":1,\"a\":2}"),
    TEXT("[null,true,false,1,1.5,\"x\",[],{}]"),
    TEXT("{\"a\\n\":1}"),
    TEXT("[\"a\",\"b\"]"),
    TEXT("{\"a\":{\"b\":{\"c\":[1,{\"d\":2}]}}}"),
    TEXT("[1\n]"),
    TEXT("[[[[[[[[1]]]]]]]]"),
};

struct bad {
    bw_str text;
    unsigned column; /* all in line 1 */
    const char *says;
};

#define BAD(s, column, says)  \
    {                         \
        TEXT(s), column, says \
    }

static const struct bad bad[] = {
    BAD("", 1, "expected a value, but the text ends"),
    BAD(" ", 2, "expected a value, but the text ends"),
    BAD("nul", 1, "expected a value, found 'n'"), BAD("True", 1, "found 'T'"),
    BAD("TRUE", 1, "found 'T'"), BAD("nullx", 5, "nothing more behind the value, found 'x'"),
    BAD("NaN", 1, "found 'N'"), BAD("Infinity", 1, "found 'I'"), BAD("'x'", 1, "found '''"),
    BAD("x", 1, "found 'x'"), BAD("\x01", 1, "the byte 0x01"), BAD("\0", 1, "the byte 0x00"),
    BAD("1\0", 2, "the byte 0x00"), BAD("\xef\xbb\xbf{}", 1, "byte order mark"),
    BAD("\xc3\xa9", 1, "the byte 0xc3"), BAD("\v1", 1, "the byte 0x0b"),
    BAD("\xc2\xa0[]", 1, "the byte 0xc2"), BAD("1 2", 3, "nothing more"),
    BAD("[] []", 4, "nothing more"), BAD("{}}", 3, "nothing more"), BAD("[]]", 3, "nothing more"),
    BAD("//", 1, "found '/'"), BAD("/**/1", 1, "found '/'"), BAD("1//", 2, "found '/'"),
    BAD("[1/**/]", 3, "found '/'"),
    /* numbers */
    BAD("+1", 1, "found '+'"), BAD(".5", 1, "found '.'"), BAD("-", 1, "not a JSON number"),
    BAD("--1", 1, "not a JSON number"), BAD("-a", 1, "not a JSON number"),
    BAD("01", 1, "not a JSON number"), BAD("00", 1, "not a JSON number"),
    BAD("-01", 1, "not a JSON number"), BAD("1.", 1, "not a JSON number"),
    BAD("1.e1", 1, "not a JSON number"), BAD("-.1", 1, "not a JSON number"),
    BAD("1e", 1, "not a JSON number"), BAD("1e+", 1, "not a JSON number"),
    BAD("1e-", 1, "not a JSON number"), BAD("1e1.5", 4, "nothing more"),
    BAD("1.5.5", 4, "nothing more"), BAD("0x10", 2, "nothing more"),
    BAD("1_000", 2, "nothing more"), BAD("1,000", 2, "nothing more"),
    BAD("-Infinity", 1, "not a JSON number"),
    BAD("9223372036854775808", 1, "does not fit into 64 bits"),
    BAD("-9223372036854775809", 1, "does not fit into 64 bits"),
    BAD("100000000000000000000", 1, "does not fit into 64 bits"),
    BAD("1e400", 1, "too large for a double"), BAD("-1e400", 1, "too large for a double"),
    BAD("[1.8e308]", 2, "too large for a double"),
    /* texts */
    BAD("\"", 1, "no closing quote"), BAD("\"abc", 1, "no closing quote"),
    BAD("[\"abc]", 2, "no closing quote"), BAD("\"abc\\\"", 1, "no closing quote"),
    BAD("\"\\", 2, "unknown escape"), BAD("\"\\a\"", 2, "unknown escape"),
    BAD("\"\\x41\"", 2, "unknown escape"), BAD("\"\\'\"", 2, "unknown escape"),
    BAD("\"\\U0041\"", 2, "unknown escape"), BAD("\"\\\0\"", 2, "unknown escape"),
    BAD("\"\\u\"", 2, "four hexadecimal"), BAD("\"\\u004\"", 2, "four hexadecimal"),
    BAD("\"\\u00g0\"", 2, "four hexadecimal"), BAD("\"\\u00", 2, "four hexadecimal"),
    BAD("\"\\u 041\"", 2, "four hexadecimal"), BAD("\"\\ud800\"", 2, "high surrogate"),
    BAD("\"\\ud800x\"", 2, "high surrogate"), BAD("\"\\ud800\\n\"", 2, "high surrogate"),
    BAD("\"\\ud800\\u0041\"", 2, "high surrogate"), BAD("\"\\ud800\\ud800\"", 2, "high surrogate"),
    BAD("\"\\ud800\\u00g1\"", 2, "high surrogate"), BAD("\"\\udbff", 2, "high surrogate"),
    BAD("\"\\udc00\"", 2, "low surrogate"), BAD("\"\\udc00\\ud800\"", 2, "low surrogate"),
    BAD("\"a\nb\"", 3, "control character 0x0a"), BAD("\"a\tb\"", 3, "control character 0x09"),
    BAD("\"a\0b\"", 3, "control character 0x00"), BAD("\"a\x1f\"", 3, "written as \\u001f"),
    BAD("\"0123456789\x01\"", 12, "control character 0x01"), BAD("\"\x80\"", 2, "not valid UTF-8"),
    BAD("\"\xff\"", 2, "not valid UTF-8"), BAD("\"\xc0\xaf\"", 2, "not valid UTF-8"),
    BAD("\"\xc1\xbf\"", 2, "not valid UTF-8"), BAD("\"\xe0\x80\xaf\"", 2, "not valid UTF-8"),
    BAD("\"\xed\xa0\x80\"", 2, "not valid UTF-8"),
    BAD("\"\xf0\x8f\xbf\xbf\"", 2, "not valid UTF-8"),
    BAD("\"\xf4\x90\x80\x80\"", 2, "not valid UTF-8"),
    BAD("\"\xf5\x80\x80\x80\"", 2, "not valid UTF-8"), BAD("\"\xe2\x82\"", 2, "not valid UTF-8"),
    BAD("\"\xc3", 2, "not valid UTF-8"), BAD("{\"\xff\":1}", 3, "not valid UTF-8"),
    /* structure */
    BAD("[", 2, "expected a value, but the text ends"),
    BAD("[1", 3, "expected ',' or ']', but the text ends"),
    BAD("[1,", 4, "expected a value, but the text ends"),
    BAD("[1,]", 4, "must not stand before ']'"), BAD("[,]", 2, "expected a value, found ','"),
    BAD("[,1]", 2, "expected a value, found ','"), BAD("[1,,2]", 4, "expected a value, found ','"),
    BAD("[1 2]", 4, "expected ',' or ']', found '2'"),
    BAD("[1:2]", 3, "expected ',' or ']', found ':'"),
    BAD("[1}", 3, "expected ',' or ']', found '}'"), BAD("]", 1, "expected a value, found ']'"),
    BAD("}", 1, "expected a value, found '}'"),
    BAD("{", 2, "expected a name in double quotes, but the text ends"),
    BAD("{]", 2, "a name in double quotes, found ']'"),
    BAD("{a:1}", 2, "a name in double quotes, found 'a'"),
    BAD("{'a':1}", 2, "a name in double quotes, found '''"),
    BAD("{1:1}", 2, "a name in double quotes, found '1'"),
    BAD("{null:1}", 2, "a name in double quotes"),
    BAD("{\"a\"}", 5, "expected ':' behind the name, found '}'"),
    BAD("{\"a\"", 5, "expected ':' behind the name, but the text ends"),
    BAD("{\"a\",1}", 5, "expected ':' behind the name, found ','"),
    BAD("{\"a\":}", 6, "expected a value, found '}'"),
    BAD("{\"a\":", 6, "expected a value, but the text ends"),
    BAD("{\"a\"::1}", 6, "expected a value, found ':'"),
    BAD("{\"a\":1", 7, "expected ',' or '}', but the text ends"),
    BAD("{\"a\":1,}", 8, "must not stand before '}'"),
    BAD("{,}", 2, "a name in double quotes, found ','"),
    BAD("{\"a\":1,,}", 8, "a name in double quotes, found ','"),
    BAD("{\"a\":1 \"b\":2}", 8, "expected ',' or '}', found '\"'"),
    BAD("{\"a\":1]", 7, "expected ',' or '}', found ']'"),
    BAD("{\"a\":[1,{\"b\":2]}", 15, "expected ',' or '}', found ']'"),
    BAD("[\"a\" : 1]", 6, "expected ',' or ']', found ':'"),
    BAD("{\"\xc3\xa9\":x}", 6, "found 'x'"), /* columns count characters */
};

/* An exact copy on the heap, so that a sanitizer sees one byte too far. */
static bw_str exact(bw_str s)
{
    char *p = malloc(s.n ? s.n : 1);
    assert_non_null(p);
    memcpy(p, s.p, s.n);
    return bw_str_of(p, s.n);
}

static void read_all(struct bw_json_reader *r, struct bw_arena *a, bw_str text)
{
    bw_json_open(r, a, text);
    bw_json_skip(r, bw_json_next(r));
    bw_json_finish(r);
}

static void takes_the_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct bw_arena a;
        struct bw_json_reader r;
        bw_str s = exact(good[i]);
        bw_arena_init(&a);
        read_all(&r, &a, s);
        if (r.failed)
            fail_msg("refused %.*s: %s", BW_FMT(good[i]), r.why);
        check(bw_json_valid(s, 64));
        bw_arena_release(&a);
        free((void *)s.p);
    }
}

static void refuses_the_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bw_arena a;
        struct bw_json_reader r;
        bw_str s = exact(bad[i].text);
        bw_arena_init(&a);
        read_all(&r, &a, s);
        if (!r.failed || !strstr(r.why, bad[i].says))
            fail_msg("%.*s: %s", BW_FMT(s), r.failed ? r.why : "was taken");
        unsigned line, column;
        bw_json_place(&r, r.where, &line, &column);
        if (line != 1 || column != bad[i].column)
            fail_msg("%.*s: error told at column %u", BW_FMT(s), column);
        check(!bw_json_valid(s, 64));
        bw_arena_release(&a);
        free((void *)s.p);
    }
}

/* ---- what it gives ---- */

static void gives_scalars(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_json_reader r;
    bw_arena_init(&a);
    bw_json_open(&r, &a,
                 BW_LIT("[null, true, false, 42, -9223372036854775808, -0, 2.5e3, \"x\", 1.0]"));
    check_int(bw_json_next(&r), BW_JSON_ARRAY);
    check_int(bw_json_next(&r), BW_JSON_NULL);
    check_int(bw_json_next(&r), BW_JSON_BOOL);
    check(r.boolean);
    check_int(bw_json_next(&r), BW_JSON_BOOL);
    check(!r.boolean);
    check_int(bw_json_next(&r), BW_JSON_INT);
    check(r.integer == 42 && r.real == 42.0);
    check_str(r.text, "42");
    check_int(bw_json_next(&r), BW_JSON_INT);
    check(r.integer == INT64_MIN && r.real == -9223372036854775808.0);
    check_int(bw_json_next(&r), BW_JSON_INT);
    check(r.integer == 0 && signbit(r.real));
    check_int(bw_json_next(&r), BW_JSON_REAL);
    check(r.real == 2500.0);
    check_str(r.text, "2.5e3");
    check_int(bw_json_next(&r), BW_JSON_TEXT);
    check_str(r.text, "x");
    check_int(bw_json_next(&r), BW_JSON_REAL);
    check_int(bw_json_next(&r), BW_JSON_END);
    check_int(bw_json_next(&r), BW_JSON_END);
    check(bw_json_finish(&r));
    bw_arena_release(&a);
}

static void decodes_texts(void **state)
{
    (void)state;
    static const struct {
        bw_str json, want;
    } rows[] = {
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT("\"\\/\b\f\n\r\t")},
        {TEXT("\"a\\u0041\\u00e9\\u20AC\\uD83D\\uDE00z\""),
         TEXT("aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z")},
        {TEXT("\"\\u0000\""), TEXT("\0")},
        {TEXT("\"plain\""), TEXT("plain")},
        {TEXT("\"\\udbff\\udfff\""), TEXT("\xf4\x8f\xbf\xbf")},
        {TEXT("\"\\\\u0041\""), TEXT("\\u0041")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bw_arena a;
        struct bw_json_reader r;
        bw_arena_init(&a);
        bw_json_open(&r, &a, rows[i].json);
        check_int(bw_json_next(&r), BW_JSON_TEXT);
        check(bw_str_eq(r.text, rows[i].want));
        bw_json_open(&r, NULL, rows[i].json);
        check_int(bw_json_next(&r), BW_JSON_TEXT);
        check(bw_str_eq(r.text, bw_str_of(rows[i].json.p + 1, rows[i].json.n - 2)));
        bw_arena_release(&a);
    }
}

static void gives_members(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_json_reader r;
    bw_str name, raw;
    bw_arena_init(&a);
    bw_json_open(&r, &a,
                 BW_LIT("{\"a\": [1, {\"x\": [\"\\n\"]}], \"\\u0062\" : {\"y\": 2 }, \"c\":3}"));
    check_int(bw_json_next(&r), BW_JSON_OBJECT);
    check(bw_json_member(&r, &name));
    check_str(name, "a");
    check(bw_json_skip(&r, bw_json_next(&r)));
    check(bw_json_member(&r, &name));
    check_str(name, "b");
    check(bw_json_whole(&r, &raw));
    check_str(raw, "{\"y\": 2 }");
    check(bw_json_member(&r, &name));
    check_int(bw_json_next(&r), BW_JSON_INT);
    check(!bw_json_member(&r, &name));
    check(!r.failed);
    check_int(bw_json_next(&r), BW_JSON_END);
    check(bw_json_finish(&r));
    bw_arena_release(&a);
}

static void gives_whole_elements(void **state)
{
    (void)state;
    struct bw_json_reader r;
    bw_str raw;
    bw_json_open(&r, NULL, BW_LIT("[ {\"a\":1} , [2] ,3]"));
    check_int(bw_json_next(&r), BW_JSON_ARRAY);
    check(bw_json_whole(&r, &raw));
    check_str(raw, "{\"a\":1}");
    check(bw_json_whole(&r, &raw));
    check_str(raw, "[2]");
    check(bw_json_whole(&r, &raw));
    check_str(raw, "3");
    check(!bw_json_whole(&r, &raw));
    check(!r.failed && bw_json_finish(&r));
}

static void limits_depth(void **state)
{
    (void)state;
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    check(bw_json_valid(bw_str_of(deep + 36, 128), 64));
    check(!bw_json_valid(bw_str_of(deep + 35, 130), 64));
    check(!bw_json_valid(bw_str_of(deep, 200), 1000)); /* never deeper than the bits there are */
    check(bw_json_valid(BW_LIT("[[1]]"), 2));
    check(!bw_json_valid(BW_LIT("[[[1]]]"), 2));
    check(!bw_json_valid(BW_LIT("[]"), 0));
    check(bw_json_valid(BW_LIT("1"), 0));
    check(bw_json_valid(BW_LIT("[[1],{\"a\":1},[2]]"), 2));
}

static void first_error_sticks(void **state)
{
    (void)state;
    struct bw_json_reader r;
    struct bw_err e = {0};
    bw_str name, raw;
    bw_json_open(&r, NULL, BW_LIT("{\n  \"a\": 1,\n  \"b\": \xc3\xa9\n}"));
    check_int(bw_json_next(&r), BW_JSON_OBJECT);
    check(bw_json_member(&r, &name));
    bw_json_next(&r);
    check(bw_json_member(&r, &name));
    check_int(bw_json_next(&r), BW_JSON_ERROR);
    check_int(bw_json_next(&r), BW_JSON_ERROR);
    check(!bw_json_member(&r, &name) && !bw_json_whole(&r, &raw) && !bw_json_finish(&r));
    check(!bw_json_refuse(&r, "another"));
    check(!bw_json_fail(&r, &e));
    check_int(e.code, BW_BAD);
    check_says(&e, "line 3, column 8: expected a value, found the byte 0xc3");
}

static void refuses_meaning(void **state)
{
    (void)state;
    struct bw_json_reader r;
    struct bw_err e = {0};
    bw_str name;
    bw_json_open(&r, NULL, BW_LIT("{\"a\":\n [1, \"x\"]}"));
    bw_json_next(&r);
    bw_json_member(&r, &name);
    bw_json_next(&r);
    bw_json_next(&r);
    check_int(bw_json_next(&r), BW_JSON_TEXT);
    check(!bw_json_refuse(&r, "'%s' is no number", "x"));
    check(!bw_json_fail(&r, &e));
    check_says(&e, "line 2, column 6: 'x' is no number");
    bw_json_open(&r, NULL, BW_LIT("[1"));
    bw_json_next(&r);
    check(!bw_json_fail(&r, &e));
    check_says(&e, "not complete");
    check(!bw_json_finish(&r));
}

static void cuts_long_reasons(void **state)
{
    (void)state;
    struct bw_json_reader r;
    char many[301] = {0};
    for (int i = 0; i < 300; i += 2)
        memcpy(many + i, "\xc3\xa9", 2);
    bw_json_open(&r, NULL, BW_LIT("1"));
    bw_json_refuse(&r, "x%s", many);
    check_int(strlen(r.why), 255);
    bw_json_open(&r, NULL, BW_LIT("1"));
    bw_json_refuse(&r, "%s", many);
    check_int(strlen(r.why), 254);
}

/* ---- settings files ---- */

static void reads_comments(void **state)
{
    (void)state;
    static const struct {
        bw_str text;
        bool ok;
    } rows[] = {
        {TEXT("// a\n{ // b\n \"a\" /* c */ : /* d */ 1 /* e */ , // f\n } // g"), true},
        {TEXT("/**/1/***/"), true},
        {TEXT("[1,2,]"), true},
        {TEXT("{\"a\":1,}"), true},
        {TEXT("[1,/* x */]"), true},
        {TEXT("\xef\xbb\xbf{}"), true},
        {TEXT("\"// text /* text */\""), true},
        {TEXT("1 // at the end"), true},
        {TEXT("[,]"), false},
        {TEXT("[1,,]"), false},
        {TEXT("/* 1"), false},
        {TEXT("/"), false},
        {TEXT("1 /"), false},
        {TEXT("/*/1"), false},
        {TEXT("# x\n1"), false},
        {TEXT("{a:1}"), false},
        {TEXT("{\"a\" /* : 1}"), false},
        {TEXT("// only a comment"), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bw_json_reader r;
        bw_str s = exact(rows[i].text);
        bw_json_open(&r, NULL, s);
        r.comments = true;
        bw_json_skip(&r, bw_json_next(&r));
        if (bw_json_finish(&r) != rows[i].ok)
            fail_msg("%.*s: %s", BW_FMT(s), r.failed ? r.why : "was taken");
        free((void *)s.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_good),  cmocka_unit_test(refuses_the_bad),
        cmocka_unit_test(gives_scalars),   cmocka_unit_test(decodes_texts),
        cmocka_unit_test(gives_members),   cmocka_unit_test(gives_whole_elements),
        cmocka_unit_test(limits_depth),    cmocka_unit_test(first_error_sticks),
        cmocka_unit_test(refuses_meaning), cmocka_unit_test(cuts_long_reasons),
        cmocka_unit_test(reads_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
