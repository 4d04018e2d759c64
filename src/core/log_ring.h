/* log_ring.h: a thread's own queue of log records: one thread puts, one (who holds the role of the
 * writer) takes, without locks. Rings are made at a thread's first record, given back when it
 * ends and empty, and used again by later threads; they are never freed. Private to core. */
#ifndef CORE_LOG_RING_H
#define CORE_LOG_RING_H

#include "core/log.h"

#define LOG_RING_FIELDS 24 /* of one record; further ones are dropped */

/* This thread's ring; NULL when memory is out. */
struct log_ring *log_ring_mine(void);
/* Copies the record and its texts (cut to what fits into LIMIT_LOG_LINE); area and keys are
 * constants. False when the ring is full. Then the record can be seen by the taking side. */
bool log_ring_put(struct log_ring *r, const struct log_record *rec);
/* A record that is nothing but its text, of any length up to LIMIT_LOG_LINE - 64. */
bool log_ring_put_line(struct log_ring *r, bw_str line, bw_time at, const char *area);
/* The putter: is it half full, or was when last looked? */
bool log_ring_is_filling(struct log_ring *r);

/* ---- for the taking side ---- */

struct log_ring *log_ring_first(void);
struct log_ring *log_ring_next(const struct log_ring *r);
/* Time of the oldest record; false when there is none. Gives back the ring of an ended thread. */
bool log_ring_front(struct log_ring *r, bw_time *at);
/* The oldest record, which must be there; views into the ring, good until log_ring_pop. */
void log_ring_read(struct log_ring *r, struct log_record *rec,
                   struct log_field fields[LOG_RING_FIELDS + 1]);
void log_ring_pop(struct log_ring *r);
/* In a signal handler, without the role: the record at *at (0: the oldest) and *at moved behind it;
 * false when there are no more. What others take and put meanwhile may be missed. */
bool log_ring_walk(const struct log_ring *r, uint64_t *at, struct log_record *rec,
                   struct log_field fields[LOG_RING_FIELDS + 1]);
/* In the child of a fork: forgets all records (the parent writes them) and all other threads. */
void log_ring_forget_all(void);

#endif
