/* top.h: `burrow top`: what a server did between two looks at its metrics (top_model.c, pure), as
 * lines for a terminal (top_draw.c) or as JSON (top_json.c); top_terminal.c is the terminal. */
#ifndef CLI_TOP_H
#define CLI_TOP_H

#include <burrow/json.h>

#include "cli/scrape.h"

struct top_times {
    double count, p50, p99; /* in the span; seconds */
};

struct top_loop {
    bw_str name;
    double turns, in_use, pooled, stack; /* turns per second */
    struct top_times turn;
};

struct top_db {
    bw_str name;
    double writes, commits, checkpoints; /* per second */
    double group, queue, wal;            /* the mean; now */
    struct top_times commit, flush;
};

struct top_route {
    bw_str method, route;
    double rate, failed, in_flight; /* per second; 5xx per second */
    struct top_times time;
};

struct top_store {
    bw_str name;
    bool up;
};

enum top_order { TOP_BY_P99, TOP_BY_RATE, TOP_BY_FAILED, TOP_BY_NAME, TOP_ORDERS };

struct top {
    const char *where; /* the address asked */
    bw_str app, version;
    bool ready;
    double up, span;                                                /* seconds */
    bool since_start;                                               /* span is the whole life */
    double rate, status[6], in_flight, connections, received, sent; /* per second; [4]: 4xx */
    struct top_times time;
    double cpu, resident, fds, max_fds, threads; /* cpu: 1 is one CPU */
    double lost_log, lost_spans;
    VEC(struct top_loop) loops;
    VEC(struct top_db) dbs;
    VEC(struct top_route) routes;
    VEC(struct top_store) stores;
};

/* As an integer, whatever the server said. */
static inline int64_t top_whole(double v)
{
    return v > 1e15 ? (int64_t)1e15 : v > -1e15 ? (int64_t)v : (int64_t)-1e15;
}

/* before NULL: since the server's start. Texts live in now's arena; released by top_release. */
void top_make(struct top *t, struct scrape *now, const struct scrape *before);
void top_release(struct top *t);
void top_sort(struct top *t, enum top_order by);

struct top_screen {
    unsigned columns, rows; /* rows 0: as many as there are */
    bool colour;
    enum top_order order;
    int64_t every;       /* ns */
    const char *trouble; /* why there is nothing newer; NULL = none */
    bool keys;           /* the last line tells them */
};
void top_draw(const struct top *t, const struct top_screen *s, struct bw_buf *out);
/* One object and a line feed. */
void top_json(const struct top *t, struct bw_buf *out);

/* ---- the terminal ---- */

/* Takes it: no echo, keys at once, the other screen. False when standard output is none. */
bool top_terminal_open(void);
void top_terminal_close(void);
void top_terminal_size(unsigned *columns, unsigned *rows);
/* *Waits.* A key, 0 when none came until then (monotonic ns) or the size has changed, 'q' also when
 * told to end. */
int top_terminal_key(int64_t deadline);

#endif
