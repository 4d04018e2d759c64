/* notice_int.h: kinds of notices (notices.def, one file each), and one notice on its way. */
#ifndef ANGEL_NOTICE_INT_H
#define ANGEL_NOTICE_INT_H

#include "angel/mapfile.h"
#include "angel/notice.h"
#include "core/list.h"
#include "net/fiber.h"

#define NOTICE_TEXT 600

/* One notice to one target. Texts live in the arena. */
struct notice_item {
    struct list node;
    struct bw_arena arena;
    const char *target, *unit, *kind, *text;
    bw_time at;
    bool good;
    char name[48]; /* of its file; "" = not on the disk */
    int64_t next;  /* monotonic ns */
    unsigned tries;
    bool busy;
};

/* What a kind needs to send one. */
struct notice_job {
    const struct notice_item *item;
    const char *target;                         /* without the prefix that named the kind */
    const char *host;                           /* this machine */
    const char *smtp, *smtp_from, *hmac_secret; /* NULL = none */
    struct helpers *helpers;
    int64_t deadline;
    struct bw_arena *arena; /* to work in */
};

struct notice_kind {
    const char *name, *help;
    /* Is it a target of this kind? The part behind a prefix, or NULL. */
    const char *(*is)(const char *target);
    /* *Waits.* */
    bool (*send)(const struct notice_job *j, struct bw_err *e);
};

/* Tests: so much of the time passes in which the same is not told again. */
void notices_pass(struct notices *n, int64_t span);

/* ---- what people were told: notice_memory.c ---- */

struct notice_told {
    struct list node;
    int64_t until;   /* monotonic ns: not told again before then */
    unsigned more;   /* the same, not told */
    uint32_t record; /* in the file, from 1; 0: none */
    char unit[64], kind[24], text[NOTICE_TEXT];
};

struct notice_memory {
    struct list told;  /* of late */
    struct list wrong; /* one of each unit of which something bad was told last */
    unsigned n_told;
    struct mapfile file; /* fd -1: none */
};

void notice_memory_init(struct notice_memory *m);
void notice_memory_open(struct notice_memory *m, const char *state); /* what the last one knew */
void notice_memory_close(struct notice_memory *m);
/* Is it to be told? more: so many of the same were not. */
bool notice_memory_is_news(struct notice_memory *m, const struct notice *w, unsigned *more);
bool notice_memory_is_wrong(const struct notice_memory *m, const char *unit);

#define NOTICE(name) extern const struct notice_kind notice_##name;
#include "angel/notices.def"
#undef NOTICE

const struct notice_kind *notice_kind_of(const char *target, const char **rest);
/* "2026-11-28T12:00:00Z host kind unit: text", for logs. */
const char *notice_line(const struct notice_job *j);
/* %what% (kind and unit), %msg%, %urimsg% of a text; as_url: all of them percent-encoded. */
const char *notice_fill(const struct notice_job *j, const char *text, bool as_url);
bool notice_has_places(const char *text);

/* notice_disk.c: an item as a file of the folder. They block: for worker threads. */
bool notice_disk_write(const char *folder, struct notice_item *it, struct bw_err *e);
void notice_disk_remove(const char *folder, struct notice_item *it);
/* All that are there, the oldest first, to the end of the list; what is no notice is left alone. */
void notice_disk_read(const char *folder, struct list *items);
struct notice_item *notice_item_new(void);
void notice_item_free(struct notice_item *it);

#endif
