/* csv.c: one pass, a record at a time. */
#include "cli/csv.h"

void csv_open(struct csv *c, bw_str text)
{
    *c = (struct csv){.at = text.p, .end = text.p + text.n, .next_line = 1};
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
        c->at += 3;
}

static bool wrong(struct csv *c, const char *why)
{
    c->why = why;
    return false;
}

static bool at_record_end(const struct csv *c)
{
    return c->at == c->end || *c->at == '\n' ||
           (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n');
}

static void skip_record_end(struct csv *c)
{
    if (c->at < c->end && *c->at == '\r')
        c->at++;
    if (c->at < c->end)
        c->at++;
    c->next_line++;
}

static bw_str undouble(bw_str s, struct bw_arena *a)
{
    char *p = bw_arena_alloc(a, s.n), *out = p;
    for (size_t i = 0; i < s.n; i++) {
        *out++ = s.p[i];
        if (s.p[i] == '"')
            i++;
    }
    return bw_str_of(p, (size_t)(out - p));
}

static bool quoted_field(struct csv *c, bw_str *field, struct bw_arena *a)
{
    const char *start = ++c->at;
    bool doubled = false;
    for (;; c->at++) {
        if (c->at == c->end)
            return wrong(c, "a quoted field is not closed");
        if (*c->at == '\n')
            c->next_line++;
        if (*c->at != '"')
            continue;
        if (c->at + 1 < c->end && c->at[1] == '"') {
            doubled = true;
            c->at++;
            continue;
        }
        break;
    }
    *field = bw_str_of(start, (size_t)(c->at - start));
    if (doubled)
        *field = undouble(*field, a);
    c->at++;
    return (c->at < c->end && *c->at == ',') || at_record_end(c) ||
           wrong(c, "text behind a closing quote");
}

static bool plain_field(struct csv *c, bw_str *field)
{
    const char *start = c->at;
    while (!at_record_end(c) && *c->at != ',') {
        if (*c->at == '"')
            return wrong(c, "a quote inside a field that does not begin with one");
        c->at++;
    }
    *field = bw_str_of(start, (size_t)(c->at - start));
    return true;
}

bool csv_next(struct csv *c, struct bw_arena *a)
{
    while (c->at < c->end && at_record_end(c)) /* empty lines */
        skip_record_end(c);
    c->line = c->next_line;
    c->n = 0;
    if (c->at == c->end || c->why)
        return false;
    for (;;) {
        if (c->n == CSV_FIELDS)
            return wrong(c, "more than 512 fields");
        c->quoted[c->n] = c->at < c->end && *c->at == '"';
        if (!(c->quoted[c->n] ? quoted_field(c, &c->fields[c->n], a)
                              : plain_field(c, &c->fields[c->n])))
            return false;
        c->n++;
        if (at_record_end(c))
            break;
        c->at++; /* the comma */
    }
    if (c->at < c->end)
        skip_record_end(c);
    return true;
}

void csv_write(struct bw_buf *out, bw_str s)
{
    bool plain = s.n > 0;
    for (size_t i = 0; i < s.n && plain; i++)
        plain = s.p[i] != ',' && s.p[i] != '"' && s.p[i] != '\n' && s.p[i] != '\r';
    if (plain || !s.p) {
        bw_buf_put(out, s);
        return;
    }
    bw_buf_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            bw_buf_char(out, '"');
        bw_buf_char(out, s.p[i]);
    }
    bw_buf_char(out, '"');
}
