/* children.c: see children.h. Written so that a SIGKILL between any two stores leaves a record that
 * says too little and never something wrong: `used` is set last, and unset first. */
#include "angel/children.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define MAGIC   "BWANGEL"
#define VERSION 1
#define HEAD    4096 /* records begin on a page of their own */
#define STEP    64   /* records more at a time */

static bool grow(struct children *c, size_t room, struct bw_err *e)
{
    if (room > CHILDREN_MAX)
        return bw_fail(e, BW_FULL, "more than %d processes cannot be kept", CHILDREN_MAX);
    if (!mapfile_grow(&c->file, HEAD + room * sizeof(struct child_record), e))
        return false;
    c->room = room;
    return true;
}

static void make_id(char id[CHILDREN_ID])
{
    unsigned char raw[(CHILDREN_ID - 1) / 2];
    if (getrandom(raw, sizeof raw, 0) != sizeof raw)
        memset(raw, 0x5a, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(id + 2 * i, 3, "%02x", raw[i]);
}

static bool is_known(const struct children *c)
{
    const struct children_head *h = c->head;
    return c->file.size >= HEAD && memcmp(h->magic, MAGIC, sizeof h->magic) == 0 &&
           h->version == VERSION && h->record == sizeof(struct child_record) &&
           memchr(h->id, 0, sizeof h->id);
}

static bool take_records(struct children *c, struct bw_err *e)
{
    char boot[IDENTITY_BOOT];
    size_t had = c->file.size > HEAD ? (c->file.size - HEAD) / sizeof *c->at : 0;
    bool known = is_known(c);
    if (!grow(c, had > STEP ? had : STEP, e))
        return false;
    identity_boot(boot);
    if (known && !strncmp(boot, c->head->boot, sizeof boot))
        return true;
    memset(c->at, 0, c->room * sizeof *c->at);
    c->head->brain = 0;
    c->head->version = VERSION;
    c->head->record = sizeof(struct child_record);
    memcpy(c->head->boot, boot, sizeof boot);
    if (!known)
        make_id(c->head->id);
    memcpy(c->head->magic, MAGIC, sizeof c->head->magic);
    return true;
}

bool children_open(struct children *c, const char *folder, struct bw_err *e)
{
    char path[512], notes[512];
    _Static_assert(sizeof(struct child_record) == 128, "the file's format");
    *c = (struct children){.file.fd = -1, .notes.fd = -1};
    if (folder && ((size_t)snprintf(path, sizeof path, "%s/children", folder) >= sizeof path ||
                   (size_t)snprintf(notes, sizeof notes, "%s/notes", folder) >= sizeof notes))
        return bw_fail(e, BW_BAD, "the path %.80s… is too long", folder);
    if (!mapfile_open(&c->file, folder ? path : NULL, HEAD + CHILDREN_MAX * sizeof *c->at, e))
        return false;
    c->head = (void *)c->file.p;
    c->at = (void *)(c->file.p + HEAD);
    if (take_records(c, e) &&
        mapfile_open(&c->notes, folder ? notes : NULL, NOTES_MAX * sizeof *c->note, e)) {
        c->note = (void *)c->notes.p;
        c->note_room = c->notes.size / sizeof *c->note;
        return true;
    }
    children_close(c);
    return false;
}

void children_close(struct children *c)
{
    mapfile_close(&c->file);
    mapfile_close(&c->notes);
}

struct child_record *children_take(struct children *c, const struct child_record *like,
                                   struct bw_err *e)
{
    struct child_record *r = NULL;
    for (size_t i = 0; !r && i < c->room; i++) {
        size_t at = (c->hint + i) % c->room;
        r = c->at[at].used ? NULL : &c->at[at];
    }
    if (!r) {
        size_t n = c->room;
        if (!grow(c, n + STEP <= CHILDREN_MAX ? n + STEP : n + 1, e))
            return NULL;
        r = &c->at[n];
    }
    c->hint = (size_t)(r - c->at) + 1;
    r->pid = 0;
    r->started = 0;
    r->at = like->at;
    r->run = like->run;
    r->child = like->child;
    r->helper = like->helper;
    memcpy(r->unit, like->unit, sizeof r->unit);
    atomic_store_explicit(&r->used, 1, memory_order_release);
    return r;
}

void children_drop(struct child_record *r)
{
    if (!r)
        return;
    atomic_store_explicit(&r->used, 0, memory_order_release);
    r->pid = 0;
}

/* ---- notes ---- */

static struct note_record *find_note(struct children *c, const char *unit,
                                     struct note_record **free)
{
    *free = NULL;
    for (size_t i = 0; i < c->note_room; i++) {
        struct note_record *r = &c->note[i];
        if (r->n && !strncmp(r->unit, unit, sizeof r->unit))
            return r;
        if (!r->n && !*free)
            *free = r;
    }
    return NULL;
}

static bool more_notes(struct children *c, struct note_record **free, struct bw_err *e)
{
    size_t n = c->note_room;
    if (!mapfile_grow(&c->notes, (n + STEP) * sizeof *c->note, e))
        return bw_because(e, "keeping a note");
    c->note_room = n + STEP;
    *free = &c->note[n];
    return true;
}

bool children_note(struct children *c, const char *unit, bw_str bytes, struct bw_err *e)
{
    struct note_record *free, *r = find_note(c, unit, &free);
    if (bytes.n > NOTE_BYTES || strlen(unit) >= CHILDREN_UNIT)
        return bw_fail(e, BW_TOOBIG, "a note has at most %d bytes, a unit's name %d", NOTE_BYTES,
                       CHILDREN_UNIT - 1);
    if (!r && !bytes.n)
        return true;
    if (!r && !free && !more_notes(c, &free, e))
        return false;
    if (!r) {
        r = free;
        snprintf(r->unit, sizeof r->unit, "%s", unit);
    }
    atomic_store_explicit(&r->n, 0, memory_order_release);
    if (bytes.n)
        memcpy(r->bytes, bytes.p, bytes.n);
    atomic_store_explicit(&r->n, (uint32_t)bytes.n, memory_order_release);
    return true;
}

bool children_noted(const struct children *c, size_t *i, const char **unit, bw_str *bytes)
{
    while (*i < c->note_room) {
        const struct note_record *r = &c->note[(*i)++];
        if (r->n == 0 || r->n > NOTE_BYTES || !memchr(r->unit, 0, sizeof r->unit))
            continue;
        *unit = r->unit;
        *bytes = bw_str_of(r->bytes, r->n);
        return true;
    }
    return false;
}
