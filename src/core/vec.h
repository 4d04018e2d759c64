/* vec.h: a typed growable array: VEC(struct x) v = {0}; *vec_push(&v) = …; vec_release(&v).
 * malloc'd, doubled, aborts when memory is out: only for what is bounded elsewhere. */
#ifndef CORE_VEC_H
#define CORE_VEC_H

#include <stddef.h>

#define VEC(type)      \
    struct {           \
        type *p;       \
        size_t n, cap; \
    }

void *vec_grown(void *p, size_t *cap, size_t need, size_t item);

/* A pointer to a new last element, not initialised. */
#define vec_push(v)                                                                                \
    ((v)->n == (v)->cap ? ((v)->p = vec_grown((v)->p, &(v)->cap, (v)->n + 1, sizeof *(v)->p)) : 0, \
     &(v)->p[(v)->n++])
#define vec_clear(v)   ((void)((v)->n = 0))
#define vec_release(v) (free((v)->p), (v)->p = NULL, (v)->n = (v)->cap = 0)

#endif
