/* conf_step.c: the texts of Start, Stop and Watch → steps. A step is taken apart before its
 * placeholders are filled in, word by word, so that nothing in a value is taken for a part of it.
 */
#include "angel/conf_int.h"

#include "angel/action.h"
#include "core/words.h"

/* Words of a command: %run% alone is all of Run. */
static const char *const *step_words(struct conf_load *l, const struct conf_entry *raw,
                                     struct conf_entry *u, bw_str param, struct bw_err *e)
{
    param = bw_str_trim(param);
    if (!param.n || bw_str_ieq(param, BW_LIT("%run%")))
        return u->conf.argv;
    const char **words = words_split(param, l->a, e);
    for (size_t i = 0; words && words[i]; i++) {
        words[i] = conf_fill(l, raw, words[i], e);
        if (!words[i])
            return NULL;
    }
    return words;
}

/* A list of steps being made: of whom, from what was written, for where. */
struct making {
    struct conf_load *l;
    const struct conf_entry *raw;
    struct conf_entry *u;
    enum action_place place;
};

static bool make_step(const struct making *m, struct action_step *s, struct bw_err *e)
{
    struct unit_conf *c = &m->u->conf;
    bw_str param;
    s->text = bw_arena_cstr(m->l->a, bw_cstr(s->text));
    if (!action_parse(s, m->place, &param, e))
        return false;
    if (s->kind == &action_http || s->kind == &action_https)
        s->timeout = m->l->c->http_timeout;
    const char *text = bw_arena_str(m->l->a, param).p;
    s->argv = step_words(m->l, m->raw, m->u, bw_cstr(text), e);
    s->param = param.n ? conf_fill(m->l, m->raw, text, e) : c->run;
    if (!s->argv || !s->param || (s->kind->check && !s->kind->check(s, e)))
        return false;
    if (s->kind == &action_start && s->argv[0])
        c->argv = s->argv; /* what is kept running, should it be another than Run */
    return true;
}

static bool make_list(const struct making *m, const char *key, const char *const *texts,
                      struct action_steps *out, struct bw_err *e)
{
    size_t n = 0;
    char path[32];
    while (texts[n])
        n++;
    struct action_step *p = BW_NEW_N(m->l->a, struct action_step, n + 1);
    for (size_t i = 0; i < n; i++) {
        p[i].text = texts[i];
        snprintf(path, sizeof path, "%s[%zu]", key, i);
        if (!make_step(m, &p[i], e))
            return conf_fail_at(m->l, m->raw, path, e);
    }
    *out = (struct action_steps){p, n};
    return true;
}

bool conf_make_steps(struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                     struct bw_err *e)
{
    struct unit_conf *c = &u->conf;
    struct making m = {.l = l, .raw = raw, .u = u, .place = ACTION_START};
    if (!make_list(&m, "Start", raw->start, &c->start, e))
        return false;
    m.place = ACTION_STOP;
    if (!make_list(&m, "Stop", raw->stop, &c->stop, e))
        return false;
    m.place = ACTION_WATCH;
    return make_list(&m, "Watch", raw->watch, &c->watch, e);
}
