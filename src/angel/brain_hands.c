/* brain_hands.c: what the hands report: processes born, unborn, ended, swept; and what the keeper
 * was told by signals. */
#include "angel/brain_int.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *brain_limit_names(unsigned which, char out[48])
{
    snprintf(out, 48, "%s%s%s", which & GROUP_MEMORY ? ", MemoryMax" : "",
             which & GROUP_CPU ? ", CpuMax" : "", which & GROUP_PIDS ? ", PidsMax" : "");
    return *out ? out + 2 : out;
}

/* It runs all the same: a machine without controllers is no reason to be down. */
static void tell_unlimited(struct replica *r)
{
    char names[48];
    const struct unit_conf *c = r->conf;
    unsigned wanted = (c->memory_max ? GROUP_MEMORY : 0) | (c->cpu_per_mille ? GROUP_CPU : 0) |
                      (c->pids_max ? GROUP_PIDS : 0);
    unsigned lacks = wanted & ~hands_limits(r->brain->hands);
    bool told = !(lacks & ~r->unlimited);
    r->unlimited = lacks;
    if (told)
        return;
    brain_say(r->brain, r, "unlimited",
              "%s runs without its %s: the angel was not given a cgroup (v2) with all of the "
              "controllers cpu, memory and pids; under systemd its unit needs Delegate=yes",
              r->name, brain_limit_names(lacks, names));
}

static void spawned(void *arg, uint32_t child, pid_t pid)
{
    struct replica *r = brain_by_child(arg, child);
    if (!r)
        return; /* a helper's; its end is what counts */
    r->pid = pid;
    r->started = clock_wall_ms();
    snprintf(r->why, sizeof r->why, "it runs as process %ld", (long)pid);
    brain_say(r->brain, r, "started", "%s runs as process %ld", r->name, (long)pid);
    tell_unlimited(r);
    brain_post(r, EVENT_SPAWNED);
    replica_born(r, true);
}

static void failed(void *arg, uint32_t child, int sys, const char *what)
{
    struct brain *b = arg;
    struct replica *r = brain_by_child(b, child);
    if (!r) {
        helpers_failed(b->helpers, child, sys, what);
        return;
    }
    snprintf(r->why, sizeof r->why, "it could not be started (%s of %s): %s", what,
             r->conf->argv[0], strerror(sys));
    brain_tell_people(b, r, NEWS_BAD, "unborn", r->why);
    replica_born(r, false);
    brain_post(r, EVENT_UNBORN);
}

/* ---- ends ---- */

#define REPORTS_MAX 4

static bool among(const int64_t *list, size_t n, int64_t v)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == v)
            return true;
    return false;
}

static bool is_success(const struct unit_conf *c, const struct hands_exit *x)
{
    return x->known && WIFEXITED(x->status) &&
           (WEXITSTATUS(x->status) == 0 ||
            among(c->success_codes, c->n_success_codes, WEXITSTATUS(x->status)));
}

static bool is_abort(const struct unit_conf *c, const struct hands_exit *x)
{
    if (!x->known)
        return false;
    return WIFEXITED(x->status) ? among(c->abort_codes, c->n_abort_codes, WEXITSTATUS(x->status))
                                : among(c->abort_signals, c->n_abort_signals, WTERMSIG(x->status));
}

enum life_event brain_sense(const struct unit_conf *c, const struct hands_exit *x)
{
    bool success = is_success(c, x);
    if (is_abort(c, x))
        return EVENT_FINAL;
    if (c->restart == RESTART_NEVER || c->stable == 0)
        return success ? EVENT_OVER : EVENT_FINAL;
    return success && c->restart == RESTART_ON_FAILURE ? EVENT_OVER : EVENT_AGAIN;
}

/* A report under way: everything is copied, its writing waits for the disk on a worker's thread. */
struct reporting {
    struct brain *brain;
    struct crash_report report;
    char folder[512], unit[BRAIN_NAME], command[1024], path[512];
    struct bw_buf tail;
    struct bw_err e;
    bool ok;
};

static void write_report(void *arg)
{
    struct reporting *p = arg;
    p->ok = crash_report_write(&p->report, p->path, &p->e);
}

/* The successor comes first: writing the report takes it a processor for half a millisecond. */
#define REPORT_AFTER (20 * CLOCK_MS)

static void report_on_fiber(void *arg)
{
    struct reporting *p = arg;
    struct brain *b = p->brain;
    b->reports++;
    if (!b->stopping)
        wait_until(clock_mono() + REPORT_AFTER);
    worker_run(write_report, p);
    b->reports--;
    if (p->ok)
        brain_say(b, brain_named(b, p->unit), "report", "what it printed last is in %s", p->path);
    else
        brain_say(b, brain_named(b, p->unit), "report", "no crash report: %s", p->e.text);
    bw_buf_release(&p->tail);
    free(p);
    brain_settle(b);
}

/* A crash loop does not fill the disk's queue: while some are being written others are left out. */
static void report(struct replica *r)
{
    struct brain *b = r->brain;
    struct bw_err e;
    if (!b->conf->state || b->reports >= REPORTS_MAX)
        return;
    struct reporting *p = calloc(1, sizeof *p);
    bw_must(p);
    p->brain = b;
    snprintf(p->folder, sizeof p->folder, "%s/crash", b->conf->state);
    snprintf(p->unit, sizeof p->unit, "%s", r->name);
    snprintf(p->command, sizeof p->command, "%s", r->conf->run);
    bw_buf_init(&p->tail, CAPTURE_TAIL + 1);
    if (r->output)
        capture_tail(r->output, &p->tail);
    p->report = (struct crash_report){.folder = p->folder,
                                      .unit = p->unit,
                                      .command = p->command,
                                      .exit = r->last->exit,
                                      .started = r->last->started,
                                      .output = bw_buf_str(&p->tail),
                                      .keep = 5};
    if (fiber_start(report_on_fiber, p, &e))
        return;
    bw_buf_release(&p->tail);
    free(p);
}

/* The last it printed may be in the FIFO still. */
static void synced(void *arg)
{
    struct replica *r = arg;
    r->syncing--;
    r->brain->syncing--;
    report(r);
    brain_settle(r->brain);
}

static void tell_end(struct replica *r, enum life_event sense)
{
    struct brain *b = r->brain;
    snprintf(r->why, sizeof r->why, "%s (process %ld) ended with %s%s", r->name,
             (long)r->last->exit.pid, r->last->words,
             r->told                ? ", as told"
             : sense == EVENT_FINAL ? ": it is not started again"
             : sense == EVENT_OVER  ? ", as it should"
                                    : "");
    if (r->told || sense == EVENT_OVER) {
        brain_say(b, r, "exited", "%s", r->why);
        return;
    }
    brain_tell_people(b, r, NEWS_BAD, "exited", r->why);
    if (!r->output) {
        report(r);
        return;
    }
    r->syncing++;
    b->syncing++;
    capture_sync(r->output, synced, r);
}

static void note_end(struct replica *r, const struct hands_exit *x)
{
    struct replica_end *last = (struct replica_end *)r->last;
    if (last == &brain_no_end) {
        last = malloc(sizeof *last);
        bw_must(last);
        r->last = last;
    }
    last->exit = *x;
    last->started = r->started;
    crash_words(x, last->words);
}

static void exited(void *arg, uint32_t child, const struct hands_exit *x)
{
    struct brain *b = arg;
    struct replica *r = brain_by_child(b, child);
    if (!r) {
        helpers_exited(b->helpers, child, x);
        return;
    }
    if (x->run != r->run)
        return; /* of a life that is over */
    enum life_event sense = brain_sense(r->conf, x);
    note_end(r, x);
    r->empty = x->empty;
    if (x->followed)
        replica_is_followed(r);
    else
        replica_stand_down(r);
    replica_unwatch(r);
    r->pid = 0;
    if (life_has_child(b->crew.units.p[r->slot].state))
        tell_end(r, sense);
    if (!r->told)
        r->restarts += sense == EVENT_AGAIN;
    brain_post(r, sense);
    r = brain_by_child(b, child); /* which may be forgotten now */
    bw_must(!r || !r->follows);   /* crew_may_promise has kept its word */
}

static bool is_stuck(const struct brain *b, const struct replica *r)
{
    enum life_state s = b->crew.units.p[r->slot].state;
    return s == LIFE_STUCK || s == LIFE_JAMMED;
}

static void swept(void *arg, uint32_t child, unsigned survivors, const char *names)
{
    struct brain *b = arg;
    struct replica *r = brain_by_child(b, child);
    if (!r) {
        helpers_swept(b->helpers, child);
        return;
    }
    r->empty = survivors == 0;
    if (survivors)
        snprintf(r->why, sizeof r->why, "%u of its processes cannot be killed: %s", survivors,
                 names);
    else if (is_stuck(b, r))
        snprintf(r->why, sizeof r->why, "what could not be killed has ended");
    brain_post(r, survivors ? EVENT_SURVIVORS : EVENT_EMPTY);
}

static void asked(void *arg, enum hands_asked what)
{
    struct brain *b = arg;
    if (what == HANDS_STOP)
        brain_stop(b);
    else if (what == HANDS_REOPEN)
        brain_reopen(b);
    else if (what == HANDS_STAYS)
        brain_not_upgraded(b);
    else if (b->opts.reload)
        b->opts.reload(b->opts.arg);
}

const struct hands_events brain_hands_events = {
    .spawned = spawned, .failed = failed, .exited = exited, .swept = swept, .asked = asked};
