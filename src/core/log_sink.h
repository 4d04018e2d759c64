/* log_sink.h: where log records go: a kind in its own file (log_sink_<name>.c) and a line in
 * log_sinks.def. Used by whoever holds the role of the log's writer; a sink never waits for longer
 * than a second at a time. What a sink could not keep is counted, and told through it when it keeps
 * again. Private to core. */
#ifndef CORE_LOG_SINK_H
#define CORE_LOG_SINK_H

#include "core/log.h"
#include "core/logfile.h"

#define LOG_SINKS 8

struct log_sink;
struct syslog_tls;

struct log_sink_kind {
    const char *name;
    bool (*open)(struct log_sink *s, struct bw_err *e);
    void (*put)(struct log_sink *s, const struct log_record *rec); /* adds to `out`, or sends */
    size_t (*flush)(struct log_sink *s); /* how many records put since the last flush are kept */
    void (*close)(struct log_sink *s);
};

struct log_sink {
    const struct log_sink_kind *kind;
    const struct log_opts *o;
    struct bw_buf out;       /* collected lines */
    size_t put;              /* records since the last flush */
    uint64_t lost, told;     /* by this sink; what it has told of, all reasons together */
    uint64_t lost_elsewhere; /* in rings, as far as told or counted here */
    struct logfile file;     /* terminal, file */
    int fd;                  /* journald, syslog */
    struct syslog_tls *tls;  /* over fd, NULL = plain */
    size_t sent;             /* of put: those that went out at once */
    int64_t retry_at;        /* monotonic ns: not before then another try to connect */
    int64_t rest_until;      /* and none to send: log_sink_rest */
};

extern const struct log_sink_kind *const log_sink_kinds[]; /* NULL-terminated */
extern const struct log_sink_kind log_sink_terminal, log_sink_lines;

bool log_sink_open(struct log_sink *s, const struct log_sink_kind *k, const struct log_opts *o,
                   struct bw_err *e);
void log_sink_close(struct log_sink *s);
void log_sink_put(struct log_sink *s, const struct log_record *rec);
/* Number of records lost by this. */
uint64_t log_sink_flush(struct log_sink *s);
/* Tells how many were lost, when some were: `elsewhere` is the log's own count. */
void log_sink_tell(struct log_sink *s, uint64_t elsewhere);
bool log_sink_owes(const struct log_sink *s, uint64_t elsewhere);

/* For kinds that send: a try that failed took from `began` until now. Others get most of the time:
 * for ten times as long no record is tried, that is, each is lost. */
void log_sink_rest(struct log_sink *s, int64_t began);
bool log_sink_rests(const struct log_sink *s);
/* For kinds that send datagrams: true when sent whole; gives up after 100 ms. */
bool log_sink_send(int fd, bw_str bytes);
/* For kinds that collect lines in `out` and write them to `file`. */
size_t log_sink_write_lines(struct log_sink *s);
/* 0-7 as syslog and journald count. */
int log_sink_severity(enum log_level level);

#endif
