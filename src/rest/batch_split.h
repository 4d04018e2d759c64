/* batch_split.h: cuts the writes out of a batch's body as it comes in, piece by piece:
 *
 *   [W,…]      {"atomic":true,"writes":[W,…]}      one W per line (NDJSON)
 *
 * Pure. It knows where a write ends, not whether it is valid JSON: whoever reads it says so. Holds
 * at most one write, and that only when pieces break it. */
#ifndef REST_BATCH_SPLIT_H
#define REST_BATCH_SPLIT_H

#include <burrow/buf.h>

enum split_form { SPLIT_JSON, SPLIT_LINES };

enum split_got {
    SPLIT_MORE, /* feed the next piece */
    SPLIT_ITEM,
    SPLIT_END, /* the batch ended as it should */
    SPLIT_BAD  /* the error tells; nothing more can be read */
};

struct batch_split {
    unsigned state;
    bw_str rest;        /* of the piece fed last: borrowed */
    struct bw_buf held; /* what the pieces before began: a name, a word, a write */
    bool ended, in_text, escaped, given_out;
    unsigned depth;                  /* open brackets inside the write */
    bool wrapped, wrote;             /* the object form; its writes came */
    bool atomic_given, atomic, word; /* word: the name before was "atomic" */
};

/* max_item: bytes of one write. */
void batch_split_init(struct batch_split *s, enum split_form form, size_t max_item);
void batch_split_release(struct batch_split *s);
/* After SPLIT_MORE only. An empty piece says that the body has ended. */
void batch_split_feed(struct batch_split *s, bw_str piece);
/* The item is borrowed until the next call of next or feed; atomic_given and atomic stand from the
 * first item on. */
enum split_got batch_split_next(struct batch_split *s, bw_str *item, struct bw_err *e);

#endif
