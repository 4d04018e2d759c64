/* vec.c: the one function behind the typed arrays. */
#include "core/vec.h"

#include <stdint.h>

#include <burrow/err.h>

void *vec_grown(void *p, size_t *cap, size_t need, size_t item)
{
    size_t more = *cap ? *cap * 2 : 8;
    if (more < need)
        more = need;
    bw_must(more <= PTRDIFF_MAX / item);
    p = realloc(p, more * item);
    bw_must(p != NULL);
    *cap = more;
    return p;
}
