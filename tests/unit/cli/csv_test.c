#include "help/t.h"

#include "cli/csv.c"

struct record_case {
    const char *text;
    const char *want; /* fields by '|', records by '/' */
    const char *why;  /* part of the error, NULL = none */
    unsigned line;    /* of the error */
};

static const struct record_case cases[] = {
    {"", "", NULL, 0},
    {"a,b\n1,2\n", "a|b/1|2", NULL, 0},
    {"a,b\r\n1,2", "a|b/1|2", NULL, 0},
    {"\xEF\xBB\xBF"
     "a\n1\n",
     "a/1", NULL, 0},
    {"a,,b\n", "a||b", NULL, 0},
    {",\n", "|", NULL, 0},
    {"\n\na\n\n", "a", NULL, 0},
    {"\"a,b\",c\n", "a,b|c", NULL, 0},
    {"\"a\"\"b\"\n", "a\"b", NULL, 0},
    {"\"\"\n", "", NULL, 0},
    {"\"two\nlines\",x\ny,z\n", "two\nlines|x/y|z", NULL, 0},
    {"a\rb\n", "a\rb", NULL, 0},
    {"a\n\"b", "a", "not closed", 2},
    {"a\n\"b\"c\n", "a", "behind a closing quote", 2},
    {"a\nb\"c\n", "a", "a quote inside", 2},
};

static void records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv c;
        struct bw_arena a;
        struct bw_buf got;
        bool first = true;
        bw_arena_init(&a);
        bw_buf_init(&got, 4096);
        csv_open(&c, bw_cstr(cases[i].text));
        for (; csv_next(&c, &a); first = false) {
            if (!first)
                bw_buf_char(&got, '/');
            for (unsigned k = 0; k < c.n; k++) {
                if (k)
                    bw_buf_char(&got, '|');
                bw_buf_put(&got, c.fields[k]);
            }
        }
        check_str(bw_buf_str(&got), cases[i].want);
        check(!cases[i].why == !c.why);
        if (cases[i].why) {
            check(strstr(c.why, cases[i].why) != NULL);
            check_int(c.line, cases[i].line);
        }
        bw_buf_release(&got);
        bw_arena_release(&a);
    }
}

static void too_many_fields(void **state)
{
    (void)state;
    char text[CSV_FIELDS + 1];
    struct csv c;
    struct bw_arena a;
    bw_arena_init(&a);
    memset(text, ',', sizeof text);
    csv_open(&c, bw_str_of(text, CSV_FIELDS - 1));
    check(csv_next(&c, &a) && c.n == CSV_FIELDS);
    csv_open(&c, bw_str_of(text, CSV_FIELDS));
    check(!csv_next(&c, &a) && strstr(c.why, "512"));
    bw_arena_release(&a);
}

/* What csv_write writes, csv_next reads back. */
static void written_fields_read_back(void **state)
{
    (void)state;
    static const char *const fields[] = {"plain",      "",       "a,b",      "\"",
                                         "two\nlines", "cr\r\n", " spaces ", "\"\"\""};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct csv c;
        struct bw_arena a;
        struct bw_buf b;
        bw_arena_init(&a);
        bw_buf_init(&b, 4096);
        csv_write(&b, BW_LIT("first"));
        bw_buf_char(&b, ',');
        csv_write(&b, bw_cstr(fields[i]));
        csv_open(&c, bw_buf_str(&b));
        check(csv_next(&c, &a) && c.n == 2);
        check_str(c.fields[1], fields[i]);
        bw_buf_release(&b);
        bw_arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(records), cmocka_unit_test(too_many_fields),
                                       cmocka_unit_test(written_fields_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
