#include "help/t.h"

#include "host/reload.h"

static void give(struct conf *c, const char *key, const char *value)
{
    struct bw_err e;
    check_ok(settings_set(&(struct settings){conf_options, c, &c->arena}, bw_cstr(key),
                          bw_cstr(value), &e),
             &e);
}

static void live_ones_change_and_others_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *said;
    } rows[] = {
        {NULL, NULL, "nothing has changed"},
        {"log.level", "error", "changed: log.level"},
        {"server.drain_timeout", "1s", "changed: server.drain_timeout"},
        {"listen", "127.0.0.1:9", "needs a restart: listen"},
        {"server.max_body", "1", "changed: server.max_body"},
        {"log.file", "/x", "changed: log.file"},
        {"log.to", "file,syslog", "changed: log.to"},
        {"rest.health_details", "true", "changed: rest.health_details"},
        {"server.threads", "7", "needs a restart: server.threads"},
        {"stores.default.sync", "off", "needs a restart: stores"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conf now, fresh;
        struct bw_buf said;
        conf_init(&now);
        conf_init(&fresh);
        bw_buf_init(&said, 4096);
        if (rows[i].key && !strncmp(rows[i].key, "stores", 6)) {
            struct bw_err e;
            check_ok(settings_parse(&(struct settings){conf_options, &fresh, &fresh.arena}, "x",
                                    BW_LIT("{\"stores\":{\"default\":{\"sync\":\"off\"}}}"), &e),
                     &e);
        } else if (rows[i].key) {
            give(&fresh, rows[i].key, rows[i].value);
        }
        bool changed = reload_apply(&now, &fresh, &said);
        check_int(changed, !strncmp(rows[i].said, "changed", 7));
        check_str(bw_buf_str(&said), rows[i].said);
        bw_buf_clear(&said);
        check(!reload_apply(&now, &fresh, &said)); /* it is taken over */
        bw_buf_release(&said);
        conf_release(&now);
        conf_release(&fresh);
    }
}

static void change(struct conf *c, const struct option *o)
{
    static const char *texts[] = {"other", NULL};
    void *at = (char *)c + o->offset;
    if (o->type == OPT_CSTR)
        *(const char **)at = "other";
    else if (o->type == OPT_TEXTS)
        *(const char ***)at = texts;
    else if (o->type == OPT_RAW)
        *(bw_str *)at = BW_LIT("{\"a\": \"warn\"}");
    else
        *(char *)at ^= 1; /* a number, a bool, one of some words */
}

static bool differ(struct conf *now, struct conf *fresh)
{
    struct bw_buf said;
    bw_buf_init(&said, 4096);
    bool changed = reload_apply(now, fresh, &said);
    bw_buf_release(&said);
    return changed;
}

static unsigned try_each(const struct option *t)
{
    unsigned live = 0;
    for (; t->name; t++) {
        struct conf now, fresh;
        if (t->type == OPT_SECTION)
            live += try_each(t->options);
        if (t->type == OPT_SECTION || t->type == OPT_MAP)
            continue;
        conf_init(&now);
        conf_init(&fresh);
        change(&fresh, t);
        check_int(differ(&now, &fresh), t->live);
        live += t->live;
        conf_release(&now);
        conf_release(&fresh);
    }
    return live;
}

static void what_is_live_is_taken_over(void **state)
{
    (void)state;
    check(try_each(conf_options) > 30);
}

static void what_opens_the_log_anew(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        bool opens;
    } rows[] = {{"log.level", "error", false},      {"log.slow_query", "1s", false},
                {"server.max_body", "1", false},    {"log.file", "/x", true},
                {"log.rotate_count", "3", true},    {"log.access", "json", true},
                {"log.access_sample", "10", false}, {"log.RotateFileSizeKB", "9", true},
                {"log.syslog_ca", "ca.pem", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conf now, fresh;
        conf_init(&now);
        conf_init(&fresh);
        give(&fresh, rows[i].key, rows[i].value);
        check_int(reload_reopens_log(&now, &fresh), rows[i].opens);
        conf_release(&now);
        conf_release(&fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(live_ones_change_and_others_are_named),
                                       cmocka_unit_test(what_is_live_is_taken_over),
                                       cmocka_unit_test(what_opens_the_log_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
