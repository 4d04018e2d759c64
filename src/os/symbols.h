/* symbols.h: the names of functions by address, static and hidden ones too: the symbol tables of
 * the program and its libraries are mapped once, so that a signal handler need only read memory. A
 * stripped file gives the names it exports. */
#ifndef OS_SYMBOLS_H
#define OS_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbol {
    const char *name;   /* NULL: unknown */
    uintptr_t offset;   /* in the function */
    const char *module; /* file name without folders; "" for what is in no file */
    uintptr_t at;       /* in the module, as addr2line takes it */
};

/* Before there are other threads; again after a library was loaded. */
void symbols_load(void);
/* Async-signal-safe. False when the address lies in no module known. */
bool symbols_find(uintptr_t address, struct symbol *out);

#endif
