/* brain_crew.c: the crew's orders carried out. They come from within crew calls, so nothing here
 * calls the crew back: what follows at once is put into `pending`. */
#include "angel/brain_int.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void set_timer(struct replica *r, const struct crew_order *o)
{
    struct brain *b = r->brain;
    int64_t now = clock_mono();
    r->next = o->at ? clock_wall_ms() + (o->at - now) / CLOCK_MS : 0;
    bool at_once = o->at && o->at <= now;
    loop_timer_set(b->loop, &r->timer, at_once ? 0 : o->at);
    if (at_once)
        *vec_push(&b->pending) = (struct pending){r->slot, EVENT_DUE};
}

static void explain(struct replica *r, const struct crew_order *o)
{
    char *why = r->why, names[48];
    size_t n = sizeof r->why;
    switch (o->event) {
    case EVENT_START:
        snprintf(why, n, "told to start");
        break;
    case EVENT_STOP:
        snprintf(why, n, r->brain->stopping ? "the angel stops" : "told to stop");
        break;
    case EVENT_RESTART:
        snprintf(why, n, "told to restart, or with its group");
        break;
    case EVENT_READY:
        snprintf(why, n, "%s%s%s%s",
                 r->conf->probes[PROBE_READY].kind ? "its ready probe says yes" : "it runs",
                 r->unlimited ? ", without its " : "", brain_limit_names(r->unlimited, names),
                 r->unlimited ? ": no such cgroup was delegated" : "");
        break;
    case EVENT_LOST:
        snprintf(why, n, "it was to run when the brain before this one ended, and did not");
        break;
    case EVENT_FOUND:
        snprintf(why, n, "it ran already when this angel began");
        break;
    case EVENT_DUE:
        if (o->from == LIFE_RUNNING)
            snprintf(why, n, "it was not ready within its start timeout");
        else if (o->to == LIFE_SWEEPING || o->to == LIFE_CLEARING)
            snprintf(why, n, "its time to end was over, so it is killed");
        break;
    default: /* exits, spawns, probes and sweeps have said it themselves */
        break;
    }
}

static void tell_change(struct replica *r, const struct crew_order *o)
{
    struct brain *b = r->brain;
    switch (o->to) {
    case LIFE_READY:
        brain_say(b, r, "ready", "%s is ready", r->name);
        break;
    case LIFE_RUNNING:
        if (o->from == LIFE_READY)
            brain_say(b, r, "unready", "%s is not ready any more: %s", r->name, r->why);
        break;
    case LIFE_STOPPED:
        brain_say(b, r, "stopped", "%s has stopped", r->name);
        break;
    case LIFE_DONE:
        brain_say(b, r, "done", "%s is done: %s", r->name, r->last->words);
        break;
    case LIFE_FAILED:
        brain_tell_people(b, r, NEWS_BAD, "failed", r->why);
        break;
    case LIFE_STUCK:
    case LIFE_JAMMED:
        if (o->from != LIFE_STUCK && o->from != LIFE_JAMMED)
            brain_tell_people(b, r, NEWS_BAD, "stuck", r->why);
        break;
    default:
        break;
    }
}

/* The one whose end is the angel's has ended for good. */
static void end_with(struct replica *r, enum life_state to)
{
    struct brain *b = r->brain;
    int status = r->last->exit.status;
    if ((to != LIFE_DONE && to != LIFE_FAILED) || !b->conf->exit_with || b->stopping ||
        strcmp(b->conf->exit_with, r->conf->name) != 0)
        return;
    b->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    brain_say(b, r, "end", "%s has ended for good, and the angel with it", r->name);
    brain_stop(b);
}

static void changed(struct replica *r, const struct crew_order *o)
{
    r->since = clock_wall_ms();
    explain(r, o);
    if (life_has_child(o->from) && !life_has_child(o->to)) {
        replica_unwatch(r);
        if (r->held)
            hands_release(r->brain->hands, r->child);
        r->held = false;
        r->pid = 0;
    }
    tell_change(r, o);
    end_with(r, o->to);
    if (life_is_wanted(o->from) != life_is_wanted(o->to) || o->to == LIFE_BACKOFF)
        replica_remember(r);
    brain_wake(r->brain);
}

static void guard(struct brain *b, bool begins)
{
    b->degraded = begins;
    brain_tell_people(b, NULL, begins ? NEWS_BAD : NEWS_GOOD, begins ? "degraded" : "sound",
                      begins ? "Many services fail their live probes at once: something they share "
                               "has failed, so none is restarted until it is well again"
                             : "Most services are well again: the live probes decide as before");
}

static void calm(struct replica *r)
{
    char text[256];
    replica_stand(r);
    if (!r->troubled)
        return;
    snprintf(text, sizeof text, "%s has recovered: it has been ready for %lld s", r->name,
             (long long)(r->conf->stable / CLOCK_SECOND));
    brain_tell_people(r->brain, r, NEWS_GOOD, "recovered", text);
    replica_remember(r);
}

void brain_order(void *arg, const struct crew_order *o)
{
    struct brain *b = arg;
    if (o->kind == CREW_DEGRADED || o->kind == CREW_SOUND) {
        guard(b, o->kind == CREW_DEGRADED);
        return;
    }
    struct replica *r = brain_replica(b, o->unit);
    switch (o->kind) {
    case CREW_CHANGED:
        changed(r, o);
        break;
    case CREW_SPAWN:
        brain_spent_note(r); /* before there is a process */
        replica_start(r);
        break;
    case CREW_WATCH:
        replica_watch(r);
        break;
    case CREW_TERM:
        replica_term(r);
        break;
    case CREW_SWEEP:
        replica_sweep(r);
        break;
    case CREW_TIMER:
        set_timer(r, o);
        break;
    case CREW_CALM:
        calm(r);
        break;
    default: /* CREW_SPARED */
        brain_say(b, r, "spared", "%s is sick, but so are many: it is left alone", r->name);
        break;
    }
}
