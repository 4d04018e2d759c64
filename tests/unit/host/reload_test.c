#include "help/t.h"

#include "core/log.h"
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
        {"server.max_body", "1", "needs a restart: server.max_body"},
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
        reload_apply(&now, &fresh, &said);
        check_str(bw_buf_str(&said), rows[i].said);
        bw_buf_release(&said);
        conf_release(&now);
        conf_release(&fresh);
    }
    check(!log_enabled(LOG_LEVEL_WARN)); /* since the second row */
    log_set_level(LOG_LEVEL_INFO);
}

/* Whoever marks an option live has to say in reload.c how. */
static void no_live_option_waits(const struct option *t)
{
    for (; t->name; t++) {
        if (t->type == OPT_SECTION)
            no_live_option_waits(t->options);
        if (!t->live)
            continue;
        struct conf now, fresh;
        struct bw_buf said;
        conf_init(&now);
        conf_init(&fresh);
        bw_buf_init(&said, 4096);
        ((char *)&fresh)[t->offset] ^= 1; /* of an int, a bool, a duration */
        reload_apply(&now, &fresh, &said);
        check(bw_str_starts(bw_buf_str(&said), BW_LIT("changed: ")));
        bw_buf_release(&said);
        conf_release(&now);
        conf_release(&fresh);
    }
}

static void every_live_option_has_a_way(void **state)
{
    (void)state;
    no_live_option_waits(conf_options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(live_ones_change_and_others_are_named),
                                       cmocka_unit_test(every_live_option_has_a_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
