/* batch_split.c: a state per place in the body. In a write only strings and brackets count: it ends
 * at the ',' or ']' outside of them, or with its line. */
#include "rest/batch_split.h"

#include "core/near.h"

#define NAME_MAX_BYTES 64

enum state {
    START,
    NAME_OR_END,
    NAME,
    IN_NAME,
    COLON,
    WRITES,
    WORD,
    AFTER_MEMBER,
    ITEM_OR_END,
    ITEM,
    TAIL,
    LINE
};

void batch_split_init(struct batch_split *s, enum split_form form, size_t max_item)
{
    *s = (struct batch_split){.state = form == SPLIT_LINES ? LINE : START, .atomic = true};
    bw_buf_init(&s->held, max_item);
}

void batch_split_release(struct batch_split *s)
{
    bw_buf_release(&s->held);
}

void batch_split_feed(struct batch_split *s, bw_str piece)
{
    bw_must(s->rest.n == 0 && !s->ended);
    s->rest = piece;
    s->ended = piece.n == 0;
}

static void skip(struct batch_split *s, size_t n)
{
    s->rest = bw_str_of(s->rest.p + n, s->rest.n - n);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bw_str trim(bw_str s)
{
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    while (s.n && blank(s.p[0]))
        s = bw_str_of(s.p + 1, s.n - 1);
    return s;
}

static enum split_got bad(struct bw_err *e, const char *why)
{
    bw_fail(e, BW_BAD, "%s", why);
    return SPLIT_BAD;
}

static enum split_got expected(const struct batch_split *s, const char *what, struct bw_err *e)
{
    char c = s->rest.p[0];
    if (c > ' ' && c <= '~')
        bw_fail(e, BW_BAD, "%s was expected, '%c' came", what, c);
    else
        bw_fail(e, BW_BAD, "%s was expected", what);
    return SPLIT_BAD;
}

static enum split_got too_long(const struct batch_split *s, struct bw_err *e)
{
    bw_fail(e, BW_TOOBIG, "one write has more than %zu bytes", s->held.max);
    return SPLIT_BAD;
}

/* ---- around the writes ---- */

/* Every function below goes on with SPLIT_MORE: the caller loops while there is input. */

static enum split_got begin(struct batch_split *s, struct bw_err *e)
{
    char c = s->rest.p[0];
    if (c != '[' && c != '{')
        return expected(s, "an array of writes or {\"atomic\":…,\"writes\":[…]}", e);
    s->wrapped = c == '{';
    s->state = s->wrapped ? NAME_OR_END : ITEM_OR_END;
    skip(s, 1);
    return SPLIT_MORE;
}

static enum split_got end_object(struct batch_split *s, struct bw_err *e)
{
    if (!s->wrote)
        return bad(e, "the member 'writes' is missing");
    s->state = TAIL;
    skip(s, 1);
    return SPLIT_MORE;
}

static enum split_got begin_name(struct batch_split *s, struct bw_err *e)
{
    if (s->state == NAME_OR_END && s->rest.p[0] == '}')
        return end_object(s, e);
    if (s->rest.p[0] != '"')
        return expected(s, "a name in double quotes", e);
    bw_buf_clear(&s->held);
    s->escaped = false;
    s->state = IN_NAME;
    skip(s, 1);
    return SPLIT_MORE;
}

static enum split_got unknown_member(bw_str name, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, name);
    near_offer(&near, BW_LIT("atomic"));
    near_offer(&near, BW_LIT("writes"));
    bw_fail(e, BW_BAD, "a batch has no member '%.*s'%s", BW_FMT(name), near_hint(&near, hint));
    return SPLIT_BAD;
}

static enum split_got take_name(struct batch_split *s, bw_str name, struct bw_err *e)
{
    bool atomic = bw_str_eq(name, BW_LIT("atomic")), writes = bw_str_eq(name, BW_LIT("writes"));
    if (!atomic && !writes)
        return unknown_member(name, e);
    if (atomic && s->wrote)
        return bad(e, "'atomic' must stand before 'writes': they are worked on as they come");
    if (writes ? s->wrote : s->atomic_given)
        return bad(e, writes ? "'writes' is given twice" : "'atomic' is given twice");
    s->word = atomic;
    s->state = COLON;
    return SPLIT_MORE;
}

/* Byte by byte: names are short, and may be broken anywhere. */
static enum split_got go_on_name(struct batch_split *s, struct bw_err *e)
{
    char c = s->rest.p[0];
    skip(s, 1);
    if (c == '"')
        return take_name(s, bw_buf_str(&s->held), e);
    if (c == '\\' || s->held.n == NAME_MAX_BYTES || (unsigned char)c < ' ')
        return bad(e, "a batch has the members 'atomic' and 'writes' only");
    bw_buf_char(&s->held, c);
    return SPLIT_MORE;
}

static enum split_got colon(struct batch_split *s, struct bw_err *e)
{
    if (s->rest.p[0] != ':')
        return expected(s, "':'", e);
    bw_buf_clear(&s->held);
    s->state = s->word ? WORD : WRITES;
    skip(s, 1);
    return SPLIT_MORE;
}

static enum split_got begin_writes(struct batch_split *s, struct bw_err *e)
{
    if (s->rest.p[0] != '[')
        return expected(s, "'writes' is an array: '['", e);
    s->state = ITEM_OR_END;
    skip(s, 1);
    return SPLIT_MORE;
}

static enum split_got go_on_word(struct batch_split *s, struct bw_err *e)
{
    char c = s->rest.p[0];
    bw_str word = bw_buf_str(&s->held);
    if (c >= 'a' && c <= 'z' && word.n < 5) {
        bw_buf_char(&s->held, c);
        skip(s, 1);
        return SPLIT_MORE;
    }
    s->atomic = bw_str_eq(word, BW_LIT("true"));
    if (!s->atomic && !bw_str_eq(word, BW_LIT("false")))
        return bad(e, "'atomic' is true or false");
    s->atomic_given = true;
    s->state = AFTER_MEMBER;
    return SPLIT_MORE;
}

static enum split_got after_member(struct batch_split *s, struct bw_err *e)
{
    if (s->rest.p[0] == '}')
        return end_object(s, e);
    if (s->rest.p[0] != ',')
        return expected(s, "',' or '}'", e);
    s->state = NAME;
    skip(s, 1);
    return SPLIT_MORE;
}

/* ---- the writes ---- */

static void end_array(struct batch_split *s)
{
    s->wrote = true;
    s->state = s->wrapped ? AFTER_MEMBER : TAIL;
}

/* Bytes up to the end of the write, or all of them. */
static size_t scan(struct batch_split *s)
{
    const char *p = s->rest.p;
    size_t i = 0, n = s->rest.n;
    bool in_text = s->in_text, escaped = s->escaped;
    unsigned depth = s->depth;
    for (; i < n; i++) {
        char c = p[i];
        if (in_text) {
            in_text = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == ']')) {
            break;
        } else if (depth && (c == '}' || c == ']')) {
            depth--;
        }
    }
    s->in_text = in_text;
    s->escaped = escaped;
    s->depth = depth;
    return i;
}

/* The n bytes in front belong to the write; `whole`: and end it. */
static enum split_got give(struct batch_split *s, size_t n, bool whole, bw_str *item,
                           struct bw_err *e)
{
    *item = bw_str_of(s->rest.p, n);
    if (n > s->held.max - s->held.n)
        return too_long(s, e);
    if (!whole || s->held.n) {
        bw_buf_add(&s->held, s->rest.p, n);
        if (!bw_buf_ok(&s->held))
            return too_long(s, e);
        *item = bw_buf_str(&s->held);
    }
    skip(s, n);
    if (!whole)
        return SPLIT_MORE;
    *item = trim(*item);
    s->given_out = true;
    return SPLIT_ITEM;
}

static enum split_got next_item(struct batch_split *s, bw_str *item, struct bw_err *e)
{
    if (s->state == ITEM_OR_END && s->rest.p[0] == ']') {
        skip(s, 1);
        end_array(s);
        return SPLIT_MORE;
    }
    s->state = ITEM;
    size_t n = scan(s);
    bool whole = n < s->rest.n;
    enum split_got got = give(s, n, whole, item, e);
    if (got != SPLIT_ITEM)
        return got;
    if (item->n == 0)
        return expected(s, "a write", e);
    if (s->rest.p[0] == ']')
        end_array(s);
    skip(s, 1);
    return SPLIT_ITEM;
}

static enum split_got next_line(struct batch_split *s, bw_str *item, struct bw_err *e)
{
    const char *end = memchr(s->rest.p, '\n', s->rest.n);
    size_t n = end ? (size_t)(end - s->rest.p) : s->rest.n;
    enum split_got got = give(s, n, end != NULL, item, e);
    if (end && got == SPLIT_ITEM) {
        skip(s, 1);
        if (item->n == 0)
            return SPLIT_MORE;
    }
    return got;
}

static enum split_got at_end(struct batch_split *s, bw_str *item, struct bw_err *e)
{
    if (s->state == TAIL)
        return SPLIT_END;
    if (s->state != LINE)
        return bad(e, "the body ends too early");
    *item = trim(bw_buf_str(&s->held));
    if (item->n == 0)
        return SPLIT_END;
    s->given_out = true;
    return SPLIT_ITEM;
}

static bool skip_blank(struct batch_split *s)
{
    bool inside = s->state == IN_NAME || (s->state == WORD && s->held.n) ||
                  (s->state == ITEM && (s->held.n || s->in_text));
    while (!inside && s->rest.n && blank(s->rest.p[0]) && s->state != LINE)
        skip(s, 1);
    return s->rest.n > 0;
}

static enum split_got step(struct batch_split *s, bw_str *item, struct bw_err *e)
{
    switch ((enum state)s->state) {
    case START:
        return begin(s, e);
    case NAME_OR_END:
    case NAME:
        return begin_name(s, e);
    case IN_NAME:
        return go_on_name(s, e);
    case COLON:
        return colon(s, e);
    case WRITES:
        return begin_writes(s, e);
    case WORD:
        return go_on_word(s, e);
    case AFTER_MEMBER:
        return after_member(s, e);
    case ITEM_OR_END:
    case ITEM:
        return next_item(s, item, e);
    case TAIL:
        return expected(s, "nothing more behind the batch", e);
    case LINE:
        return next_line(s, item, e);
    }
    return SPLIT_BAD;
}

enum split_got batch_split_next(struct batch_split *s, bw_str *item, struct bw_err *e)
{
    if (s->given_out)
        bw_buf_clear(&s->held);
    s->given_out = false;
    while (skip_blank(s)) {
        enum split_got got = step(s, item, e);
        if (s->given_out && got == SPLIT_MORE) { /* an empty line */
            bw_buf_clear(&s->held);
            s->given_out = false;
        }
        if (got != SPLIT_MORE)
            return got;
    }
    return s->ended ? at_end(s, item, e) : SPLIT_MORE;
}
