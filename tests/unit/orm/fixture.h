/* fixture.h: one table with every type of field, its struct, and short ways to try JSON on it. */
#ifndef TEST_ORM_FIXTURE_H
#define TEST_ORM_FIXTURE_H

#include "help/t.h"

#include "orm/record.h"

struct author {
    int64_t id;
    bw_str name;
};

struct article {
    int64_t id;
    bw_str title, body, email, secret;
    int64_t views;
    double price;
    bool published;
    bw_time live_at;
    bw_str extra;
    int status;
    int64_t author;
    bw_str picture;
    bw_time created_at, modified_at;
    int64_t version;
    bw_str slug;
};

static const char *const status_names[] = {"draft", "live", "gone", NULL};

static const struct bw_field author_fields[] = {BW_TEXT(struct author, name, .required = true),
                                                BW_END};
static const struct bw_table author_table = BW_TABLE("Author", struct author, author_fields);

static const struct bw_field article_fields[] = {
    BW_TEXT(struct article, title, .required = true, .max_len = 5),
    BW_TEXT(struct article, body),
    BW_TEXT(struct article, email, .pattern = "[^@ ]+@[^@ ]+", .min_len = 4),
    BW_TEXT(struct article, secret, .write_only = true, .max_len = 8),
    BW_INT(struct article, views, BW_MIN(0), BW_MAX(1000), .initial = "0"),
    BW_REAL(struct article, price, BW_MIN(0.5), BW_MAX(99.5)),
    BW_BOOL(struct article, published),
    BW_TIME(struct article, live_at),
    BW_JSON(struct article, extra),
    BW_ENUM(struct article, status, .names = status_names, .initial = "\"draft\""),
    BW_REF(struct article, author, .ref = "author", .on_delete = BW_CASCADE),
    BW_BLOB(struct article, picture, .max_len = 4),
    BW_CREATED(struct article, created_at),
    BW_MODIFIED(struct article, modified_at),
    BW_VERSION(struct article, version),
    BW_TEXT(struct article, slug, .read_only = true),
    BW_END};
static const struct bw_table article_table = BW_TABLE("Article", struct article, article_fields);

struct fixture {
    struct bw_arena arena;
    struct model model;
    struct table *article, *author;
    struct bw_err e;
};

static inline void fixture_init(struct fixture *x)
{
    const struct bw_table *defs[] = {&article_table, &author_table, NULL};
    *x = (struct fixture){.article = NULL};
    bw_arena_init(&x->arena);
    check_ok(model_init(&x->model, defs, &x->e), &x->e);
    x->article = model_table(&x->model, BW_LIT("Article"));
    x->author = model_table(&x->model, BW_LIT("Author"));
}

static inline void fixture_release(struct fixture *x)
{
    model_release(&x->model);
    bw_arena_release(&x->arena);
}

static inline struct column *fixture_column(struct fixture *x, const char *name)
{
    struct column *c = table_column(x->article, bw_cstr(name));
    assert_non_null(c);
    return c;
}

/* A text in memory of exactly its size, so that the sanitizer sees a read behind it. */
static inline bw_str fixture_text(struct fixture *x, const char *s)
{
    return bw_arena_str(&x->arena, bw_cstr(s));
}

#endif
