/* batch_int.h: a batch at work: writes are read into chunks (batch_read.c), chunks go to the store
 * (batch.c), and what became of each write is put down in a spool, which is the answer
 * (batch_result.c). Private to rest. */
#ifndef REST_BATCH_INT_H
#define REST_BATCH_INT_H

#include "net/spool.h"
#include "rest/batch.h"
#include "rest/batch_split.h"

#define CHUNK_WRITES 512
#define CHUNK_BYTES                                                            \
    ((size_t)1024 * 1024) /* of their JSON: a chunk ends behind the write that \
                             passes it */

/* One write: a change for the store, or why there is none. */
struct batch_write {
    struct change *change;
    struct table *table;    /* NULL while it is not known */
    struct bw_err *err;     /* in the chunk's arena */
    struct faults *faults;  /* of err, or NULL */
    struct record *refused; /* what the faults are of, or NULL */
    int64_t update;         /* the record it was to change, 0 = to be added */
};

struct chunk {
    struct bw_arena arena; /* the writes' texts and values */
    struct change changes[CHUNK_WRITES];
    struct batch_write writes[CHUNK_WRITES];
    size_t n_changes, n, bytes;
    int64_t first;         /* the number of its first write; they count from 1 */
    struct faults *faults; /* clean ones for the next write */
};

struct batch {
    struct bw_req *rq;
    struct table *table; /* of POST /api/Article/batch; NULL: each write names its own */
    bool lines;          /* NDJSON */
    bool atomic, minimal;
    struct batch_split split;
    struct spool body; /* of an atomic batch */
    bool to_spool, from_spool;
    enum split_got next; /* what the splitter gave last, and its item, until it is used */
    bw_str item;
    bool waiting;
    int64_t n; /* writes read */
    struct chunk *chunks[2];
    struct chunk *handed; /* to a transaction, and not told yet */

    struct spool results;
    struct bw_buf out; /* what goes to the spool next */
    int64_t done, failed, told;
};

/* Reads one write, its text borrowed from the chunk's arena, as the chunk's next. False when it
 * cannot be done; then its err is set. */
bool batch_read(struct batch *b, struct chunk *c, bw_str text);
/* Is this line an option, {"atomic":false}, and none of the writes? */
bool batch_read_option(const struct batch *b, bw_str line, bool *atomic);

/* *Waits.* What became of the chunk's writes. */
bool batch_tell(struct batch *b, struct chunk *c, struct bw_err *e);
/* *Waits.* Everything told, as the answer. */
bool batch_answer(struct batch *b, struct bw_err *e);
/* The atomic batch fails by this write: its error and faults become the request's, "write 3
 * (Article): …". Always false. */
bool batch_blame(struct batch *b, struct chunk *c, size_t i, struct bw_err *e);

#endif
