/* sqlite_metric.c: what the engine counts, each with the label db="<file name>". */
#include "db/sqlite_int.h"

#include "core/metric.h"

static const struct metric_family queue = {"db_writer_queue", METRIC_GAUGE,
                                           "Writes waiting for the writer thread."};
static const struct metric_family groups = {"db_commits", METRIC_COUNTER,
                                            "Transactions committed by the writer thread."};
static const struct metric_family writes = {
    "db_writes", METRIC_COUNTER, "Writes committed; divided by db_commits: the size of a group."};
static const struct metric_family commit_time = {"db_commit", METRIC_TIME,
                                                 "Time of a commit, its flush included."};
static const struct metric_family wal = {"db_wal_bytes", METRIC_GAUGE,
                                         "Bytes of the write-ahead log in use."};
static const struct metric_family checkpoints = {"db_checkpoints", METRIC_COUNTER,
                                                 "Checkpoints tried."};
static const struct metric_family snapshots = {"db_snapshots_renewed", METRIC_COUNTER,
                                               "Kept snapshots that a read found out of date."};
static const struct metric_family slice = {
    "db_longest_slice_nanoseconds", METRIC_GAUGE,
    "Longest time a query ran on a loop without a chance to yield."};
static const struct metric_family connections = {"db_connections", METRIC_GAUGE,
                                                 "Open read connections."};
static const struct metric_family moved = {"db_queries_moved", METRIC_COUNTER,
                                           "Queries that sorted on a worker thread."};

void sqlite_metric_open(struct sqlite *s)
{
    const char *slash = strrchr(s->path, '/');
    struct bw_buf label;
    bw_buf_init(&label, 4096);
    metric_label(&label, "db", bw_cstr(s->folder ? "memory" : slash ? slash + 1 : s->path));
    const char *labels = bw_buf_cstr(&label);
    struct sqlite_metrics *m = &s->metrics;
    m->queue = metric_new(&queue, labels);
    m->groups = metric_new(&groups, labels);
    m->writes = metric_new(&writes, labels);
    m->commit_time = metric_new(&commit_time, labels);
    m->wal = metric_new(&wal, labels);
    m->checkpoints = metric_new(&checkpoints, labels);
    m->snapshots = metric_new(&snapshots, labels);
    m->slice = metric_new(&slice, labels);
    m->connections = metric_new(&connections, labels);
    m->moved = metric_new(&moved, labels);
    bw_buf_release(&label);
}
