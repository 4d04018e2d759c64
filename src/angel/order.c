/* order.c: see order.h. */
#include "angel/order.h"

#include <grp.h>
#include <limits.h>

#define VERSION 1

/* ---- writing ---- */

static bool put(struct order_message *m, const void *p, size_t n)
{
    if (n > sizeof m->bytes - m->n)
        return false;
    memcpy(m->bytes + m->n, p, n);
    m->n += n;
    return true;
}

static bool put_text(struct order_message *m, const char *text)
{
    return put(m, text, strlen(text) + 1);
}

static bool put_words(struct order_message *m, const char *const *words, uint32_t *count)
{
    for (*count = 0; words && words[*count]; ++*count)
        if (*count >= ORDER_WORDS || !put_text(m, words[*count]))
            return false;
    return true;
}

static bool put_groups(struct order_message *m, const struct user_ids *u, uint32_t *count)
{
    gid_t groups[ORDER_GROUPS];
    int n = ORDER_GROUPS;
    *count = 1;
    if (!u->name[0])
        return put(m, &u->gid, sizeof u->gid);
    int r = getgrouplist(u->name, u->gid, groups, &n);
    *count = r < 0 ? ORDER_GROUPS : (uint32_t)n; /* the kernel's list has an end as well */
    return put(m, groups, *count * sizeof groups[0]);
}

static void add_fd(struct order_message *m, int fd, uint32_t *bits, unsigned bit)
{
    if (fd < 0)
        return;
    m->fds[m->n_fds++] = fd;
    *bits |= 1u << bit;
}

static void put_numbers(const struct hands_spec *s, struct order_head *h)
{
    h->version = VERSION;
    h->run = s->run;
    h->child = s->child;
    h->helper = s->helper;
    h->has_cwd = s->cwd != NULL;
    h->umask = s->umask;
    h->nice = s->nice;
    h->n_limits = s->n_limits;
    h->n_listen = s->n_listen;
    h->memory_max = s->memory_max;
    h->cpu_per_mille = s->cpu_per_mille;
    h->pids_max = s->pids_max;
    for (unsigned i = 0; i < s->n_limits; i++)
        h->limits[i] = (struct order_limit){.what = s->limits[i].what,
                                            .cur = s->limits[i].value.rlim_cur,
                                            .max = s->limits[i].value.rlim_max};
}

static bool put_all(const struct hands_spec *s, struct order_head *h, struct order_message *m)
{
    bool ok = !s->user || put_groups(m, s->user, &h->n_groups);
    if (s->user) {
        h->has_user = 1;
        h->uid = s->user->uid;
        h->gid = s->user->gid;
    }
    ok = ok && put_text(m, s->unit) && put_text(m, s->cwd ? s->cwd : "/");
    for (unsigned i = 0; ok && i < s->n_listen; i++)
        ok = put_text(m, s->listen_names[i] ? s->listen_names[i] : "");
    ok = ok && put_words(m, s->argv, &h->n_argv) && put_words(m, s->env, &h->n_env);
    return ok && h->n_argv + h->n_env <= ORDER_WORDS;
}

bool order_pack(const struct hands_spec *s, uint32_t kind, struct order_message *m,
                struct bw_err *e)
{
    struct order_head h = {.kind = kind};
    m->n = sizeof h;
    m->n_fds = 0;
    if (!s->unit || !*s->unit || strlen(s->unit) >= ORDER_UNIT)
        return bw_fail(e, BW_BAD, "a unit's name has 1 to %d bytes", ORDER_UNIT - 1);
    if (!s->argv || !s->argv[0] || !*s->argv[0])
        return bw_fail(e, BW_BAD, "%s: nothing to run is named", s->unit);
    if (s->n_limits > HANDS_LIMITS || s->n_listen > HANDS_LISTEN)
        return bw_fail(e, BW_BAD, "%s: at most %d limits and %d sockets", s->unit, HANDS_LIMITS,
                       HANDS_LISTEN);
    add_fd(m, s->in, &h.std, 0);
    add_fd(m, s->out, &h.std, 1);
    add_fd(m, s->err, &h.std, 2);
    for (unsigned i = 0; i < s->n_listen; i++)
        m->fds[m->n_fds++] = s->listen[i];
    put_numbers(s, &h);
    if (!put_all(s, &h, m))
        return bw_fail(e, BW_TOOBIG,
                       "%s: command line and environment have more than %d bytes or %d words",
                       s->unit, ORDER_TEXT, ORDER_WORDS);
    memcpy(m->bytes, &h, sizeof h);
    return true;
}

/* ---- reading ---- */

struct reader {
    char *p;
    size_t n;
};

static char *take_text(struct reader *r)
{
    char *text = r->p;
    size_t n = strnlen(text, r->n);
    if (n == r->n)
        return NULL;
    r->p += n + 1;
    r->n -= n + 1;
    return text;
}

static bool take_words(struct reader *r, char **words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!(words[i] = take_text(r)))
            return false;
    words[count] = NULL;
    return true;
}

static bool is_sound(const struct order_head *h, size_t n)
{
    return h->version == VERSION && h->n_groups <= ORDER_GROUPS &&
           h->n_groups * sizeof(uint32_t) <= n && h->n_limits <= HANDS_LIMITS &&
           h->n_listen <= HANDS_LISTEN && h->n_argv >= 1 && h->n_argv <= ORDER_WORDS &&
           h->n_env <= ORDER_WORDS - h->n_argv;
}

static bool take_fds(struct order *o, const int *fds, unsigned n)
{
    int *std[] = {&o->in, &o->out, &o->err};
    unsigned at = 0;
    for (unsigned i = 0; i < 3; i++) {
        bool given = o->head.std & 1u << i;
        if (given && at == n)
            return false;
        *std[i] = given ? fds[at++] : -1;
    }
    if (n - at != o->head.n_listen)
        return false;
    for (unsigned i = 0; i < o->head.n_listen; i++)
        o->listen[i] = fds[at++];
    return true;
}

bool order_read(struct order *o, char *bytes, size_t n, const int *fds, unsigned n_fds)
{
    struct order_head *h = &o->head;
    if (n < sizeof *h)
        return false;
    memcpy(h, bytes, sizeof *h);
    struct reader r = {.p = bytes + sizeof *h, .n = n - sizeof *h};
    if (!is_sound(h, r.n) || !take_fds(o, fds, n_fds))
        return false;
    o->groups = (const void *)r.p;
    r.p += h->n_groups * sizeof(uint32_t);
    r.n -= h->n_groups * sizeof(uint32_t);
    o->unit = take_text(&r);
    o->cwd = o->unit ? take_text(&r) : NULL;
    if (!o->cwd || !*o->unit || strlen(o->unit) >= ORDER_UNIT)
        return false;
    for (unsigned i = 0; i < h->n_listen; i++)
        if (!(o->listen_names[i] = take_text(&r)))
            return false;
    o->argv = o->words;
    o->env = o->words + h->n_argv + 1;
    return take_words(&r, o->argv, h->n_argv) && take_words(&r, o->env, h->n_env);
}
