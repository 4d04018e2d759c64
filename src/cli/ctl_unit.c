/* ctl_unit.c: services as the control API tells them, read back from JSON; members this program
 * does not know are passed over, so an older one may ask a newer angel. */
#include "cli/ctl.h"

#include "core/vec.h"

struct member {
    const char *name;
    enum { TEXT, FLAG, NUMBER, TIME } kind;
    size_t offset;
};

#define AT(m) offsetof(struct ctl_unit, m)
static const struct member members[] = {
    {"name", TEXT, AT(name)},       {"unit", TEXT, AT(unit)},           {"state", TEXT, AT(state)},
    {"why", TEXT, AT(why)},         {"last_exit", TEXT, AT(last_exit)}, {"ready", FLAG, AT(ready)},
    {"wanted", FLAG, AT(wanted)},   {"degraded", FLAG, AT(degraded)},   {"pid", NUMBER, AT(pid)},
    {"starts", NUMBER, AT(starts)}, {"restarts", NUMBER, AT(restarts)}, {"since", TIME, AT(since)},
    {"started", TIME, AT(started)}, {"next_start", TIME, AT(next)},
};

static void take(const struct member *m, const struct bw_json_reader *r, enum bw_json_kind kind,
                 struct bw_arena *a, struct ctl_unit *u)
{
    void *at = (char *)u + m->offset;
    if (m->kind == TEXT && kind == BW_JSON_TEXT)
        *(const char **)at = bw_arena_cstr(a, r->text);
    else if (m->kind == FLAG && kind == BW_JSON_BOOL)
        *(bool *)at = r->boolean;
    else if (m->kind == NUMBER && kind == BW_JSON_INT)
        *(int64_t *)at = r->integer;
    else if (m->kind == TIME && kind == BW_JSON_TEXT)
        bw_time_parse(r->text, at);
}

static void read_unit(struct bw_json_reader *r, struct bw_arena *a, struct ctl_unit *u)
{
    bw_str name;
    *u = (struct ctl_unit){.name = "", .unit = "", .state = "", .why = "", .last_exit = ""};
    while (bw_json_member(r, &name)) {
        enum bw_json_kind kind = bw_json_next(r);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            if (bw_str_eq(name, bw_cstr(members[i].name)))
                take(&members[i], r, kind, a, u);
        }
        bw_json_skip(r, kind);
    }
}

static bool read_units(struct bw_json_reader *r, struct bw_arena *a, struct ctl_units *out)
{
    VEC(struct ctl_unit) all = {0};
    enum bw_json_kind kind;
    while ((kind = bw_json_next(r)) == BW_JSON_OBJECT)
        read_unit(r, a, vec_push(&all));
    out->n = all.n;
    out->p = bw_arena_alloc(a, (all.n + 1) * sizeof *out->p);
    if (all.n)
        memcpy(out->p, all.p, all.n * sizeof *out->p);
    vec_release(&all);
    return kind == BW_JSON_END;
}

bool ctl_units_read(bw_str json, struct bw_arena *a, struct ctl_units *out, struct bw_err *e)
{
    struct bw_json_reader r;
    bw_str name;
    bool found = false;
    *out = (struct ctl_units){0};
    bw_json_open(&r, a, json);
    if (bw_json_next(&r) == BW_JSON_OBJECT) {
        while (bw_json_member(&r, &name)) {
            enum bw_json_kind kind = bw_json_next(&r);
            if (kind == BW_JSON_ARRAY && bw_str_eq(name, BW_LIT("units")))
                found = read_units(&r, a, out);
            else
                bw_json_skip(&r, kind);
        }
    }
    return (found && bw_json_finish(&r)) ||
           bw_fail(e, BW_DOWN, "what the angel answered is not understood; is it of this version?");
}

const char *ctl_span(bw_time from, bw_time to, char out[24])
{
    int64_t s = to > from ? (to - from) / BW_TIME_SECOND : 0;
    if (s < 100)
        snprintf(out, 24, "%llds", (long long)s);
    else if (s < 6000)
        snprintf(out, 24, "%lldm %llds", (long long)s / 60, (long long)s % 60);
    else if (s < 172800)
        snprintf(out, 24, "%lldh %lldm", (long long)s / 3600, (long long)s / 60 % 60);
    else
        snprintf(out, 24, "%lldd %lldh", (long long)s / 86400, (long long)s / 3600 % 24);
    return out;
}
