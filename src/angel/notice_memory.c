/* notice_memory.c: what people were told. The same within some minutes is not told again, only
 * counted; that all is well again is told where it was told that something was wrong. Each entry
 * has a record in a mapped file (<state>/told), so that the next brain knows. */
#include "angel/notice_int.h"

#include "core/clock.h"
#include "core/log.h"

#define TOLD_MAX 1024
#define WINDOW   (300 * CLOCK_SECOND)
#define RECORDS  4096
#define STEP     16
#define MAGIC    UINT32_C(0x42544c31) /* and format */
#define AGE_MAX  (30 * INT64_C(86400) * BW_TIME_SECOND)

enum { FREE, TOLD, WRONG };

/* Texts are cut where they are longer: that is enough to know them again. */
struct record {
    uint32_t magic, what, more, spare;
    bw_time until; /* wall clock */
    char unit[64], kind[24], text[NOTICE_TEXT];
};

/* The number of a process is another each time. */
static const char *past_pid(const char *p)
{
    if (strncmp(p, "(process ", 9) != 0)
        return p;
    p += 9;
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

static bool is_same(const char *a, const char *b)
{
    while (*a && *b) {
        a = past_pid(a);
        b = past_pid(b);
        if (*a != *b)
            return false;
        a += *a != 0;
        b += *b != 0;
    }
    return *a == *b;
}

static struct notice_told *find(const struct list *in, const struct notice *w, bool whole)
{
    for (struct list *x = in->next; x != in; x = x->next) {
        struct notice_told *t = LIST_OWNER(x, struct notice_told, node);
        if (!strcmp(t->unit, w->unit) &&
            (!whole || (!strcmp(t->kind, w->kind) && is_same(t->text, w->text))))
            return t;
    }
    return NULL;
}

/* ---- records ---- */

static struct record *record(const struct notice_memory *m, uint32_t i)
{
    return (struct record *)(void *)m->file.p + i;
}

static uint32_t room(const struct notice_memory *m)
{
    return m->file.fd < 0 ? 0 : (uint32_t)(m->file.size / sizeof(struct record));
}

/* From 1; 0: nowhere, and the next brain will not know. */
static uint32_t free_record(struct notice_memory *m)
{
    if (m->file.fd < 0)
        return 0;
    for (uint32_t i = 0; i < room(m); i++)
        if (record(m, i)->magic != MAGIC || record(m, i)->what == FREE)
            return i + 1;
    uint32_t at = room(m);
    return mapfile_grow(&m->file, (at + STEP) * sizeof(struct record), NULL) ? at + 1 : 0;
}

static void write_record(struct notice_memory *m, struct notice_told *t, uint32_t what)
{
    t->record = free_record(m);
    if (!t->record)
        return;
    struct record *r = record(m, t->record - 1);
    *r = (struct record){.magic = MAGIC, .until = bw_now() + (t->until - clock_mono()) / 1000};
    memcpy(r->unit, t->unit, sizeof r->unit);
    memcpy(r->kind, t->kind, sizeof r->kind);
    memcpy(r->text, t->text, sizeof r->text);
    r->what = what;
}

static void forget(struct notice_memory *m, struct notice_told *t)
{
    if (t->record)
        record(m, t->record - 1)->what = FREE;
    list_remove(&t->node);
    free(t);
}

static void remember(struct notice_memory *m, const struct notice *w, uint32_t what)
{
    struct notice_told *t = calloc(1, sizeof *t);
    bw_must(t);
    t->until = clock_mono() + WINDOW;
    snprintf(t->unit, sizeof t->unit, "%s", w->unit);
    snprintf(t->kind, sizeof t->kind, "%s", w->kind);
    snprintf(t->text, sizeof t->text, "%s", w->text);
    list_push_back(what == TOLD ? &m->told : &m->wrong, &t->node);
    m->n_told += what == TOLD;
    write_record(m, t, what);
}

static void read_record(struct notice_memory *m, uint32_t i)
{
    struct record *r = record(m, i);
    if (r->magic != MAGIC || r->what == FREE)
        return;
    int64_t left = (r->until - bw_now()) * 1000;
    bool old = r->what == TOLD ? left <= 0 : r->until < bw_now() - AGE_MAX;
    if (old || r->what > WRONG) {
        r->what = FREE;
        return;
    }
    struct notice_told *t = calloc(1, sizeof *t);
    bw_must(t);
    *t = (struct notice_told){.more = r->more, .record = i + 1};
    t->until = clock_mono() + (left < WINDOW ? left : WINDOW);
    snprintf(t->unit, sizeof t->unit, "%.*s", (int)sizeof r->unit - 1, r->unit);
    snprintf(t->kind, sizeof t->kind, "%.*s", (int)sizeof r->kind - 1, r->kind);
    snprintf(t->text, sizeof t->text, "%.*s", (int)sizeof r->text - 1, r->text);
    struct list *in = r->what == TOLD ? &m->told : &m->wrong, *before = in->next;
    while (before != in && LIST_OWNER(before, struct notice_told, node)->until <= t->until)
        before = before->next;
    list_add_before(before, &t->node); /* what ends first is first */
    m->n_told += r->what == TOLD;
}

/* ---- news ---- */

static void forget_old(struct notice_memory *m)
{
    for (struct list *x = m->told.next, *next; x != &m->told; x = next) {
        struct notice_told *t = LIST_OWNER(x, struct notice_told, node);
        next = x->next;
        if (t->until > clock_mono() && m->n_told < TOLD_MAX)
            return;
        m->n_told--;
        forget(m, t);
    }
}

static unsigned forget_unit(struct notice_memory *m, struct list *in, const char *unit)
{
    unsigned n = 0;
    for (struct list *x = in->next, *next; x != in; x = next) {
        struct notice_told *t = LIST_OWNER(x, struct notice_told, node);
        next = x->next;
        if (strcmp(t->unit, unit) != 0)
            continue;
        forget(m, t);
        n++;
    }
    return n;
}

bool notice_memory_is_wrong(const struct notice_memory *m, const char *unit)
{
    return find(&m->wrong, &(struct notice){.unit = unit}, false) != NULL;
}

static bool is_recovery(struct notice_memory *m, const char *unit)
{
    if (!notice_memory_is_wrong(m, unit))
        return false;
    forget_unit(m, &m->wrong, unit);
    m->n_told -= forget_unit(m, &m->told, unit);
    return true;
}

bool notice_memory_is_news(struct notice_memory *m, const struct notice *w, unsigned *more)
{
    *more = 0;
    if (w->good)
        return is_recovery(m, w->unit);
    struct notice_told *t = find(&m->told, w, true);
    if (!notice_memory_is_wrong(m, w->unit))
        remember(m, w, WRONG);
    if (t && t->until > clock_mono()) {
        t->more++;
        if (t->record)
            record(m, t->record - 1)->more = t->more;
        return false;
    }
    if (t) {
        *more = t->more;
        m->n_told--;
        forget(m, t);
    }
    forget_old(m);
    remember(m, w, TOLD);
    return true;
}

/* ---- life ---- */

void notice_memory_init(struct notice_memory *m)
{
    *m = (struct notice_memory){.file.fd = -1};
    list_init(&m->told);
    list_init(&m->wrong);
}

void notice_memory_open(struct notice_memory *m, const char *state)
{
    char path[512];
    struct bw_err e;
    snprintf(path, sizeof path, "%s/told", state);
    if (!mapfile_open(&m->file, path, RECORDS * sizeof(struct record), &e)) {
        log_warn("angel", "the next brain will not know what people were told", log_err(&e));
        return;
    }
    for (uint32_t i = 0; i < room(m); i++)
        read_record(m, i);
}

void notice_memory_close(struct notice_memory *m)
{
    struct list *both[] = {&m->told, &m->wrong};
    for (size_t i = 0; i < 2; i++)
        for (struct list *x = both[i]->next, *next; x != both[i]; x = next) {
            struct notice_told *t = LIST_OWNER(x, struct notice_told, node);
            next = x->next;
            t->record = 0; /* it stays for the next */
            forget(m, t);
        }
    mapfile_close(&m->file);
}
