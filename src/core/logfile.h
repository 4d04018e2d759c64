/* logfile.h: a file that lines are appended to: rotated by size or daily, the rotated ones counted,
 * bounded and compressed on a thread of low priority that all files share and that is there only
 * while there is work. It goes on whatever happens to it: a full disk, a
 * file renamed or deleted by others, a folder deleted, made read-only or replaced. Lines it cannot
 * keep are the caller's to count. One thread at a time writes; logfile_reopen may come from any. */
#ifndef CORE_LOGFILE_H
#define CORE_LOGFILE_H

#include <stdatomic.h>
#include <sys/types.h>

#include <burrow/time.h>

#include "core/list.h"

/* A bound on all rotated files of many log files together; the oldest of all go first. */
struct logfile_budget {
    int64_t total; /* bytes */
    int64_t used;
    struct list files;
};
void logfile_budget_init(struct logfile_budget *b, int64_t total);

struct logfile_rotate {
    unsigned count;  /* files in all, the current one among them; 0 and 1 = no rotation */
    int64_t size;    /* bytes from which a file is rotated; 0 = any size */
    int64_t total;   /* bytes of all rotated files together; 0 = any */
    bool daily;      /* also each day ... */
    int hour;        /* ... at this hour of local time */
    bool keep_plain; /* rotated files are not compressed */
    struct logfile_budget *budget; /* NULL = none; outlives the file */
};

/* What the packing thread knows of a file. */
struct logfile_packer {
    struct list queue, member; /* of those to be looked at; of the budget */
    int64_t kept;              /* its share of the budget */
    bool fresh;                /* rotated since it was last looked at */
    _Atomic bool stop;
};

struct logfile {
    const char *path; /* NULL: a descriptor somebody else opened */
    int fd;           /* -1: could not be opened, tried again at each write */
    struct logfile_rotate rotate;
    dev_t dev;
    ino_t ino;
    bw_time named; /* second in the latest rotated file's name, and its number: names only grow */
    int number;
    bw_time next;     /* of the daily rotation; 0 = none */
    int64_t retry_at; /* a rotation failed: not before then (monotonic ns) */
    bool torn;        /* the last line is cut off and could not be taken back */
    bool mid;         /* of a stream: the last byte is no LF */
    int sys;          /* errno of the last write or open that failed */
    unsigned rotations;
    _Atomic bool reopen;
    struct logfile_packer packer;
};

/* The path must live as long. Its folder must be there; should it go later, it is made again. */
bool logfile_open(struct logfile *f, const char *path, const struct logfile_rotate *r,
                  struct bw_err *e);
void logfile_of(struct logfile *f, int fd); /* a descriptor, not ours to close */
/* Whole lines (each ends with LF). The bytes kept, which are whole lines from the front; part of a
 * line is taken back. *Waits* for a pipe that is read slowly, for a second at most when it is
 * non-blocking. */
size_t logfile_write(struct logfile *f, bw_str lines);
/* Bytes as they come, not whole lines. It is rotated where a line ends, unless a line is longer
 * than the size says. The bytes kept, from the front; fewer than given: see f->sys. */
size_t logfile_stream(struct logfile *f, bw_str bytes);
/* At the next write, as after a rotation by somebody else. Any thread, or a signal handler. */
void logfile_reopen(struct logfile *f);
/* *Waits* for the compression to notice; what is not compressed yet is so after the next start. */
void logfile_close(struct logfile *f);
bool logfile_is_packing(struct logfile *f); /* or waits for its turn */
/* Removes the oldest rotated file, to make room. Its bytes; 0 = there is none. */
int64_t logfile_drop_oldest(struct logfile *f);
/* In the child of a fork: rotating stays with the parent. */
void logfile_forked(struct logfile *f);

/* ---- the rotated files, named PATH.YYYYMMDD-HHMMSS-NNN (UTC), ".gz" behind when compressed ----
 */

struct logfile_old {
    char *path;
    int64_t size;
    int64_t changed; /* seconds since 1970, by the system's clock */
    bool packed;
};
struct logfile_olds {
    struct logfile_old *p;
    size_t n, cap;
};
/* Oldest first. None when the folder cannot be read. */
void logfile_list(const char *path, struct logfile_olds *olds);
void logfile_list_release(struct logfile_olds *olds);

#endif
