/* children.h: the file that says who runs: <state>/children, fixed records in mapped memory. It
 * serves the time without an angel: the next one reads it and takes those that still live. A child
 * writes its own pid there before exec, so there is no moment in which it runs unrecorded.
 *
 * And <state>/notes: a few bytes per unit that the next brain wants to know. */
#ifndef ANGEL_CHILDREN_H
#define ANGEL_CHILDREN_H

#include <burrow/str.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "angel/identity.h"
#include "angel/mapfile.h"

#define CHILDREN_MAX  16384
#define CHILDREN_UNIT 64
#define CHILDREN_ID   17
#define NOTES_MAX     16384
#define NOTE_BYTES    256

struct child_record {
    _Atomic int32_t used; /* 1 once all but pid and start are written */
    _Atomic int32_t pid;  /* by the child, last; 0: it never lived */
    uint64_t started;     /* ticks since boot; by the child */
    int64_t at;           /* wall ms */
    uint64_t run;
    uint32_t child;
    uint32_t helper;
    char unit[CHILDREN_UNIT];
    int64_t ooms; /* its group had counted so many when it began */
    int64_t own_ooms;
    char spare[8];
};

struct children_head {
    char magic[8];
    uint32_t version, record;
    char boot[IDENTITY_BOOT];
    char id[CHILDREN_ID]; /* of this state folder: in cgroups and markers */
    char spare[7];
    _Atomic int32_t brain; /* its pid and start: a new keeper ends one that hangs */
    int32_t spare2;
    uint64_t brain_started;
};

struct note_record {
    _Atomic uint32_t n; /* 0: none */
    char unit[CHILDREN_UNIT];
    char bytes[NOTE_BYTES];
};

struct children {
    struct mapfile file, notes;
    struct children_head *head;
    struct child_record *at; /* room for CHILDREN_MAX; `room` of them have disk */
    size_t room, hint;
    struct note_record *note;
    size_t note_room;
};

/* folder NULL: in memory. Records of an earlier boot are gone; the lock is held. */
bool children_open(struct children *c, const char *folder, struct bw_err *e);
void children_close(struct children *c);
/* A free record, filled but for pid and start; NULL: disk or table is full (e). */
struct child_record *children_take(struct children *c, const struct child_record *like,
                                   struct bw_err *e);
void children_drop(struct child_record *r);

bool children_note(struct children *c, const char *unit, bw_str bytes, struct bw_err *e);
/* The i-th note there is; false behind the last. */
bool children_noted(const struct children *c, size_t *i, const char **unit, bw_str *bytes);

#endif
