/* place.h: where an angel's settings, state and control socket are, for the programs that look for
 * a running one; they must not need settings that are whole. */
#ifndef ANGEL_PLACE_H
#define ANGEL_PLACE_H

#include <burrow/arena.h>

/* `given`, or <executable>.settings beside the executable if there is one, or
 * /etc/burrow/angel.json. In the arena. */
const char *place_settings(const char *given, struct bw_arena *a);
/* $STATE_DIRECTORY, or /var/lib/burrow/angel, or below the home folder. */
const char *place_state(struct bw_arena *a);
/* "unix:PATH" of the control socket: of `state` if that is given, else as the settings say, as far
 * as they can be read, else the default. */
const char *place_control(const char *settings, const char *state, struct bw_arena *a);

#endif
