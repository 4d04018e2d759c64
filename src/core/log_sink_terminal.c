/* log_sink_terminal.c: standard error: a person's terminal (the only place with colours) or
 * whatever a container or service manager put there. */
#include "core/log_sink.h"

static bool begin(struct log_sink *s, struct bw_err *e)
{
    (void)e;
    logfile_of(&s->file, STDERR_FILENO);
    return true;
}

static void put(struct log_sink *s, const struct log_record *rec)
{
    log_format(&s->out, s->o->json, s->o->colour, rec);
}

static void end(struct log_sink *s)
{
    logfile_close(&s->file);
}

const struct log_sink_kind log_sink_terminal = {"terminal", begin, put, log_sink_write_lines, end};
