/* sqlite_metric.c: what the engine counts, each with the label db="<file name>". */
#include "db/sqlite_int.h"

#include "core/metric.h"

void sqlite_metric_open(struct sqlite *s)
{
    const char *slash = strrchr(s->path, '/');
    struct bw_buf label;
    bw_buf_init(&label, 4096);
    metric_label(&label, "db", bw_cstr(s->folder ? "memory" : slash ? slash + 1 : s->path));
    const char *labels = bw_buf_cstr(&label);
    struct sqlite_metrics *m = &s->metrics;
    m->queue = metric_new(METRIC(db_writer_queue), labels);
    m->groups = metric_new(METRIC(db_commits), labels);
    m->writes = metric_new(METRIC(db_writes), labels);
    m->commit_time = metric_new(METRIC(db_commit), labels);
    m->group = metric_new(METRIC(db_group), labels);
    m->sync = metric_new(METRIC(db_fsync), labels);
    m->wal = metric_new(METRIC(db_wal_bytes), labels);
    m->checkpoints = metric_new(METRIC(db_checkpoints), labels);
    m->snapshots = metric_new(METRIC(db_snapshots_renewed), labels);
    m->slice = metric_new(METRIC(db_longest_slice), labels);
    m->connections = metric_new(METRIC(db_connections), labels);
    m->moved = metric_new(METRIC(db_queries_moved), labels);
    bw_buf_release(&label);
}
