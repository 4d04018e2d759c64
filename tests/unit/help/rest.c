#include "help/rest.h"

#define FIELDS_MAX 16

static struct bw_arena arena;

static size_t read_fields(struct http_field *f, const char *headers)
{
    bw_str rest = bw_cstr(headers), line, name;
    size_t n = 0;
    while (rest.p && bw_str_cut(&rest, '\n', &line)) {
        assert_true(n < FIELDS_MAX);
        bw_str value = line;
        assert_true(bw_str_cut(&value, ':', &name));
        f[n++] = (struct http_field){.name = name, .value = bw_str_trim(value)};
    }
    return n;
}

const struct inprocess_answer *ask(struct bw_server *s, const char *method, const char *target,
                                   const char *headers, const char *body)
{
    struct http_field fields[FIELDS_MAX];
    struct inprocess_answer *a = BW_NEW(&arena, struct inprocess_answer);
    a->arena = &arena;
    struct inprocess_ask q = {
        .method = bw_cstr(method),
        .target = bw_cstr(target),
        .fields = fields,
        .n_fields = read_fields(fields, headers),
        .body = bw_cstr(body ? body : ""),
    };
    struct bw_err e;
    check_ok(inprocess_ask(s, &q, a, &e), &e);
    return a;
}

bw_str answer_field(const struct inprocess_answer *a, const char *name)
{
    return http_field_get(a->fields, a->n_fields, name);
}

void ask_end(void)
{
    bw_arena_release(&arena);
    bw_arena_init(&arena);
}

void t_check_has(bw_str body, const char *words, const char *file, int line)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= body.n; i++)
        if (memcmp(body.p + i, words, n) == 0)
            return;
    print_error("the body \"%.*s\"\ndoes not contain \"%s\"\n", BW_FMT(body), words);
    _fail(file, line);
}
