/* A whole request through a server in memory: "METHOD target\nName: value\n…\n\nbody". Routing,
 * query strings, preferences, media types and the parameters of calls all read a peer's bytes here.
 * Every answer must be complete, carry a status, and be valid JSON where it says so. */
#include <burrow/burrow.h>

#include "core/log.h"
#include "rest/inprocess.h"
#include "rest/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const colours[] = {"red", "green", NULL};
static const struct bw_param in[] = {
    {.name = "n", .type = BW_TYPE_INT, .optional = true},
    {.name = "r", .type = BW_TYPE_REAL, .optional = true},
    {.name = "t", .type = BW_TYPE_TEXT, .optional = true},
    {.name = "b", .type = BW_TYPE_BLOB, .optional = true},
    {.name = "w", .type = BW_TYPE_TIME, .optional = true},
    {.name = "j", .type = BW_TYPE_JSON, .optional = true},
    {.name = "c", .type = BW_TYPE_ENUM, .names = colours, .optional = true},
    {.name = NULL}};

static bool mirror(struct bw_call *c, struct bw_err *e)
{
    (void)e;
    bw_give_int(c, bw_arg_int(c, 0));
    bw_give_real(c, bw_arg_real(c, 1));
    bw_give_text(c, bw_arg_text(c, 2));
    bw_give_text(c, bw_arg_text(c, 3));
    bw_give_time(c, bw_arg_time(c, 4));
    bw_give_json(c, bw_arg_text(c, 5));
    return bw_give_int(c, bw_arg_enum(c, 6));
}

static bool part(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    return bw_reply(rq, "text/plain", bw_req_part(rq, "rest"));
}

static const struct bw_method methods[] = {
    {.name = "Mirror", .run = mirror, .in = in, .out = in, .safe = true}, {.name = NULL}};
static const struct bw_service service = {.name = "S", .methods = methods};
static const struct bw_service *const services[] = {&service, NULL};
static const struct bw_route routes[] = {{"GET", "/p/:x/*rest", part, NULL, 0}, {.path = NULL}};
static const struct bw_app app = {.name = "fuzz", .services = services, .routes = routes};

static struct bw_server *server(void)
{
    static struct bw_server s;
    static bool made;
    struct bw_err e;
    if (!made) {
        log_set_level(LOG_LEVEL_FATAL);
        bw_must(server_init(&s, &app, &(struct server_opts){0}, &e) && server_ready(&s, &e));
    }
    made = true;
    return &s;
}

static bool visible(bw_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return true;
}

/* The transport lets no control characters through. */
static size_t read_fields(bw_str *rest, struct http_field *f, size_t max)
{
    bw_str line, name;
    size_t n = 0;
    while (n < max && bw_str_cut(rest, '\n', &line) && line.n) {
        bw_str value = line;
        if (!visible(line) || !bw_str_cut(&value, ':', &name) || !value.p)
            continue;
        f[n++] = (struct http_field){.name = name, .value = bw_str_trim(value)};
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct http_field fields[8];
    bw_str rest = bw_str_of((const char *)data, n), line, method;
    if (!bw_str_cut(&rest, '\n', &line) || !visible(line))
        return 0;
    bw_str target = line;
    if (!bw_str_cut(&target, ' ', &method) || !target.p)
        return 0;
    struct inprocess_ask q = {.method = method, .target = target, .fields = fields};
    q.n_fields = rest.p ? read_fields(&rest, fields, 8) : 0;
    q.body = rest.p ? rest : BW_LIT("");
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct inprocess_answer a = {.arena = &arena};
    struct bw_err e;
    bw_must(inprocess_ask(server(), &q, &a, &e));
    bw_must(a.status >= 200 && a.status < 600 && a.status != 500);
    bw_str type = http_field_get(a.fields, a.n_fields, "content-type");
    if (a.body.n && bw_str_ends(type, BW_LIT("json")))
        bw_must(bw_json_valid(a.body, 64));
    bw_arena_release(&arena);
    return 0;
}
