/* guide.h: all commands with their switches as one text: `burrow help --markdown`, `--man`,
 * `--completion`. Read from the descriptors, so that a page never knows less than the program. */
#ifndef CLI_GUIDE_H
#define CLI_GUIDE_H

#include "cli/command.h"

struct guide {
    const char *name; /* "man": burrow help --man */
    const char *help;
    void (*write)(struct bw_buf *out);
};

extern const struct guide guides[]; /* ended by name == NULL */

/* The next plain word of a command's usage, such as plan in "plan | apply [APP.json]": what may be
 * typed as it stands. `rest` begins as the whole usage; false when there is none left. */
bool guide_word(bw_str *rest, bw_str *word);

void guide_markdown(struct bw_buf *out);   /* docs/cli.md */
void guide_man(struct bw_buf *out);        /* burrow(1) */
void guide_man_angel(struct bw_buf *out);  /* burrow-angel(1) */
void guide_man_ctl(struct bw_buf *out);    /* burrow-ctl(1) */
void guide_completion(struct bw_buf *out); /* for bash */
void guide_metrics(struct bw_buf *out);    /* docs/metrics.md */

/* Pieces of a page in the macros of man(7): a text, paragraphs (what is indented is an example), a
 * switch, all switches of a command. */
void guide_man_text(const char *text, struct bw_buf *out);
void guide_man_paragraphs(const char *text, struct bw_buf *out);
void guide_man_switches(const struct command *c, struct bw_buf *out);

#endif
