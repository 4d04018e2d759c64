/* mapfile.c: see mapfile.h. All addresses are reserved at the start: pages behind the file's end
 * exist only once the file has grown. */
#include "angel/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool take_size(struct mapfile *m, const char *path, struct bw_err *e)
{
    struct stat st;
    if (fstat(m->fd, &st) != 0)
        return bw_fail_sys(e, errno, "looking at %s", path);
    if (!S_ISREG(st.st_mode))
        return bw_fail(e, BW_BAD, "%s is no plain file", path);
    if ((uint64_t)st.st_size > m->max && ftruncate(m->fd, (off_t)m->max) != 0)
        return bw_fail_sys(e, errno, "cutting %s", path);
    size_t size = (uint64_t)st.st_size > m->max ? m->max : (size_t)st.st_size;
    /* A file with holes would be a SIGBUS on a full disk. */
    int r = size ? posix_fallocate(m->fd, 0, (off_t)size) : 0;
    m->size = size;
    return r == 0 || bw_fail_sys(e, r, "taking %zu bytes of disk for %s", size, path);
}

bool mapfile_open(struct mapfile *m, const char *path, size_t max, struct bw_err *e)
{
    const char *name = path ? path : "memory";
    *m = (struct mapfile){.max = max};
    m->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                 : memfd_create("burrow-angel", MFD_CLOEXEC);
    if (m->fd < 0)
        return bw_fail_sys(e, errno, "opening %s", name);
    m->p = MAP_FAILED;
    if (take_size(m, name, e)) {
        m->p = mmap(NULL, max, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
        if (m->p != MAP_FAILED)
            return true;
        bw_fail_sys(e, errno, "mapping %s", name);
    }
    close(m->fd);
    m->fd = -1;
    return false;
}

bool mapfile_grow(struct mapfile *m, size_t size, struct bw_err *e)
{
    if (size <= m->size)
        return true;
    if (size > m->max)
        return bw_fail(e, BW_FULL, "there is no room for more than %zu bytes", m->max);
    int r = posix_fallocate(m->fd, 0, (off_t)size);
    if (r != 0)
        return bw_fail_sys(e, r, "taking %zu bytes of disk", size);
    m->size = size;
    return true;
}

void mapfile_close(struct mapfile *m)
{
    if (m->fd < 0)
        return;
    munmap(m->p, m->max);
    close(m->fd);
    m->fd = -1;
}
