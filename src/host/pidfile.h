/* pidfile.h: who serves an application, for those who come later: a second start, --kill, --state,
 * --health, --reload. Two files: NAME.pid, replaced as a whole at every change, first line the pid
 * alone; and NAME.pid.lock, whose lock ends with the process, however it ends: a stale file or a
 * pid that belongs to somebody else by now deceives nobody. */
#ifndef HOST_PIDFILE_H
#define HOST_PIDFILE_H

#include <stdint.h>

#include "os/file.h"

struct pidfile_info {
    long pid;
    char name[64], state[16]; /* of the application; starting, ready, draining */
    char url[256];            /* the first it listens at, "" none yet */
    char admin[108];          /* the admin socket, "" none */
    int64_t reloads;          /* so many times told to */
    char reload[256];         /* how the last one went: a sentence */
    bool reload_ok;
};

struct pidfile {
    char path[240];
    struct file_lock lock;
    struct pidfile_info info;
};

/* BW_CONFLICT names who runs. Makes the folder. */
bool pidfile_take(struct pidfile *p, const char *path, const char *name, struct bw_err *e);
bool pidfile_write(const struct pidfile *p, struct bw_err *e); /* p->info has changed */
void pidfile_release(struct pidfile *p);                       /* removes it; fine when not taken */

enum pidfile_found {
    PIDFILE_NONE,   /* nothing runs */
    PIDFILE_STALE,  /* one has died without a farewell */
    PIDFILE_RUNS,   /* *out is filled */
    PIDFILE_UNKNOWN /* e says why */
};
enum pidfile_found pidfile_look(const char *path, struct pidfile_info *out, struct bw_err *e);
/* Pure. False when it is none of ours. */
bool pidfile_parse(bw_str text, struct pidfile_info *out);

#endif
