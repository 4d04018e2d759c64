/* mounts.h: where file systems are mounted, as the kernel's list says: no disk is asked, so it is
 * told of one that does not answer, too. Where there is no /proc/self/mountinfo there are none. */
#ifndef OS_MOUNTS_H
#define OS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

struct mounts {
    char *text; /* the list */
    char **at;  /* paths within it */
    size_t n;
};

void mounts_read(struct mounts *m);
void mounts_parse(struct mounts *m, char *text); /* malloc'd, m's own from here on */
void mounts_release(struct mounts *m);
/* The mount point that this path lies in, by its text: links are not followed. NULL: none. The
 * same pointer for the same one. */
const char *mounts_find(const struct mounts *m, const char *path);

#endif
