/* mapfile.h: a file as memory: what is stored there is there for the next process, whenever this
 * one is killed. Room is taken from the disk before it is used, so that a full disk is an error of
 * mapfile_grow and never a SIGBUS. Without a path: memory of this process alone, same calls. */
#ifndef ANGEL_MAPFILE_H
#define ANGEL_MAPFILE_H

#include <burrow/err.h>

struct mapfile {
    int fd;
    char *p;          /* max bytes of addresses; `size` of them may be touched */
    size_t size, max; /* size is what the file has */
};

/* A file that is longer than max is cut. Close-on-exec. */
bool mapfile_open(struct mapfile *m, const char *path, size_t max, struct bw_err *e);
bool mapfile_grow(struct mapfile *m, size_t size, struct bw_err *e);
void mapfile_close(struct mapfile *m);

#endif
