/* poison.h: spoils memory that was given back, so that a stale pointer shows at once. Builds
 * without optimisation, with a sanitizer, or made with -Dtorture=true do it; optimised ones pay
 * nothing. (NDEBUG is no guide here: assertions are on in every build.) */
#ifndef CORE_POISON_H
#define CORE_POISON_H

#include <stddef.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISON_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ASAN 1
#endif
#endif
#ifndef POISON_ASAN
#define POISON_ASAN 0
#endif

#ifdef BW_TORTURE
#define POISON_TORTURE 1
#else
#define POISON_TORTURE 0
#endif

#ifdef __OPTIMIZE__
#define POISON_DEBUG 0
#else
#define POISON_DEBUG 1
#endif

#if POISON_ASAN
#include <sanitizer/asan_interface.h>
#endif

static inline void poison_fill(void *p, size_t n)
{
    if ((POISON_ASAN || POISON_TORTURE || POISON_DEBUG) && n)
        memset(p, 0xdb, n);
}

/* Nobody may touch these bytes until poison_lift. */
static inline void poison_guard(void *p, size_t n)
{
#if POISON_ASAN
    ASAN_POISON_MEMORY_REGION(p, n);
#else
    (void)p, (void)n;
#endif
}

static inline void poison_lift(void *p, size_t n)
{
#if POISON_ASAN
    ASAN_UNPOISON_MEMORY_REGION(p, n);
#else
    (void)p, (void)n;
#endif
}

#endif
