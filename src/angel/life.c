/* life.c: the table of life.def, looked up. */
#include "angel/life.h"

#include <stddef.h>

static const struct {
    struct life_row row;
    bool is;
} table[LIFE_STATE_COUNT][LIFE_EVENT_COUNT] = {
#define LIFE(state, event, next, todo) \
    [LIFE_##state][EVENT_##event] = {{LIFE_##next, (todo)}, true},
#include "angel/life.def"
#undef LIFE
};

const struct life_row *life_row(enum life_state s, enum life_event e)
{
    return table[s][e].is ? &table[s][e].row : NULL;
}

const char *life_state_name(enum life_state s)
{
    static const char *const names[] = {
#define X(id, name) #name,
        LIFE_STATES(X)
#undef X
    };
    return names[s];
}

const char *life_event_name(enum life_event e)
{
    static const char *const names[] = {
#define X(id, name) #name,
        LIFE_EVENTS(X)
#undef X
    };
    return names[e];
}

#define IN(s, set) (((set) >> (s)) & 1u)
#define S(id)      (1u << LIFE_##id)

bool life_is_wanted(enum life_state s)
{
    return IN(s, S(WAITING) | S(STARTING) | S(RUNNING) | S(READY) | S(CYCLING) | S(CLEARING) |
                     S(BACKOFF) | S(JAMMED));
}

bool life_has_child(enum life_state s)
{
    return !IN(s, S(STOPPED) | S(DONE) | S(FAILED) | S(WAITING) | S(BACKOFF));
}

bool life_is_settled(enum life_state s)
{
    return !IN(s, S(WAITING) | S(STARTING) | S(RUNNING) | S(CYCLING) | S(CLEARING));
}
