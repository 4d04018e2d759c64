/* heap.h: the C library's heap, for processes that live long and should stay small: what is large
 * is mapped by itself, so that it goes back to the system when it is freed; and what is free goes
 * back when told. Where the library knows neither, nothing happens. */
#ifndef OS_HEAP_H
#define OS_HEAP_H

void heap_map_large(void); /* at the start */
void heap_give_back(void); /* after something large was freed: settings read, a start */

#endif
