/* log.h: log records. Any thread logs without waiting and without a lock shared with others: the
 * record goes into the thread's own ring, one writer thread formats and writes it. A full ring
 * drops the record and counts it; the writer says "N records lost" when it can again.
 *
 *   log_info("http", "listening", LOG_TEXT("url", url), LOG_NUM("port", port));
 *
 * Messages are constants, what varies goes into fields; secrets go nowhere. Area and keys must live
 * as long as the process; message and texts are copied (a record holds LIMIT_LOG_LINE bytes and 24
 * fields). Before log_start and after log_stop records go straight to standard error. In a forked
 * child there is no writer either: it writes its records itself, to where the parent does. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/logfile.h"

#define LOG_LEVELS(X) \
    X(TRACE, trace)   \
    X(DEBUG, debug)   \
    X(INFO, info)     \
    X(WARN, warn)     \
    X(ERROR, error)   \
    X(FATAL, fatal)

enum log_level {
#define X(name, text) LOG_LEVEL_##name,
    LOG_LEVELS(X)
#undef X
};

struct log_field {
    const char *key;
    char kind; /* 's' text, 'i' int, 'r' real, 'b' bool */
    bw_str s;
    int64_t i;
    double r;
};

#define LOG_TEXT(k, v) ((struct log_field){.key = (k), .kind = 's', .s = (v)})
#define LOG_CSTR(k, v) ((struct log_field){.key = (k), .kind = 's', .s = bw_cstr(v)})
#define LOG_NUM(k, v)  ((struct log_field){.key = (k), .kind = 'i', .i = (int64_t)(v)})
#define LOG_REAL(k, v) ((struct log_field){.key = (k), .kind = 'r', .r = (v)})
#define LOG_BOOL(k, v) ((struct log_field){.key = (k), .kind = 'b', .i = (v)})

#define LOG_FIELDS(text, ...)          \
    (text), (const struct log_field[]) \
    {                                  \
        __VA_ARGS__                    \
    }
#define LOG_AT(level, area, ...)                                                \
    do {                                                                        \
        if (log_enabled(level))                                                 \
            log_write((level), (area), LOG_FIELDS(__VA_ARGS__, {.key = NULL})); \
    } while (0)
#define log_trace(...) LOG_AT(LOG_LEVEL_TRACE, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)  LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...)  LOG_AT(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)

struct log_record {
    enum log_level level;
    bw_time at;
    const char *area, *text;
    const struct log_field *fields; /* ended by key == NULL; may be NULL */
};

/* Texts must live until log_stop. */
struct log_opts {
    int level;        /* enum log_level */
    bool json;        /* JSON lines instead of text: file and terminal */
    const char *path; /* file appended to */
    bool colour;      /* text on standard error only; the caller asked the terminal */
    /* Names of log_sinks.def, NULL-terminated; NULL = file when there is a path, else terminal. */
    const char *const *to;
    struct logfile_rotate rotate; /* of path and access */
    const char *name;             /* the application's, for journal and syslog */
    const char *syslog;           /* unix:PATH, udp:HOST:PORT, tcp:HOST:PORT, tls:HOST:PORT */
    const char *syslog_ca; /* tls: PEM file of who is trusted; NULL = whom the system trusts */
    const char *syslog_cert,
        *syslog_key;     /* tls: PEM files of who we are; NULL = nobody in particular */
    const char *journal; /* its socket; NULL = the system's */
    const char *access;  /* file of log_access; "" = standard output; NULL = nowhere */
};

struct log_area {
    const char *name;
    int level; /* enum log_level */
};

bool log_start(const struct log_opts *o, struct bw_err *e); /* starts the writer thread */
/* Other outputs, names and rotation, in place of those there are: nothing is lost in between. On
 * failure all stays. The level stays anyway. By the thread that starts and stops. */
bool log_change(const struct log_opts *o, struct bw_err *e);
void log_stop(void);  /* writes what is queued, ends the thread */
void log_flush(void); /* *Waits.* until all records queued so far are written */
/* One relaxed atomic load. True also when only some area wants it: log_write looks again. */
bool log_enabled(enum log_level level);
void log_set_level(enum log_level level); /* of all areas that have none of their own */
/* Copied; n == 0: none. Names of less than LOG_AREA_NAME bytes. False when more than 256 different
 * ones have been named since the start: the last have no level of their own then. */
#define LOG_AREA_NAME 32
bool log_set_areas(const struct log_area *areas, size_t n);
/* Files, at their next write: somebody has renamed them. By the thread that starts and stops. */
void log_reopen(void);
/* One finished line of the access log, without its end; goes the same way as a record. */
void log_access(bw_str line, bw_time at);
void log_write(enum log_level level, const char *area, const char *text,
               const struct log_field *fields);
/* Asked at each record: the name of the request being worked on here, NULL or "" when none; the
 * record gets it as field "request", unless it has one. */
void log_name_requests(const char *(*name)(void));
uint64_t log_lost(void);               /* records dropped since the start */
const char *log_level_name(int level); /* "info" */
/* The error's sentence as field "error". */
struct log_field log_err(const struct bw_err *e);
/* Pure: one line of either form, ends with LF. */
void log_format(struct bw_buf *out, bool json, bool colour, const struct log_record *rec);
/* "message key=value ...", without time, level, area and end of line. */
void log_format_message(struct bw_buf *out, const struct log_record *rec);
/* A message of RFC 5424; priority is facility * 8 + severity. */
void log_format_5424(struct bw_buf *out, const char *app, int priority,
                     const struct log_record *rec);
/* From a signal handler: what was written last, and what is not written yet. */
void log_dump(int fd);
int log_dump_fd(void); /* of the log file, -1 = none */

#endif
