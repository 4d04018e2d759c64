/* angel_conf_fuzz.c: any bytes as the angel's settings: refused with a place, or taken: then every
 * service has a name and an environment, comes behind what it waits for, and reading the same text
 * again changes nothing. */
#include "angel/conf.h"
#include "core/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t place(const struct angel_conf *c, const char *name)
{
    size_t i = 0;
    while (i < c->n_units && strcmp(c->units[i].name, name) != 0)
        i++;
    bw_must(i < c->n_units);
    return i;
}

static void check_unit(const struct angel_conf *c, size_t i)
{
    const struct unit_conf *u = &c->units[i];
    bw_must(u->name && *u->name && u->env && u->argv && u->file);
    bw_must(u->backoff.base <= u->backoff.cap && u->replicas >= 1 && u->stop_signal > 0);
    for (size_t k = 0; u->after[k]; k++)
        bw_must(place(c, u->after[k]) < i);
    for (size_t k = 0; u->needs[k]; k++)
        bw_must(place(c, u->needs[k]) < i);
}

/* Secrets and EnvFiles may name any file of this machine. */
static bool reads_files(bw_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '@' || text.p[i] == '\\' ||
            (i + 8 <= text.n && bw_str_ieq(bw_str_of(text.p + i, 8), BW_LIT("envfiles"))))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct angel_conf c, again;
    struct bw_err e = {0};
    struct plan p;
    struct bw_arena a;
    bw_str text = bw_str_of((const char *)data, size);
    if (reads_files(text))
        return 0;
    clock_set(1, 1); /* %agl.now% */
    if (!angel_conf_parse(&c, "f", text, &e)) {
        bw_must(e.text[0] == 'f');
        return 0;
    }
    for (size_t i = 0; i < c.n_units; i++)
        check_unit(&c, i);
    bw_must(angel_conf_parse(&again, "f", text, &e));
    bw_arena_init(&a);
    plan_make(&c, &again, &a, &p);
    bw_must(p.n == c.n_units && !*p.live && !*p.restart);
    for (size_t i = 0; i < p.n; i++)
        bw_must(p.p[i].kind == PLAN_SAME);
    bw_arena_release(&a);
    angel_conf_release(&again);
    angel_conf_release(&c);
    return 0;
}
