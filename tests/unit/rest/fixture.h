/* fixture.h: one table with every type of field, for what reads URLs. */
#ifndef TEST_REST_FIXTURE_H
#define TEST_REST_FIXTURE_H

#include "help/filter_text.h"
#include "help/t.h"

static const char *const fixture_statuses[] = {"draft", "live", NULL};
#define F(n, t, ...)                                                          \
    {                                                                         \
        .name = (n), .type = BW_TYPE_##t, .offset = BW_NO_OFFSET, __VA_ARGS__ \
    }
static const struct bw_field fixture_fields[] = {
    F("title", TEXT, .required = true, .max_len = 20),
    F("body", TEXT, ),
    F("views", INT, ),
    F("price", REAL, ),
    F("published", BOOL, ),
    F("live_at", TIME, ),
    F("extra", JSON, ),
    F("status", ENUM, .names = fixture_statuses),
    F("author", REF, .ref = "Article"),
    F("picture", BLOB, ),
    F("secret", TEXT, .write_only = true),
    F("limit", INT, ),
    F("version", VERSION, ),
    {.name = NULL},
};
#undef F
static const struct bw_table fixture_table = {.name = "Article", .fields = fixture_fields};

struct fixture {
    struct bw_arena arena;
    struct model model;
    struct table *t;
};

static inline void fixture_init(struct fixture *x)
{
    static const struct bw_table *const defs[] = {&fixture_table, NULL};
    struct bw_err e;
    bw_arena_init(&x->arena);
    check_ok(model_init(&x->model, defs, &e), &e);
    x->t = &x->model.tables[0];
}

static inline void fixture_release(struct fixture *x)
{
    model_release(&x->model);
    bw_arena_release(&x->arena);
}

/* The tree's text, or the error's sentence behind "! ". */
static inline const char *fixture_say(struct fixture *x, const struct filter *f,
                                      const struct bw_err *e)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    if (f)
        filter_text(f, &b);
    else
        bw_buf_printf(&b, "! %s", e->text);
    const char *s = bw_arena_cstr(&x->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return s;
}

/* Tells every difference of a table of cases; fixture_same fails when there was one. */
static unsigned fixture_differences;
static inline void fixture_compare(const char *text, const char *got, const char *want)
{
    if (strcmp(got, want) == 0)
        return;
    print_error("%s\n  got:  %s\n  want: %s\n", text, got, want);
    fixture_differences++;
}
#define fixture_same() check_int(fixture_differences, 0)

#endif
