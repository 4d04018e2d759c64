/* arena.c: a list of chunks, the current one filled from the front. Sizes double from 2 KiB to
 * 64 KiB; what is larger gets a chunk of its own. Clear keeps the largest chunk up to 32 KiB, so an
 * arena that serves one request after another soon holds what a request needs in one chunk and
 * calls malloc no more, while one odd request does not make it fat for ever.
 * Under ASan all that is not handed out is guarded, with a gap behind each piece; a torture build
 * takes tiny chunks and keeps none. */
#include <burrow/arena.h>

#include "core/poison.h"

#if POISON_TORTURE
#define CHUNK_FIRST 64
#define CHUNK_MAX   64
#define CHUNK_KEPT  0
#else
#define CHUNK_FIRST 2048 /* bytes asked from malloc, header included */
#define CHUNK_MAX   65536
#define CHUNK_KEPT  32768
#endif

#define ALIGN _Alignof(max_align_t)
#define GAP   (POISON_ASAN ? ALIGN : 0)

struct bw_arena_chunk {
    struct bw_arena_chunk *next;
    size_t size, used; /* of data */
    _Alignas(max_align_t) char data[];
};

struct bw_arena_defer {
    struct bw_arena_defer *next;
    void (*fn)(void *);
    void *arg;
};

void bw_arena_init(struct bw_arena *a)
{
    *a = (struct bw_arena){0};
}

static void drop_chunk(struct bw_arena_chunk *c)
{
    poison_lift(c->data, c->size);
    poison_fill(c->data, c->used);
    free(c);
}

static void run_defers(struct bw_arena *a)
{
    while (a->defers) {
        struct bw_arena_defer *d = a->defers;
        a->defers = d->next;
        d->fn(d->arg);
    }
}

void bw_arena_release(struct bw_arena *a)
{
    run_defers(a);
    for (struct bw_arena_chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        drop_chunk(c);
    }
    bw_arena_init(a);
}

void bw_arena_clear(struct bw_arena *a)
{
    run_defers(a);
    struct bw_arena_chunk *kept = NULL;
    for (struct bw_arena_chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        bool keep = c->size + sizeof *c <= CHUNK_KEPT && (!kept || c->size > kept->size);
        struct bw_arena_chunk *lost = keep ? kept : c;
        kept = keep ? c : kept;
        if (lost)
            drop_chunk(lost);
    }
    bw_arena_init(a);
    if (!kept)
        return;
    poison_lift(kept->data, kept->used);
    poison_fill(kept->data, kept->used);
    poison_guard(kept->data, kept->size);
    kept->next = NULL;
    kept->used = 0;
    a->first = a->now = kept;
}

/* A chunk with room for n bytes. It becomes the current one unless it is made for n alone while the
 * current one still has room for others. */
static struct bw_arena_chunk *add_chunk(struct bw_arena *a, size_t n)
{
    size_t size = a->now ? (a->now->size + sizeof *a->now) * 2 : CHUNK_FIRST;
    while (size < CHUNK_MAX && size - sizeof *a->now < n)
        size *= 2;
    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    bool own = size - sizeof *a->now < n;
    if (own)
        size = sizeof *a->now + n;
    struct bw_arena_chunk *c = malloc(size);
    bw_must(c != NULL);
    *c = (struct bw_arena_chunk){.next = a->first, .size = size - sizeof *c};
    poison_guard(c->data, c->size);
    a->first = c;
    if (!own || !a->now)
        a->now = c;
    return c;
}

void *bw_arena_alloc(struct bw_arena *a, size_t n)
{
    bw_must(n <= PTRDIFF_MAX / 2);
    size_t step = ((n ? n : 1) + ALIGN - 1) / ALIGN * ALIGN + GAP;
    struct bw_arena_chunk *c = a->now;
    if (!c || c->size - c->used < step)
        c = add_chunk(a, step);
    char *p = c->data + c->used;
    c->used += step;
    a->used += n;
    poison_lift(p, n);
    return p;
}

void *bw_arena_zero(struct bw_arena *a, size_t n)
{
    void *p = bw_arena_alloc(a, n);
    memset(p, 0, n);
    return p;
}

bw_str bw_arena_str(struct bw_arena *a, bw_str s)
{
    return s.p ? bw_str_of(bw_arena_cstr(a, s), s.n) : s;
}

char *bw_arena_cstr(struct bw_arena *a, bw_str s)
{
    char *p = bw_arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

bw_str bw_arena_printf(struct bw_arena *a, const char *fmt, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    bw_must(n >= 0);
    char *p = bw_arena_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(p, small, (size_t)n + 1);
    else
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return bw_str_of(p, (size_t)n);
}

void bw_arena_defer(struct bw_arena *a, void (*fn)(void *), void *arg)
{
    struct bw_arena_defer *d = bw_arena_alloc(a, sizeof *d);
    *d = (struct bw_arena_defer){.next = a->defers, .fn = fn, .arg = arg};
    a->defers = d;
}
