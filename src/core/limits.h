/* limits.h: every maximum that protects memory, in one place. Settings may lower or raise those
 * marked (s) within the range their option states. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#define LIMIT_HTTP_LINE      (8 * 1024)  /* request line: 414 */
#define LIMIT_HTTP_HEAD      (64 * 1024) /* whole head: 431 */
#define LIMIT_HTTP_FIELDS    100         /* 431 */
#define LIMIT_HTTP_CHUNK_EXT 256         /* extension bytes of one chunk line: 400 */
#define LIMIT_HTTP_TRAILERS  (8 * 1024)
#define LIMIT_HTTP_BODY      (16u * 1024 * 1024) /* (s) 413 */
#define LIMIT_HTTP_PIPELINE  (256 * 1024)        /* answers collected before they are written */
#define LIMIT_HTTP_STREAM    (32 * 1024)         /* body bytes collected before an answer streams */
#define LIMIT_CONNECTIONS    16384               /* (s) open connections of the server */
#define LIMIT_FIBERS         4096                /* (s) fibers per loop, so requests in flight */
#define LIMIT_FIBER_STACK    (256 * 1024)
#define LIMIT_JSON_DEPTH     64
#define LIMIT_JSON_TEXT      (64u * 1024 * 1024)
#define LIMIT_RECORD         (16u * 1024 * 1024)   /* one record as JSON */
#define LIMIT_TEXT           (1u * 1024 * 1024)    /* a TEXT or JSON field without max_len, bytes */
#define LIMIT_BLOB           (1024u * 1024 * 1024) /* a BLOB field without max_len */
#define LIMIT_FIELDS         256                   /* of a table */
#define LIMIT_TABLES         1024
#define LIMIT_FILTER_TERMS   64
#define LIMIT_FILTER_DEPTH   8
#define LIMIT_FILTER_IN      500
#define LIMIT_LIKE           256  /* bytes of a LIKE pattern */
#define LIMIT_LIST           1000 /* (s) records of one page */
#define LIMIT_LIST_DEFAULT   100
#define LIMIT_BATCH_ATOMIC   10000000 /* (s) writes of one atomic batch */
#define LIMIT_SERIES         5000     /* metric series */
#define LIMIT_METRIC_ROUTES  500      /* endpoints with series of their own: 8 each */
#define LIMIT_METRIC_LOOPS   64       /* loops with series of their own */
#define LIMIT_LOG_LINE       (16 * 1024)
#define LIMIT_SETTINGS       (4u * 1024 * 1024) /* a settings file */

#endif
