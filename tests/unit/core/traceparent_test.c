/* traceparent_test.c: the cases of the W3C's own test suite for Trace Context, as far as they are
 * about one program's reading, and the edges of the grammar. */
#include "help/t.h"

#include "core/traceparent.h"

#define T "0af7651916cd43dd8448eb211c80319c"
#define P "b7ad6b7169203331"

static void parents(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"00-" T "-" P "-01", true},
        {"00-" T "-" P "-00", true},
        {"00-" T "-" P "-ff", true}, /* other flags are let pass */
        {"cc-" T "-" P "-01", true}, /* a later version */
        {"cc-" T "-" P "-01-what-the-future-will-be-like", true},
        {"cc-" T "-" P "-01.what-the-future-will-be-like", false},
        {"00-" T "-" P "-01-", false},
        {"00-" T "-" P "-01-x", false},
        {"ff-" T "-" P "-01", false},
        {"0-" T "-" P "-01", false},
        {".0-" T "-" P "-01", false},
        {"0.-" T "-" P "-01", false},
        {"00-" T "-" P "-0", false},
        {"00-" T "-" P "-1.", false},
        {"00-" T "-" P "-.0", false},
        {"00-" T "-" P "-", false},
        {"00-" T "-" P, false},
        {"00-00000000000000000000000000000000-" P "-01", false},
        {"00-" T "-0000000000000000-01", false},
        {"00-0AF7651916CD43DD8448EB211C80319C-" P "-01", false},
        {"00-" T "-B7AD6B7169203331-01", false},
        {"00-" T "-" P "-0A", false},
        {"00-.af7651916cd43dd8448eb211c80319c-" P "-01", false},
        {"00-" T "-.7ad6b7169203331-01", false},
        {"00 " T "-" P "-01", false},
        {"00-" T "_" P "-01", false},
        {"00-" T "-" P ".01", false},
        {" 00-" T "-" P "-01", false},
        {"00-" T P "-01", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct traceparent t;
        if (traceparent_parse(&t, bw_cstr(rows[i].text)) != rows[i].ok)
            fail_msg("%s", rows[i].text);
    }
    check(!traceparent_parse(&(struct traceparent){0}, (bw_str){.p = NULL}));
}

static void writes_what_it_read(void **state)
{
    (void)state;
    struct traceparent t;
    char out[TRACEPARENT_TEXT + 1];
    check(traceparent_parse(&t, BW_LIT("cc-" T "-" P "-03-more")));
    check(t.trace[0] == 0x0a && t.trace[15] == 0x9c && t.span[0] == 0xb7 && t.flags == 3);
    traceparent_write(&t, out);
    check_str(bw_cstr(out), "00-" T "-" P "-03"); /* our version */
}

static const char *repeated(char *out, char c, size_t n, const char *behind)
{
    memset(out, c, n);
    memcpy(out + n, behind, strlen(behind) + 1);
    return out;
}

static void states(void **state)
{
    (void)state;
    char a[600], b[600], c[600], d[600], e[600], many[33 * 6 + 1] = "", most[32 * 6 + 1] = "";
    for (int i = 0; i < 33; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%sk%d=1", i ? "," : "", i);
    for (int i = 0; i < 32; i++)
        snprintf(most + strlen(most), sizeof most - strlen(most), "%sk%d=1", i ? "," : "", i);
    char long_value[600] = "k=";
    memset(long_value + 2, 'v', 257);
    const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"foo=1", true},
        {"foo=1,bar=2", true},
        {"foo=1 \t , \t bar=2, \t baz=3", true},
        {"foo=1,", true},
        {",foo=1,,bar=2", true},
        {"", false},
        {",", false},
        {"foo", false},
        {"foo=", false},
        {"=1", false},
        {"foo =1", false},
        {"FOO=1", false},
        {"foo.bar=1", false},
        {"foo=1=2", false},
        {"foo=bar baz", true},
        {"foo=b\x7f", false},
        {"foo=b\xc3\xa9", false},
        {"foo=1,foo=1", false},
        {"1foo=1", false},
        {"f0-_*/=1", true},
        {"foo@bar=1,bar@foo=2", true},
        {"0foo@bar=1", true},
        {"foo@1bar=1", false},
        {"foo@=1", false},
        {"@foo=1", false},
        {"foo@@bar=1", false},
        {"foo@bar@baz=1", false},
        {repeated(a, 'z', 256, "=1"), true},
        {repeated(b, 'z', 257, "=1"), false},
        {repeated(c, 't', 241, "@v=1"), true},
        {repeated(d, 't', 242, "@v=1"), false},
        {"t@vvvvvvvvvvvvvv=1", true},
        {"t@vvvvvvvvvvvvvvv=1", false},
        {long_value, false},
        {most, true},
        {many, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (tracestate_valid(bw_cstr(rows[i].text)) != rows[i].ok)
            fail_msg("%s", rows[i].text);
    long_value[2 + 256] = 0;
    check(tracestate_valid(bw_cstr(long_value)));
    memset(e, 'x', sizeof e);
    check(!tracestate_valid(bw_str_of(e, sizeof e)));
    check(!tracestate_valid((bw_str){.p = NULL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents), cmocka_unit_test(writes_what_it_read), cmocka_unit_test(states)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
