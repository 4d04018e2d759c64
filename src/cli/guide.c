/* guide.c: the forms a guide has, and what they share. */
#include "cli/guide.h"

const struct guide guides[] = {
    {"markdown", "all commands and switches as Markdown", guide_markdown},
    {"man", "the same as a manual page", guide_man},
    {"man-angel", "burrow-angel(1)", guide_man_angel},
    {"man-ctl", "burrow-ctl(1)", guide_man_ctl},
    {"completion", "completion for bash", guide_completion},
    {"metrics", "what /metrics tells, as Markdown", guide_metrics},
    {NULL, NULL, NULL},
};

static bool plain(bw_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 'a' || s.p[i] > 'z') && (s.p[i] != '-' || i == 0))
            return false;
    return s.n > 0;
}

bool guide_word(bw_str *rest, bw_str *word)
{
    while (rest->n) {
        size_t n = 0;
        while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '|')
            n++;
        *word = bw_str_of(rest->p, n);
        n += n < rest->n;
        *rest = bw_str_of(rest->p + n, rest->n - n);
        if (plain(*word))
            return true;
    }
    return false;
}
