/* log_ring.c: the rings of log records.
 *
 * head and tail only grow; a record lies at head modulo the size, never across the end (a filler
 * goes there instead). The putting thread owns head, the taking one owns tail. head is stored and
 * the writer's state loaded behind it (log.c) sequentially consistent: either the putter sees that
 * the writer sleeps, or the writer sees the record before it does. */
#include "core/log_ring.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/limits.h"
#include "core/utf8.h"

#define RING_BYTES ((uint64_t)256 * 1024) /* touched only as far as it fills */
#define TEXT_MAX   1000                   /* bytes of a record's message */
#define FILLER     0xff
#define CUT        "\xe2\x80\xa6" /* an ellipsis: the text was longer */

enum ring_state { RING_FREE, RING_USED, RING_DONE };

struct log_ring {
    struct log_ring *next; /* set once */
    _Atomic int state;
    _Alignas(64) _Atomic uint64_t head;
    uint64_t tail_seen; /* the putter's last look at tail */
    _Alignas(64) _Atomic uint64_t tail;
    _Alignas(64) char bytes[RING_BYTES];
};

/* As stored, in multiples of 8: this, the message and a NUL, then the fields. */
struct stored {
    uint32_t size; /* of all of it */
    uint8_t level, nfields;
    uint16_t text_n;
    bw_time at;
    const char *area;
};

/* Followed by the text's bytes when kind is 's'. */
struct stored_field {
    const char *key;
    union {
        int64_t i;
        double r;
    };
    uint32_t n;
    char kind;
    bool null;
};

static _Atomic(struct log_ring *) rings;
static _Thread_local struct log_ring *mine;
static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- life of rings ---- */

/* The thread ends. Should it log again, it gets a ring anew. */
static void give_back(void *ring)
{
    struct log_ring *r = ring;
    mine = NULL;
    atomic_store_explicit(&r->state, RING_DONE, memory_order_release);
}

static void make_key(void)
{
    bw_must(pthread_key_create(&at_end, give_back) == 0);
}

static struct log_ring *reuse(void)
{
    for (struct log_ring *r = log_ring_first(); r; r = r->next) {
        int is_free = RING_FREE;
        if (atomic_compare_exchange_strong(&r->state, &is_free, RING_USED))
            return r;
    }
    return NULL;
}

static struct log_ring *make(void)
{
    struct log_ring *r = aligned_alloc(64, sizeof *r);
    if (!r)
        return NULL;
    atomic_init(&r->state, RING_USED);
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
    r->tail_seen = 0;
    struct log_ring *first = atomic_load(&rings);
    do
        r->next = first;
    while (!atomic_compare_exchange_weak(&rings, &first, r));
    return r;
}

struct log_ring *log_ring_mine(void)
{
    if (mine)
        return mine;
    pthread_once(&once, make_key);
    struct log_ring *r = reuse();
    if (!r)
        r = make();
    if (!r)
        return NULL;
    mine = r;
    pthread_setspecific(at_end, r);
    return r;
}

struct log_ring *log_ring_first(void)
{
    return atomic_load_explicit(&rings, memory_order_acquire);
}

struct log_ring *log_ring_next(const struct log_ring *r)
{
    return r->next;
}

/* ---- put ---- */

static size_t padded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static size_t stored_text(const char *text)
{
    size_t n = strlen(text);
    return n <= TEXT_MAX ? n : utf8_cut(bw_str_of(text, n), TEXT_MAX);
}

/* What a text field takes when `left` bytes are left of the record's maximum. */
static size_t field_text(const struct log_field *f, size_t left)
{
    if (f->kind != 's' || !f->s.p)
        return 0;
    if (f->s.n <= left)
        return f->s.n;
    return left < sizeof CUT ? 0 : utf8_cut(f->s, left - (sizeof CUT - 1)) + sizeof CUT - 1;
}

/* Bytes of the whole record; the number of fields and of each one's text bytes. */
static size_t measure(const struct log_record *rec, size_t *text_n, unsigned *nfields,
                      uint32_t sizes[LOG_RING_FIELDS])
{
    *text_n = stored_text(rec->text);
    size_t n = sizeof(struct stored) + padded(*text_n + 1);
    unsigned i = 0;
    for (const struct log_field *f = rec->fields; f && f->key && i < LOG_RING_FIELDS; f++, i++) {
        n += sizeof(struct stored_field);
        if (n >= LIMIT_LOG_LINE - 8)
            break;
        size_t text = field_text(f, LIMIT_LOG_LINE - 8 - n);
        sizes[i] = (uint32_t)text;
        n += padded(text);
    }
    *nfields = i;
    return n;
}

/* A contiguous place for n bytes, NULL when the ring is full; *head is behind it then. */
static char *claim(struct log_ring *r, size_t n, uint64_t *head)
{
    uint64_t at = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t to_end = RING_BYTES - at % RING_BYTES, fill = n > to_end ? to_end : 0;
    if (RING_BYTES - (at - r->tail_seen) < n + fill) {
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (RING_BYTES - (at - r->tail_seen) < n + fill)
            return NULL;
    }
    if (fill) {
        struct stored *filler = (void *)(r->bytes + at % RING_BYTES);
        filler->size = (uint32_t)fill; /* the first 8 bytes, which always fit */
        filler->level = FILLER;
    }
    *head = at + fill + n;
    return r->bytes + (at + fill) % RING_BYTES;
}

static char *put_field(char *o, const struct log_field *f, uint32_t n)
{
    struct stored_field s = {.key = f->key, .n = n, .kind = f->kind};
    if (f->kind == 'r')
        s.r = f->r;
    else
        s.i = f->i;
    s.null = f->kind == 's' && !f->s.p;
    memcpy(o, &s, sizeof s);
    o += sizeof s;
    if (!n || !f->s.p)
        return o;
    size_t whole = f->s.n <= n ? f->s.n : n - (sizeof CUT - 1);
    memcpy(o, f->s.p, whole);
    if (whole < n)
        memcpy(o + whole, CUT, sizeof CUT - 1);
    return o + padded(n);
}

/* Makes the record up to head visible. The next one's place was last read by the writer, on another
 * processor: it is fetched back while nobody waits for it. */
#define AHEAD 256
static void publish(struct log_ring *r, uint64_t head)
{
    atomic_store(&r->head, head);
    for (unsigned i = 0; i < AHEAD; i += 64)
        __builtin_prefetch(r->bytes + (head + i) % RING_BYTES, 1);
}

static char *put_head(char *o, struct stored s, const char *text)
{
    memcpy(o, &s, sizeof s);
    o += sizeof s;
    memcpy(o, text, s.text_n);
    o[s.text_n] = 0;
    return o + padded(s.text_n + 1u);
}

bool log_ring_put(struct log_ring *r, const struct log_record *rec)
{
    uint32_t sizes[LOG_RING_FIELDS];
    unsigned nfields;
    size_t text_n, size = measure(rec, &text_n, &nfields, sizes);
    uint64_t head;
    char *o = claim(r, size, &head);
    if (!o)
        return false;
    o = put_head(o,
                 (struct stored){.size = (uint32_t)size,
                                 .level = (uint8_t)rec->level,
                                 .nfields = (uint8_t)nfields,
                                 .text_n = (uint16_t)text_n,
                                 .at = rec->at,
                                 .area = rec->area},
                 rec->text);
    for (unsigned i = 0; i < nfields; i++)
        o = put_field(o, rec->fields + i, sizes[i]);
    publish(r, head);
    return true;
}

bool log_ring_put_line(struct log_ring *r, bw_str line, bw_time at, const char *area)
{
    size_t size = sizeof(struct stored) + padded(line.n + 1);
    uint64_t head;
    bw_must(size <= LIMIT_LOG_LINE);
    char *o = claim(r, size, &head);
    if (!o)
        return false;
    put_head(o,
             (struct stored){.size = (uint32_t)size,
                             .level = LOG_LEVEL_INFO,
                             .text_n = (uint16_t)line.n,
                             .at = at,
                             .area = area},
             line.p);
    publish(r, head);
    return true;
}

bool log_ring_is_filling(struct log_ring *r)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (head - r->tail_seen < RING_BYTES / 2)
        return false;
    r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
    return head - r->tail_seen >= RING_BYTES / 2;
}

/* ---- take ---- */

static const struct stored *front(const struct log_ring *r, uint64_t tail)
{
    return (const void *)(r->bytes + tail % RING_BYTES);
}

/* Of an ended thread: all it put is visible once its state is, so an empty ring is free. */
static bool is_empty(struct log_ring *r, uint64_t tail)
{
    bool done = atomic_load_explicit(&r->state, memory_order_acquire) == RING_DONE;
    if (atomic_load(&r->head) != tail)
        return false;
    if (done)
        atomic_store_explicit(&r->state, RING_FREE, memory_order_release);
    return true;
}

bool log_ring_front(struct log_ring *r, bw_time *at)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (is_empty(r, tail))
        return false;
    const struct stored *s = front(r, tail);
    if (s->level == FILLER) { /* published together with the record behind it */
        tail += s->size;
        atomic_store_explicit(&r->tail, tail, memory_order_release);
        s = front(r, tail);
    }
    *at = s->at;
    return true;
}

static const char *read_field(const char *p, struct log_field *f)
{
    struct stored_field s;
    memcpy(&s, p, sizeof s);
    p += sizeof s;
    *f = (struct log_field){.key = s.key, .kind = s.kind};
    if (s.kind == 'r')
        f->r = s.r;
    else
        f->i = s.i;
    if (s.kind == 's' && !s.null)
        f->s = bw_str_of(p, s.n);
    return p + padded(s.n);
}

static void read_record(const struct stored *s, struct log_record *rec,
                        struct log_field fields[LOG_RING_FIELDS + 1])
{
    const char *p = (const char *)(s + 1);
    *rec = (struct log_record){
        .level = s->level, .at = s->at, .area = s->area, .text = p, .fields = fields};
    p += padded(s->text_n + 1u);
    for (unsigned i = 0; i < s->nfields; i++)
        p = read_field(p, &fields[i]);
    fields[s->nfields] = (struct log_field){.key = NULL};
}

void log_ring_read(struct log_ring *r, struct log_record *rec,
                   struct log_field fields[LOG_RING_FIELDS + 1])
{
    read_record(front(r, atomic_load_explicit(&r->tail, memory_order_relaxed)), rec, fields);
}

bool log_ring_walk(const struct log_ring *r, uint64_t *at, struct log_record *rec,
                   struct log_field fields[LOG_RING_FIELDS + 1])
{
    uint64_t tail = atomic_load(&r->tail), head = atomic_load(&r->head);
    if (*at < tail)
        *at = tail;
    while (*at < head) {
        const struct stored *s = front(r, *at);
        if (s->size < 8 || s->size > head - *at) /* written over by now */
            return false;
        *at += s->size;
        if (s->level == FILLER)
            continue;
        read_record(s, rec, fields);
        return true;
    }
    return false;
}

void log_ring_pop(struct log_ring *r)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    atomic_store_explicit(&r->tail, tail + front(r, tail)->size, memory_order_release);
}

void log_ring_forget_all(void)
{
    for (struct log_ring *r = log_ring_first(); r; r = r->next) {
        atomic_store(&r->tail, atomic_load(&r->head));
        if (r != mine)
            atomic_store(&r->state, RING_FREE);
    }
}
