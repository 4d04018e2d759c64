#include "help/t.h"

#include "rest/batch_split.h"

#define MAX 64

/* Everything the splitter says of a text fed in pieces of `step` bytes: items in ‹›, then "." for
 * the end or the error's sentence. Each piece is a copy of exactly its size, gone before the next:
 * the sanitizer sees what reads over it. */
static const char *split(const char *text, enum split_form form, size_t step, bool *atomic)
{
    static char out[4096];
    struct batch_split s;
    struct bw_err e;
    bw_str rest = bw_cstr(text), item;
    char *piece = NULL;
    size_t n = 0;
    enum split_got got;
    batch_split_init(&s, form, MAX);
    while ((got = batch_split_next(&s, &item, &e)) == SPLIT_MORE || got == SPLIT_ITEM) {
        if (got == SPLIT_ITEM) {
            n += (size_t)snprintf(out + n, sizeof out - n, "‹%.*s›", BW_FMT(item));
            continue;
        }
        size_t size = rest.n < step ? rest.n : step;
        free(piece);
        piece = malloc(size ? size : 1);
        assert_non_null(piece);
        memcpy(piece, rest.p, size);
        batch_split_feed(&s, bw_str_of(piece, size));
        rest = bw_str_of(rest.p + size, rest.n - size);
    }
    snprintf(out + n, sizeof out - n, "%s", got == SPLIT_END ? "." : e.text);
    if (atomic)
        *atomic = s.atomic_given ? s.atomic : true;
    batch_split_release(&s);
    free(piece);
    return out;
}

static void check_split(const char *text, enum split_form form, const char *want)
{
    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        const char *got = split(text, form, step, NULL);
        if (strcmp(got, want) != 0)
            fail_msg("%s\nin pieces of %zu\ngot:  %s\nwant: %s", text, step, got, want);
    }
}

static const struct {
    const char *text, *want;
} json[] = {
    {"[]", "."},
    {" [ ] \r\n\t", "."},
    {"[{}]", "‹{}›."},
    {"[{},{}]", "‹{}›‹{}›."},
    {" [ {} , {\"a\":1} ] ", "‹{}›‹{\"a\":1}›."},
    {"[{\"a\":[1,2],\"b\":{\"c\":[]}},{}]", "‹{\"a\":[1,2],\"b\":{\"c\":[]}}›‹{}›."},
    {"[\"a,]\\\"}[\",{\"b\":\"\\\\\"},3]", "‹\"a,]\\\"}[\"›‹{\"b\":\"\\\\\"}›‹3›."},
    {"[7, null]", "‹7›‹null›."},
    /* what is inside a write is its reader's business */
    {"[{ x ] }]", "‹{ x ] }›."},
    {"[{} x,}]", "‹{} x›‹}›."},
    {"{\"writes\":[]}", "."},
    {"{\"writes\":[{}]}", "‹{}›."},
    {"{\"atomic\":true,\"writes\":[{},{}]}", "‹{}›‹{}›."},
    {" { \"atomic\" : false , \"writes\" : [ {} ] } ", "‹{}›."},
    {"{}", "the member 'writes' is missing"},
    {"{\"atomic\":true}", "the member 'writes' is missing"},
    {"{\"writes\":[{}],\"atomic\":true}",
     "‹{}›'atomic' must stand before 'writes': they are worked on as they come"},
    {"{\"writes\":[],\"writes\":[]}", "'writes' is given twice"},
    {"{\"atomic\":true,\"atomic\":true}", "'atomic' is given twice"},
    {"{\"atomik\":true}", "a batch has no member 'atomik', did you mean 'atomic'?"},
    {"{\"atomic\":1}", "'atomic' is true or false"},
    {"{\"atomic\":truer}", "'atomic' is true or false"},
    {"{\"atomic\":tr ue}", "'atomic' is true or false"},
    {"{\"atomic\":\"true\"}", "'atomic' is true or false"},
    {"{\"atomic\" true}", "':' was expected, 't' came"},
    {"{\"writes\":{}}", "'writes' is an array: '[' was expected, '{' came"},
    {"{\"writes\":[] \"x\"}", "',' or '}' was expected, '\"' came"},
    {"{\"writes\":[],}", "a name in double quotes was expected, '}' came"},
    {"{,}", "a name in double quotes was expected, ',' came"},
    {"{\"wri\\u0074es\":[]}", "a batch has the members 'atomic' and 'writes' only"},
    {"", "the body ends too early"},
    {"  ", "the body ends too early"},
    {"[", "the body ends too early"},
    {"[{}", "the body ends too early"},
    {"[{},", "‹{}›the body ends too early"},
    {"[{\"a\":\"]", "the body ends too early"},
    {"{\"writes\":[{}]", "‹{}›the body ends too early"},
    {"{\"atomic\":tru", "the body ends too early"},
    {"[,]", "a write was expected, ',' came"},
    {"[{},]", "‹{}›a write was expected, ']' came"},
    {"[{},,{}]", "‹{}›a write was expected, ',' came"},
    {"[] []", "nothing more behind the batch was expected, '[' came"},
    {"[]]", "nothing more behind the batch was expected, ']' came"},
    {"x", "an array of writes or {\"atomic\":…,\"writes\":[…]} was expected, 'x' came"},
    {"\xef\xbb\xbf[]", "an array of writes or {\"atomic\":…,\"writes\":[…]} was expected"},
};

static void arrays_and_objects(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof json / sizeof *json; i++)
        check_split(json[i].text, SPLIT_JSON, json[i].want);
}

static void lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "."},
        {"\n \r\n\t\n", "."},
        {"{}", "‹{}›."},
        {"{}\n", "‹{}›."},
        {"{}\r\n{\"a\":1}\r\n", "‹{}›‹{\"a\":1}›."},
        {"\n\n{}\n\n\n {} \n", "‹{}›‹{}›."},
        {"{\"a\":[1,\n2]}\n", "‹{\"a\":[1,›‹2]}›."}, /* no line, no write */
        {"[{}]\nx\n", "‹[{}]›‹x›."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_split(cases[i].text, SPLIT_LINES, cases[i].want);
}

static void wishes(void **state)
{
    (void)state;
    bool atomic;
    split("{\"atomic\":false,\"writes\":[1]}", SPLIT_JSON, 3, &atomic);
    check(!atomic);
    split("{\"atomic\" : true , \"writes\":[1]}", SPLIT_JSON, 1, &atomic);
    check(atomic);
    split("{\"atomic\":false}", SPLIT_JSON, 1, &atomic);
    check(!atomic);
}

/* A write may have MAX bytes, in one piece or many; one more is refused before it is kept. */
static void too_long(void **state)
{
    (void)state;
    char text[MAX + 16], fits[MAX + 16];
    const char *words = "one write has more than 64 bytes";
    for (int form = SPLIT_JSON; form <= SPLIT_LINES; form++) {
        const char *frame = form == SPLIT_JSON ? "[%s]" : "%s\n";
        char item[MAX + 2];
        memset(item, '7', sizeof item);
        item[MAX + 1] = 0;
        snprintf(text, sizeof text, frame, item);
        check_split(text, (enum split_form)form, words);
        item[MAX] = 0;
        snprintf(text, sizeof text, frame, item);
        snprintf(fits, sizeof fits, "‹%s›.", item);
        check_split(text, (enum split_form)form, fits);
    }
    char blanks[256] = "[";
    memset(blanks + 1, ' ', 200);
    snprintf(blanks + 201, 8, "7]"); /* white space in front costs nothing */
    check_split(blanks, SPLIT_JSON, "‹7›.");
    snprintf(blanks, sizeof blanks, "{\"%s",
             "averyveryveryveryveryveryveryveryveryveryveryvery"
             "verylongnameofamember\":1}");
    check_split(blanks, SPLIT_JSON, "a batch has the members 'atomic' and 'writes' only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_and_objects),
        cmocka_unit_test(lines),
        cmocka_unit_test(wishes),
        cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
