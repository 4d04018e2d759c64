/* blog.c: a whole application: four tables, a service, a route. `./blog` serves it on an embedded
 * SQLite file. examples/blog.json declares the same tables without any C. */
#include <burrow.h>
#include <math.h>

struct author {
    int64_t id;
    bw_str name, email;
};
static const struct bw_field author_fields[] = {
    BW_TEXT(struct author, name, .required = true, .max_len = 100),
    BW_TEXT(struct author, email, .required = true, .unique = true, .max_len = 200,
            .pattern = "[^@ ]+@[^@ ]+"),
    BW_END,
};
static const struct bw_table author_table = BW_TABLE("Author", struct author, author_fields);

struct category {
    int64_t id;
    bw_str name;
};
static const struct bw_field category_fields[] = {
    BW_TEXT(struct category, name, .required = true, .unique = true, .max_len = 60),
    BW_END,
};
static const struct bw_table category_table =
    BW_TABLE("Category", struct category, category_fields);

struct article {
    int64_t id;
    bw_str title, body;
    int64_t views;
    bool published;
    bw_str picture;
    int64_t author, category;
    bw_time created_at, modified_at;
    int64_t version;
};
static const struct bw_field article_fields[] = {
    BW_TEXT(struct article, title, .required = true, .max_len = 200, .index = true),
    BW_TEXT(struct article, body),
    BW_INT(struct article, views, BW_MIN(0), .initial = "0"),
    BW_BOOL(struct article, published, .initial = "false"),
    BW_BLOB(struct article, picture),
    BW_REF(struct article, author, .ref = "Author"),
    BW_REF(struct article, category, .ref = "Category"),
    BW_CREATED(struct article, created_at),
    BW_MODIFIED(struct article, modified_at),
    BW_VERSION(struct article, version),
    BW_END,
};
static const struct bw_table article_table = BW_TABLE("Article", struct article, article_fields);

struct comment {
    int64_t id, article;
    bw_str name, text;
};
static const struct bw_field comment_fields[] = {
    BW_REF(struct comment, article, .ref = "Article", .required = true, .on_delete = BW_CASCADE),
    BW_TEXT(struct comment, name, .required = true, .max_len = 100),
    BW_TEXT(struct comment, text, .required = true, .max_len = 10000),
    BW_END,
};
static const struct bw_table comment_table = BW_TABLE("Comment", struct comment, comment_fields);

/* ---- the service Calculator ---- */

static bool too_large(struct bw_err *e)
{
    return bw_fail(e, BW_INVALID, "the result is too large");
}

static bool add(struct bw_call *c, struct bw_err *e)
{
    int64_t r;
    bool over = __builtin_add_overflow(bw_arg_int(c, 0), bw_arg_int(c, 1), &r);
    return over ? too_large(e) : bw_give_int(c, r);
}

static bool subtract(struct bw_call *c, struct bw_err *e)
{
    int64_t r;
    bool over = __builtin_sub_overflow(bw_arg_int(c, 0), bw_arg_int(c, 1), &r);
    return over ? too_large(e) : bw_give_int(c, r);
}

static bool multiply(struct bw_call *c, struct bw_err *e)
{
    int64_t r;
    bool over = __builtin_mul_overflow(bw_arg_int(c, 0), bw_arg_int(c, 1), &r);
    return over ? too_large(e) : bw_give_int(c, r);
}

static bool divide(struct bw_call *c, struct bw_err *e)
{
    double n1 = bw_arg_real(c, 0), n2 = bw_arg_real(c, 1);
    if (n2 == 0)
        return bw_fail(e, BW_INVALID, "cannot divide %g by zero: n2 must be another number", n1);
    return isfinite(n1 / n2) ? bw_give_real(c, n1 / n2) : too_large(e);
}

static const struct bw_param two_ints[] = {BW_PARAM("n1", INT), BW_PARAM("n2", INT), {0}};
static const struct bw_param two_reals[] = {BW_PARAM("n1", REAL), BW_PARAM("n2", REAL), {0}};
static const struct bw_param an_int[] = {BW_PARAM("result", INT), {0}};
static const struct bw_param a_real[] = {BW_PARAM("result", REAL), {0}};

static const struct bw_method calculator_methods[] = {
    BW_METHOD("Add", add, two_ints, an_int, .safe = true, .help = "n1 + n2"),
    BW_METHOD("Subtract", subtract, two_ints, an_int, .safe = true, .help = "n1 - n2"),
    BW_METHOD("Multiply", multiply, two_ints, an_int, .safe = true, .help = "n1 * n2"),
    BW_METHOD("Divide", divide, two_reals, a_real, .safe = true, .help = "n1 / n2"),
    {0},
};
static const struct bw_service calculator = {
    .name = "Calculator", .methods = calculator_methods, .help = "Arithmetic"};

/* ---- the route /api/stats/:category ---- */

static bool find_category(struct bw_req *rq, struct category *out, struct bw_err *e)
{
    bw_str name = bw_req_part(rq, "category");
    struct bw_query *q = bw_query_new(&category_table);
    bw_where(q, "name", BW_EQ, bw_text(name));
    struct bw_rows *rows = bw_list(bw_req_client(rq), q, e);
    int got = rows ? bw_rows_next(rows, out, e) : -1;
    bw_rows_close(rows);
    bw_query_free(q);
    return got == 0 ? bw_fail(e, BW_MISSING, "no category '%.*s'", BW_FMT(name)) : got > 0;
}

static bool stats(struct bw_req *rq, struct bw_err *e)
{
    struct category category;
    int64_t articles, published;
    if (!find_category(rq, &category, e))
        return false;
    struct bw_query *q = bw_query_new(&article_table);
    bw_where(q, "category", BW_EQ, bw_int(category.id));
    bool ok = bw_count(bw_req_client(rq), q, &articles, e);
    bw_where(q, "published", BW_EQ, bw_int(1));
    ok = ok && bw_count(bw_req_client(rq), q, &published, e);
    bw_query_free(q);
    if (!ok)
        return false;
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_text(w, "category", category.name);
    bw_json_put_int(w, "articles", articles);
    bw_json_put_int(w, "published", published);
    bw_json_end(w);
    return true;
}

static const struct bw_route routes[] = {
    {"GET", "/api/stats/:category", stats, .help = "How many articles a category has"},
    {0},
};

int main(int argc, char **argv)
{
    struct bw_app app = BW_APP("blog");
    app.version = "1.0";
    app.help = "A small blog: authors, categories, articles, comments.";
    app.tables = (const struct bw_table *const[]){&author_table, &category_table, &article_table,
                                                  &comment_table, NULL};
    app.services = (const struct bw_service *const[]){&calculator, NULL};
    app.routes = routes;
    return bw_main(&app, argc, argv);
}
