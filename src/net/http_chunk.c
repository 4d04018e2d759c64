/* http_chunk.c: a state per byte of the lines around the chunks; the chunks themselves pass whole.
 * The extension grammar is read in full, although extensions mean nothing to us: a lenient reader
 * here is the other half of a smuggled request. */
#include "net/http_chunk.h"

#include "core/limits.h"
#include "net/http_chars.h"

enum {
    SIZE,
    EXT_GAP,   /* blanks behind the size or an extension; ';' must follow */
    EXT_START, /* behind ';' */
    EXT_NAME,
    EXT_EQUAL, /* blanks behind a name */
    EXT_VALUE, /* behind '=' */
    EXT_TOKEN,
    EXT_QUOTED,
    EXT_ESCAPED, /* behind '\' in quotes */
    EXT_CLOSED,  /* behind the closing quote */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    ENDED,
    REFUSED
};

enum { SIZE_DIGITS = 16, WRONG = -1 };

void http_chunk_init(struct http_chunk *c)
{
    *c = (struct http_chunk){.state = SIZE};
}

static int wrong(struct http_chunk *c, int status, const char *why)
{
    c->refusal = status;
    c->why = why;
    return WRONG;
}

static bool blank(char b)
{
    return b == ' ' || b == '\t';
}

static int size_byte(struct http_chunk *c, char b)
{
    if (http_char_is(b, CHAR_HEX)) {
        int64_t n = 0;
        if (++c->digits > SIZE_DIGITS || __builtin_mul_overflow(c->left, 16, &n) ||
            __builtin_add_overflow(n, http_char_hex(b), &n))
            return wrong(c, 400, "a chunk size is too great");
        c->left = n;
        return SIZE;
    }
    if (c->digits == 0)
        return wrong(c, 400, "a chunk does not begin with its size in hex");
    if (b == '\r')
        return SIZE_LF;
    if (b == ';')
        return EXT_START;
    return blank(b) ? EXT_GAP : wrong(c, 400, "a chunk size has a character that is no hex digit");
}

/* What may follow a whole extension. */
static int after_extension(struct http_chunk *c, char b)
{
    if (b == '\r')
        return SIZE_LF;
    if (b == ';')
        return EXT_START;
    return blank(b) ? EXT_GAP : wrong(c, 400, "a chunk extension is malformed");
}

static int quoted_byte(struct http_chunk *c, char b)
{
    if (c->state == EXT_ESCAPED || (b != '"' && b != '\\'))
        return http_char_is(b, CHAR_FIELD) ? EXT_QUOTED
                                           : wrong(c, 400, "a chunk extension is malformed");
    return b == '"' ? EXT_CLOSED : EXT_ESCAPED;
}

static int extension_byte(struct http_chunk *c, char b)
{
    bool token = http_char_is(b, CHAR_TOKEN);
    if (++c->ext > LIMIT_HTTP_CHUNK_EXT)
        return wrong(c, 400, "the extensions of a chunk are longer than 256 bytes");
    switch (c->state) {
    case EXT_GAP: /* blanks may stand before ';' only: "5 \r\n" is not a chunk line */
        return blank(b)   ? EXT_GAP
               : b == ';' ? EXT_START
                          : wrong(c, 400, "a chunk size is followed by a space and no extension");
    case EXT_START:
        return token      ? EXT_NAME
               : blank(b) ? EXT_START
                          : wrong(c, 400, "a chunk extension has no name");
    case EXT_NAME:
    case EXT_EQUAL:
        if (token && c->state == EXT_NAME)
            return EXT_NAME;
        if (b == '=')
            return EXT_VALUE;
        return blank(b) ? EXT_EQUAL
               : c->state == EXT_EQUAL && b == '\r'
                   ? wrong(c, 400, "a chunk extension is malformed")
                   : after_extension(c, b);
    case EXT_VALUE:
        return b == '"'   ? EXT_QUOTED
               : token    ? EXT_TOKEN
               : blank(b) ? EXT_VALUE
                          : wrong(c, 400, "a chunk extension has no value");
    case EXT_TOKEN:
        return token ? EXT_TOKEN : after_extension(c, b);
    case EXT_QUOTED:
    case EXT_ESCAPED:
        return quoted_byte(c, b);
    default:
        return after_extension(c, b);
    }
}

static int trailer_byte(struct http_chunk *c, char b)
{
    if (++c->trailers > LIMIT_HTTP_TRAILERS)
        return wrong(c, 431, "the trailer fields are longer than 8 KiB");
    switch (c->state) {
    case TRAILER:
        if (b == '\r')
            return END_LF;
        return http_char_is(b, CHAR_TOKEN) ? TRAILER_NAME
                                           : wrong(c, 400, "a trailer field has no name");
    case TRAILER_NAME:
        if (http_char_is(b, CHAR_TOKEN))
            return TRAILER_NAME;
        return b == ':' ? TRAILER_VALUE : wrong(c, 400, "a trailer field is malformed");
    case TRAILER_VALUE:
        if (http_char_is(b, CHAR_FIELD))
            return TRAILER_VALUE;
        return b == '\r' ? TRAILER_LF
                         : wrong(c, 400, "there is a control character in a trailer field");
    default: /* TRAILER_LF */
        return b == '\n' ? TRAILER : wrong(c, 400, "there is a CR without LF in the trailer");
    }
}

/* The next state, or WRONG. */
static int step(struct http_chunk *c, char b)
{
    switch (c->state) {
    case SIZE:
        return size_byte(c, b);
    case SIZE_LF:
        c->digits = c->ext = 0;
        return b != '\n' ? wrong(c, 400, "a chunk line does not end in CR LF")
               : c->left ? DATA
                         : TRAILER;
    case DATA_CR:
        return b == '\r' ? DATA_LF : wrong(c, 400, "a chunk is longer than its size");
    case DATA_LF:
        return b == '\n' ? SIZE : wrong(c, 400, "a chunk does not end in CR LF");
    case TRAILER:
    case TRAILER_NAME:
    case TRAILER_VALUE:
    case TRAILER_LF:
        return trailer_byte(c, b);
    case END_LF:
        return b == '\n' ? ENDED : wrong(c, 400, "the body does not end in CR LF");
    default:
        return extension_byte(c, b);
    }
}

static bool take_data(struct http_chunk *c, bw_str *in, bw_str *piece)
{
    size_t n = (int64_t)in->n < c->left ? in->n : (size_t)c->left;
    *piece = bw_str_of(in->p, n);
    in->p += n;
    in->n -= n;
    c->left -= (int64_t)n;
    if (c->left == 0)
        c->state = DATA_CR;
    return n > 0;
}

enum http_chunked http_chunk_next(struct http_chunk *c, bw_str *in, bw_str *piece)
{
    while (c->state != ENDED && c->state != REFUSED) {
        if (c->state == DATA)
            return take_data(c, in, piece) ? HTTP_CHUNK_DATA : HTTP_CHUNK_MORE;
        if (in->n == 0)
            return HTTP_CHUNK_MORE;
        int next = step(c, *in->p);
        if (next == WRONG) {
            c->state = REFUSED;
            break;
        }
        c->state = next;
        in->p++;
        in->n--;
    }
    return c->state == ENDED ? HTTP_CHUNK_END : HTTP_CHUNK_REFUSED;
}
