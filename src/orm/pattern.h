/* pattern.h: the pattern of a TEXT field: PCRE2, anchored at both ends, with bounds on work and
 * memory, so that neither a clumsy pattern nor a hostile text can hold a loop. */
#ifndef ORM_PATTERN_H
#define ORM_PATTERN_H

#include <burrow/arena.h>

struct pattern;

enum pattern_answer { PATTERN_NO, PATTERN_YES, PATTERN_LIMIT /* gave up: too much work */ };

/* Compiled; freed with the arena. NULL and BW_BAD with the place in the pattern when it is wrong.
 * Read-only after that: shared by threads. */
struct pattern *pattern_new(const char *source, struct bw_arena *a, struct bw_err *e);
/* Does the whole text match? The text is valid UTF-8. */
enum pattern_answer pattern_match(const struct pattern *p, bw_str text);

#endif
