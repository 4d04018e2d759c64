/* words.h: a command written as one text, as words, without a shell. Blanks separate; '…' and "…"
 * hold together, also within a word; a backslash takes a blank, a quote or a backslash behind it
 * literally (not within '…') and is a character like others before anything else. Pure. */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include <burrow/arena.h>

/* NULL-terminated, in the arena; NULL on failure: a quote that is not closed. */
const char **words_split(bw_str text, struct bw_arena *a, struct bw_err *e);
/* One text that is split into these again. */
const char *words_join(const char *const *words, struct bw_arena *a);
/* Does it hold what only a shell would understand, not in quotes: "|", "&&", ">file"? */
bool words_want_shell(bw_str text);

#endif
