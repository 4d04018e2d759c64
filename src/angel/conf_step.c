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

static bool make_step(struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                      struct action_step *s, enum action_place place, struct bw_err *e)
{
    bw_str param;
    s->text = bw_arena_cstr(l->a, bw_cstr(s->text));
    if (!action_parse(s, place, &param, e))
        return false;
    const char *text = bw_arena_str(l->a, param).p;
    s->argv = step_words(l, raw, u, bw_cstr(text), e);
    s->param = param.n ? conf_fill(l, raw, text, e) : u->conf.run;
    if (!s->argv || !s->param || (s->kind->check && !s->kind->check(s, e)))
        return false;
    if (s->kind == &action_start && s->argv[0])
        u->conf.argv = s->argv; /* what is kept running, should it be another than Run */
    return true;
}

static bool make_list(struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                      const char *key, struct bw_err *e)
{
    const char *const *texts = *key == 'W' ? raw->watch : key[2] == 'a' ? raw->start : raw->stop;
    struct action_steps *out = *key == 'W'     ? &u->conf.watch
                               : key[2] == 'a' ? &u->conf.start
                                               : &u->conf.stop;
    enum action_place place = *key == 'W'     ? ACTION_WATCH
                              : key[2] == 'a' ? ACTION_START
                                              : ACTION_STOP;
    size_t n = 0;
    char path[32];
    while (texts[n])
        n++;
    struct action_step *p = BW_NEW_N(l->a, struct action_step, n + 1);
    for (size_t i = 0; i < n; i++) {
        p[i].text = texts[i];
        snprintf(path, sizeof path, "%s[%zu]", key, i);
        if (!make_step(l, raw, u, &p[i], place, e))
            return conf_fail_at(l, raw, path, e);
    }
    *out = (struct action_steps){p, n};
    return true;
}

bool conf_make_steps(struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                     struct bw_err *e)
{
    return make_list(l, raw, u, "Start", e) && make_list(l, raw, u, "Stop", e) &&
           make_list(l, raw, u, "Watch", e);
}
