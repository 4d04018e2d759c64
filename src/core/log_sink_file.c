/* log_sink_file.c: a file, rotated as the options say. */
#include "core/log_sink.h"

static bool begin(struct log_sink *s, struct bw_err *e)
{
    if (!s->o->path || !*s->o->path)
        return bw_fail(e, BW_BAD, "a log that goes to a file needs the file's name");
    return logfile_open(&s->file, s->o->path, &s->o->rotate, e);
}

static void put(struct log_sink *s, const struct log_record *rec)
{
    log_format(&s->out, s->o->json, false, rec);
}

static void end(struct log_sink *s)
{
    logfile_close(&s->file);
}

extern const struct log_sink_kind log_sink_file;
const struct log_sink_kind log_sink_file = {"file", begin, put, log_sink_write_lines, end};
