/* arena.h: memory with one lifetime. Chunks are taken as needed and all given back at once by
 * clear (keeps the first chunk) or release (keeps nothing). Used by one thread at a time. What is
 * not memory is registered with defer and runs, last first, at clear and release.
 * Allocation never fails: small sizes abort when memory is out, sizes a peer chooses are bounded
 * before they get here. A debug build poisons what is given back (ASan too). */
#ifndef BURROW_ARENA_H
#define BURROW_ARENA_H

#include <burrow/str.h>

struct bw_arena {
    struct bw_arena_chunk *first, *now;
    struct bw_arena_defer *defers;
    size_t used; /* bytes handed out since the last clear */
};

BW_API void bw_arena_init(struct bw_arena *a);
BW_API void bw_arena_release(struct bw_arena *a);
BW_API void bw_arena_clear(struct bw_arena *a);
/* Aligned for any type, not zeroed. n may be 0. */
BW_API void *bw_arena_alloc(struct bw_arena *a, size_t n) __attribute__((malloc, alloc_size(2)));
BW_API void *bw_arena_zero(struct bw_arena *a, size_t n) __attribute__((malloc, alloc_size(2)));
BW_API bw_str bw_arena_str(struct bw_arena *a,
                           bw_str s); /* a copy, NUL added behind; NULL stays NULL */
BW_API char *bw_arena_cstr(struct bw_arena *a, bw_str s); /* a copy as C string */
BW_API bw_str bw_arena_printf(struct bw_arena *a, const char *fmt, ...) BW_PRINTF(2, 3);
BW_API void bw_arena_defer(struct bw_arena *a, void (*fn)(void *), void *arg);

#define BW_NEW(a, type)      ((type *)bw_arena_zero((a), sizeof(type)))
#define BW_NEW_N(a, type, n) ((type *)bw_arena_zero((a), sizeof(type) * (n)))

#endif
