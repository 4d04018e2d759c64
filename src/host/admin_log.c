/* admin_log.c: GET and PUT /log: the levels in force. What is put holds until the next reload,
 * which brings back what the settings say, or the end. The body is read by the options of the
 * settings themselves, so it is refused in the same words. */
#include "host/admin.h"

#include "core/log.h"

#define UNSAID (-1)

static const char *const consumes[] = {"application/json", NULL};

static void write_areas(struct bw_json_writer *w, bw_str levels, struct bw_arena *a)
{
    struct log_area areas[CONF_AREAS];
    struct bw_err e;
    size_t n = 0;
    bw_json_object(w);
    if (conf_log_areas(levels, areas, &n, a, &e)) /* checked when set */
        for (size_t i = 0; i < n; i++)
            bw_json_put_text(w, areas[i].name, bw_cstr(log_level_name(areas[i].level)));
    bw_json_end(w);
}

static void write_all(struct serving *s, void *arg)
{
    struct bw_req *rq = arg;
    const struct conf *c = &s->launch->conf;
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_text(w, "level", bw_cstr(log_level_name(c->log.level)));
    bw_json_key(w, BW_LIT("levels"));
    write_areas(w, c->log.levels, rq->arena);
    bw_json_put_int(w, "lost", (int64_t)log_lost());
    bw_json_end(w);
}

static bool get(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    admin_on_main(rq, write_all, rq);
    return true;
}

const struct endpoint admin_log = {
    .method = HTTP_GET,
    .path = "/log",
    .run = get,
    .id = "log",
    .help = "The log's level, areas with a level of their own, records lost.",
    .produces = "application/json",
};

/* ---- PUT ---- */

static void set(struct serving *s, void *arg)
{
    struct conf *fresh = arg;
    struct conf *now = &s->launch->conf;
    struct bw_buf text;
    struct bw_json_writer w;
    if (fresh->log.level != UNSAID)
        now->log.level = fresh->log.level;
    if (fresh->log.levels.p) {
        bw_buf_init(&text, sizeof s->levels);
        bw_json_init(&w, &text);
        write_areas(&w, fresh->log.levels, &fresh->arena);
        memcpy(s->levels, bw_buf_str(&text).p, text.n); /* fits: CONF_AREAS short names */
        bool none = text.n <= 2;                        /* "{}": as if never said */
        now->log.levels = none ? (bw_str){.p = NULL} : bw_str_of(s->levels, text.n);
        bw_buf_release(&text);
    }
    host_log_levels(now);
    log_info("host", "log levels set by the admin socket",
             LOG_CSTR("level", log_level_name(now->log.level)),
             LOG_TEXT("levels", now->log.levels.p ? now->log.levels : BW_LIT("{}")));
}

static bool put(struct bw_req *rq, struct bw_err *e)
{
    struct option options[3];
    struct conf fresh = {.log.level = UNSAID};
    bw_str body;
    if (!req_media(rq, consumes, e) || !http_req_body(rq->http, &body, e))
        return false;
    conf_log_level_options(options);
    const struct settings st = {options, &fresh, rq->arena};
    if (!settings_parse(&st, "body", body, e))
        return false;
    bw_arena_init(&fresh.arena);
    admin_on_main(rq, set, &fresh);
    bw_arena_release(&fresh.arena);
    return get(rq, e);
}

const struct endpoint admin_set_log = {
    .method = HTTP_PUT,
    .path = "/log",
    .run = put,
    .id = "set_log",
    .help = "Sets them until the next reload: {\"level\": \"info\", \"levels\": {\"http\": "
            "\"debug\"}}; what is not named stays.",
    .consumes = consumes,
    .produces = "application/json",
};
