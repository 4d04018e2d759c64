/* control_plan.c: the settings as they are in their files now, against those in force: what would
 * change, and making it so. Files are read on a worker thread: no probe or restart waits for a
 * disk. */
#include "angel/control_int.h"

struct read_job {
    const struct control *c;
    const char *file;
    struct angel_conf conf;
    struct bw_err e;
    bool ok;
};

static void read_settings(void *arg)
{
    struct read_job *j = arg;
    j->ok = angel_conf_load_at(&j->conf, j->file, j->c->o.state, &j->e);
}

static void write_plan(struct bw_json_writer *w, const struct plan *p, const struct angel_conf *to)
{
    bw_json_object(w);
    bw_json_put_text(w, "file", bw_cstr(to->file));
    bw_json_key(w, BW_LIT("units"));
    bw_json_array(w);
    for (size_t i = 0; i < p->n; i++) {
        bw_json_object(w);
        bw_json_put_text(w, "unit", bw_cstr(p->p[i].unit));
        bw_json_put_text(w, "change", bw_cstr(plan_names[p->p[i].kind]));
        bw_json_put_text(w, "keys", bw_cstr(p->p[i].keys));
        bw_json_end(w);
    }
    bw_json_end(w);
    bw_json_put_text(w, "angel_live", bw_cstr(p->live));
    bw_json_put_text(w, "angel_restart", bw_cstr(p->restart));
    bw_json_end(w);
}

static bool plan_or_apply(struct control_ask *k, bool apply, struct bw_err *e)
{
    struct read_job *j = bw_arena_zero(k->rq->arena, sizeof *j);
    struct plan p;
    const char *file = apply ? NULL : control_param(k, "file"); /* a draft: only to look at */
    j->c = k->c;
    j->file = file && *file ? file : k->c->o.settings;
    worker_run(read_settings, j);
    if (!j->ok) {
        *e = j->e;
        e->code = e->code == BW_BAD ? BW_INVALID : e->code;
        return false;
    }
    plan_make(brain_conf(k->b), &j->conf, k->rq->arena, &p);
    struct bw_json_writer *w = control_json(k);
    write_plan(w, &p, &j->conf);
    if (!apply) {
        angel_conf_release(&j->conf);
        return true;
    }
    return brain_apply(k->b, angel_conf_own(&j->conf), e);
}

bool control_at_plan(struct control_ask *k, struct bw_err *e)
{
    return plan_or_apply(k, false, e);
}

bool control_at_apply(struct control_ask *k, struct bw_err *e)
{
    return plan_or_apply(k, true, e);
}
