/* Tables from settings JSON: every member arrives, every mistake has its place and its hint. */
#include "help/t.h"

#include "orm/table.h"

static const char blog[] =
    "[ // the blog\n"
    "  {\"name\": \"Article\", \"help\": \"what we write\", \"store\": \"main\", \"fields\": [\n"
    "    {\"name\":\"title\",\"type\":\"text\",\"required\":true,\"max_len\":200,\"min_len\":2,\n"
    "     \"index\":true,\"help\":\"on top\",\"pattern\":\"[A-Z].*\"},\n"
    "    {\"name\":\"author\",\"type\":\"ref\",\"ref\":\"Author\",\"on_delete\":\"cascade\"},\n"
    "    "
    "{\"name\":\"status\",\"type\":\"enum\",\"names\":[\"draft\",\"live\"],\"default\":\"draft\"},"
    "\n"
    "    "
    "{\"name\":\"big\",\"type\":\"int\",\"min\":-9223372036854775808,\"max\":9223372036854775807},"
    "\n"
    "    {\"name\":\"rate\",\"type\":\"real\",\"min\":0.25,\"max\":3, \"default\": 1.5},\n"
    "    {\"name\":\"key\",\"type\":\"text\",\"unique\":true,\"write_only\":true},\n"
    "    {\"name\":\"note\",\"type\":\"text\",\"read_only\":true},\n"
    "    {\"name\":\"at\",\"type\":\"created\"},\n"
    "  ], \"indexes\": "
    "[{\"fields\":[\"author\",\"at\"],\"unique\":true},{\"fields\":[\"big\"]}]},\n"
    "  {\"name\": \"Author\", \"fields\": [{\"name\":\"name\",\"type\":\"text\"}]}\n"
    "]\n";

static void every_member_arrives(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    const struct bw_table **t = tables_from_json(BW_LIT(blog), NULL, (bw_str){0}, &a, &e);
    check_ok(t != NULL, &e);
    check(t[0] && t[1] && !t[2]);
    check_str(bw_cstr(t[0]->name), "Article");
    check_str(bw_cstr(t[0]->help), "what we write");
    check_str(bw_cstr(t[0]->store), "main");
    check_int(t[0]->size, 0);
    const struct bw_field *f = t[0]->fields;
    check(f[0].required && f[0].index && !f[0].unique && f[0].offset == BW_NO_OFFSET);
    check_int(f[0].max_len, 200);
    check_int(f[0].min_len, 2);
    check_str(bw_cstr(f[0].pattern), "[A-Z].*");
    check_str(bw_cstr(f[0].help), "on top");
    check(f[1].type == BW_TYPE_REF && f[1].on_delete == BW_CASCADE);
    check_str(bw_cstr(f[1].ref), "Author");
    check_str(bw_cstr(f[2].names[1]), "live");
    check(!f[2].names[2]);
    check_str(bw_cstr(f[2].initial), "\"draft\"");
    check(f[3].min.set && f[3].min.i == INT64_MIN && f[3].max.i == INT64_MAX);
    check(f[4].min.r == 0.25 && f[4].max.r == 3);
    check_str(bw_cstr(f[4].initial), "1.5");
    check(f[5].unique && f[5].write_only && f[6].read_only);
    check(f[7].type == BW_TYPE_CREATED && !f[8].name);
    check_str(bw_cstr(t[0]->indexes[0].fields), "author at");
    check(t[0]->indexes[0].unique && !t[0]->indexes[1].unique && !t[0]->indexes[2].fields);
    struct model m;
    check_ok(model_init(&m, t, &e), &e);
    model_release(&m);
    bw_arena_release(&a);
}

#define ONE(field) "[{\"name\":\"T\",\"fields\":[" field "]}]"

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"{}", "'tables' must be a list of objects"},
        {"[1]", "'tables' must be a list of objects"},
        {"[] 1", "line 1, column "},
        {"[{\"nam\":\"T\"}]", "table number 1: unknown member 'nam', did you mean 'name'?"},
        {"[{\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}]", "table number 1: it has no name"},
        {"[{\"name\":\"T\"}]", "table 'T': it has no 'fields'"},
        {"[{\"name\":5}]", "table number 1: 'name' must be a text"},
        {"[{\"name\":\"T\",\"name\":\"U\"}]", "table 'T': 'name' is given twice"},
        {"[{\"name\":\"T\",\"fields\":{}}]", "table 'T': 'fields' must be a list of objects"},
        {"[{\"name\":\"T\",\"fields\":[5]}]", "table 'T': 'fields' must be a list of objects"},
        {ONE("{\"type\":\"int\"}"), "table 'T', field number 1: it has no name"},
        {ONE("{\"name\":\"a\"}"), "table 'T', field 'a': it has no type"},
        {ONE("{\"name\":\"a\",\"type\":\"txt\"}"),
         "field 'a': unknown type 'txt', did you mean 'text'?"},
        {ONE("{\"name\":\"a\",\"type\":5}"), "field 'a': 'type' must be a text"},
        {ONE("{\"name\":\"a\",\"requird\":true}"),
         "unknown member 'requird', did you mean 'required'?"},
        {ONE("{\"name\":\"a\",\"required\":1}"), "'required' must be true or false"},
        {ONE("{\"name\":\"a\",\"max_len\":-1}"), "'max_len' must be a whole number up to"},
        {ONE("{\"name\":\"a\",\"max_len\":1.5}"), "'max_len' must be a whole number"},
        {ONE("{\"name\":\"a\",\"min\":\"0\"}"), "'min' must be a number"},
        {ONE("{\"name\":\"a\",\"type\":\"int\",\"min\":0.5}"),
         "'min' of an int field must be an integer"},
        {ONE("{\"name\":\"a\",\"max\":1e3,\"type\":\"int\"}"),
         "'max' of an int field must be an integer"},
        {ONE("{\"name\":\"a\",\"names\":\"x\"}"), "'names' must be a list of texts"},
        {ONE("{\"name\":\"a\",\"names\":[\"x\",\"\"]}"),
         "'names' must be a list of texts, none of them empty"},
        {ONE("{\"name\":\"a\",\"names\":[\"x\",1]}"), "'names' must be a list of texts"},
        {ONE("{\"name\":\"a\",\"on_delete\":\"cascad\"}"),
         "unknown on_delete 'cascad', did you mean 'cascade'?"},
        {ONE("{\"name\":\"a\\u0000b\"}"), "'name' must not contain U+0000"},
        {ONE("{\"name\":\"a\",\"type\":\"int\"}") "x", "line 1, column "},
        {"[{\"name\":\"T\",\"fields\":[],\"indexes\":[{}]}]", "an index needs 'fields'"},
        {"[{\"name\":\"T\",\"fields\":[],\"indexes\":[{\"field\":[]}]}]",
         "an index has 'fields' and 'unique'"},
        {"[{\"name\":\"T\",\"fields\":[", "line 1, column "},
        {"", "line 1, column "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena a;
        struct bw_err e = {.text = ""};
        bw_arena_init(&a);
        bw_str json = bw_arena_str(&a, bw_cstr(cases[i].json));
        check(!tables_from_json(json, NULL, (bw_str){0}, &a, &e));
        check_int(e.code, BW_BAD);
        check_says(&e, cases[i].says);
        bw_arena_release(&a);
    }
}

static void places_count_from_the_file(void **state)
{
    (void)state;
    static const char file[] = "{\n\n  \"tables\": [\n    {\"nome\": 1}]}";
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    bw_str json = bw_cstr(strchr(file, '['));
    json.n--;
    check(!tables_from_json(json, "app.json", BW_LIT(file), &a, &e));
    check_says(&e, "app.json:4:");
    check_says(&e, ": table number 1: unknown member 'nome', did you mean 'name'?");
    check(!tables_from_json(json, "app.json", (bw_str){0}, &a, &e));
    check_says(&e, "app.json:2:");
    bw_arena_release(&a);
}

static void no_tables_are_fine(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    const struct bw_table **t = tables_from_json(BW_LIT("[]"), NULL, (bw_str){0}, &a, &e);
    check_ok(t != NULL, &e);
    check(!t[0]);
    bw_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_arrives),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(places_count_from_the_file),
        cmocka_unit_test(no_tables_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
