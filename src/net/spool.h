/* spool.h: bytes put in at one end and read back later from the beginning, of any amount in
 * constant memory: up to SPOOL_MEMORY they stay in memory, beyond it they go to a nameless file
 * ($TMPDIR or /tmp) that dies with its descriptor. First written, then read, once; by one fiber or
 * thread. */
#ifndef NET_SPOOL_H
#define NET_SPOOL_H

#include <burrow/buf.h>

#define SPOOL_MEMORY ((size_t)256 * 1024)

struct spool {
    struct bw_buf buf; /* written: what is not in the file yet; read: the piece given last */
    int64_t size, max; /* bytes put in, and the most */
    int64_t in_file, at;
    int fd; /* -1: none yet */
    bool reading;
};

void spool_init(struct spool *s, int64_t max);
void spool_release(struct spool *s);
/* *Waits.* for the disk, once there is more than SPOOL_MEMORY. BW_TOOBIG over the maximum, BW_FULL
 * when the disk is. */
bool spool_write(struct spool *s, bw_str bytes, struct bw_err *e);
/* *Waits.* The next piece, n == 0 at the end; borrowed until the next call. */
bool spool_read(struct spool *s, bw_str *piece, struct bw_err *e);

#endif
