/* heap.c: glibc raises its threshold for mapping each time something large is freed, up to 32 MiB;
 * then one long-lived block behind it keeps all of that from the system for ever. */
#include "os/heap.h"

#include <malloc.h>

#define LARGE (64 * 1024)

void heap_map_large(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void heap_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
