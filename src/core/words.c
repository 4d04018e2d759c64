/* words.c: command texts to words and back. */
#include "core/words.h"

#include <burrow/buf.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_special(char c)
{
    return is_blank(c) || c == '"' || c == '\'' || c == '\\';
}

/* Where one word is being read. quoted: a part of it was in quotes. */
struct scan {
    const char *p, *end;
    char *out; /* what has been read; never more than is left of the text */
    bool quoted;
    char open; /* the quote that is not closed; 0 = none */
};

static void next_word(struct scan *s)
{
    char quote = 0;
    s->quoted = false;
    for (; s->p < s->end; s->p++) {
        char c = *s->p;
        if (!quote && is_blank(c))
            break;
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? 0 : c;
            s->quoted = true;
        } else if (c == '\\' && quote != '\'' && s->p + 1 < s->end && is_special(s->p[1])) {
            *s->out++ = *++s->p;
        } else {
            *s->out++ = c;
        }
    }
    s->open = quote;
}

static bool skip_blanks(struct scan *s)
{
    while (s->p < s->end && is_blank(*s->p))
        s->p++;
    return s->p < s->end;
}

const char **words_split(bw_str text, struct bw_arena *a, struct bw_err *e)
{
    size_t most = text.n / 2 + 2, n = 0;
    const char **words = bw_arena_alloc(a, most * sizeof *words);
    char *room = bw_arena_alloc(a, text.n + most);
    struct scan s = {.p = text.p, .end = text.p + text.n, .out = room};
    while (text.n && skip_blanks(&s)) {
        words[n++] = s.out;
        next_word(&s);
        *s.out++ = 0;
        if (s.open) {
            bw_fail(e, BW_BAD, "a %c is not closed", s.open);
            return NULL;
        }
    }
    words[n] = NULL;
    return words;
}

static void join_word(const char *w, struct bw_buf *b)
{
    bool plain = *w != 0;
    for (const char *p = w; *p && plain; p++)
        plain = !is_special(*p);
    if (plain) {
        bw_buf_put(b, bw_cstr(w));
        return;
    }
    bw_buf_char(b, '"');
    for (; *w; w++) {
        if (*w == '"' || *w == '\\')
            bw_buf_char(b, '\\');
        bw_buf_char(b, *w);
    }
    bw_buf_char(b, '"');
}

const char *words_join(const char *const *words, struct bw_arena *a)
{
    struct bw_buf b;
    bw_buf_init(&b, SIZE_MAX / 4);
    for (size_t i = 0; words[i]; i++) {
        if (i)
            bw_buf_char(&b, ' ');
        join_word(words[i], &b);
    }
    const char *out = bw_arena_cstr(a, bw_buf_str(&b));
    bw_buf_release(&b);
    return out;
}

/* "|", "||", "&", "&&", ";" alone, and redirections: "<x", ">", ">>x", "2>&1". */
static bool is_shell_word(const char *w, const char *end)
{
    size_t n = (size_t)(end - w);
    if (n && (*w == '<' || *w == '>'))
        return true;
    if (n > 1 && *w >= '0' && *w <= '9' && (w[1] == '<' || w[1] == '>'))
        return true;
    return (n == 1 && strchr("|&;", *w)) || (n == 2 && w[0] == w[1] && (*w == '|' || *w == '&'));
}

bool words_want_shell(bw_str text)
{
    struct bw_arena a;
    bw_arena_init(&a);
    struct scan s = {.p = text.p, .end = text.p + text.n, .out = bw_arena_alloc(&a, text.n + 1)};
    bool wanted = false;
    while (text.n && !wanted && skip_blanks(&s)) {
        const char *from = s.p;
        next_word(&s);
        wanted = !s.quoted && is_shell_word(from, s.p);
    }
    bw_arena_release(&a);
    return wanted;
}
