#include "help/shop.h"

#include "core/log.h"

#define F(n, t, ...)                                                          \
    {                                                                         \
        .name = (n), .type = BW_TYPE_##t, .offset = BW_NO_OFFSET, __VA_ARGS__ \
    }
#define END          \
    {                \
        .name = NULL \
    }

static const struct bw_field author_fields[] = {
    F("name", TEXT, .required = true, .unique = true, .max_len = 20), END};
static const struct bw_field article_fields[] = {
    F("title", TEXT, .required = true, .max_len = 20),
    F("views", INT, .initial = "0", .min = {.set = true}),
    F("author", REF, .ref = "Author"),
    F("picture", BLOB, .max_len = 1000),
    F("stamp", BLOB, .read_only = true),
    F("version", VERSION, ),
    END};
static const struct bw_field log_fields[] = {F("text", TEXT, ), F("atomic", BOOL, ),
                                             F("file", BLOB, ), END};
static const struct bw_field paper_fields[] = {F("scan", BLOB, .required = true, .max_len = 100),
                                               END};
static const struct bw_table author = {.name = "Author", .fields = author_fields},
                             article = {.name = "Article", .fields = article_fields},
                             log_table = {.name = "Log", .fields = log_fields, .store = "archive"},
                             paper = {.name = "Paper", .fields = paper_fields};
static const struct bw_table *const tables[] = {&author, &article, &paper, &log_table, NULL};
static const struct bw_app app = {.name = "shop", .tables = tables};

const char *shop_kind = "sqlite";

static struct store *open_store(struct shop *s, const char *name, unsigned from, unsigned n)
{
    struct bw_err e;
    struct table *list[4];
    for (unsigned i = 0; i < n; i++)
        list[i] = &s->server.model.tables[from + i];
    struct store_opts o = {.name = name, .path = "", .sync = "off", .sync_schema = true};
    struct store *store = store_open(shop_kind, &o, list, n, &e);
    check_ok(store != NULL, &e);
    return store;
}

void shop_open(struct shop *s, const struct server_opts *o)
{
    struct bw_err e;
    log_set_level(LOG_LEVEL_FATAL);
    check_ok(server_init(&s->server, &app, o ? o : &(struct server_opts){0}, &e), &e);
    s->stores[0] = open_store(s, "main", 0, 3);
    s->stores[1] = open_store(s, "archive", 3, 1);
    s->stores[2] = NULL;
    s->server.stores = s->stores;
    check_ok(server_ready(&s->server, &e), &e);
}

void shop_close(struct shop *s)
{
    server_stop(&s->server);
    store_close(s->stores[1]);
    store_close(s->stores[0]);
    server_release(&s->server);
    ask_end();
}

int64_t shop_count(struct shop *s, const char *table)
{
    struct bw_err e;
    struct query q;
    int64_t n;
    query_init(&q, model_table(&s->server.model, bw_cstr(table)));
    check_ok(store_count(&q, &n, &e), &e);
    return n;
}
