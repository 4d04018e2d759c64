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
    return b == ' ' || b == '\t'
               ? EXT_GAP
               : wrong(c, 400, "a chunk size has a character that is no hex digit");
}

/* What a byte is inside an extension. */
enum { BLANK, TOKEN, EQUAL, SEMICOLON, QUOTE, BACKSLASH, CR, TEXT, OTHER, KINDS };

static int kind(char b)
{
    switch (b) {
    case ' ':
    case '\t':
        return BLANK;
    case '=':
        return EQUAL;
    case ';':
        return SEMICOLON;
    case '"':
        return QUOTE;
    case '\\':
        return BACKSLASH;
    case '\r':
        return CR;
    default:
        return http_char_is(b, CHAR_TOKEN) ? TOKEN : http_char_is(b, CHAR_FIELD) ? TEXT : OTHER;
    }
}

/* *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). What is not named is wrong:
 * blanks may stand before ';', never before the end of the line. */
static const uint8_t extension[][KINDS] = {
    [EXT_GAP] = {[BLANK] = EXT_GAP, [SEMICOLON] = EXT_START},
    [EXT_START] = {[BLANK] = EXT_START, [TOKEN] = EXT_NAME},
    [EXT_NAME] = {[BLANK] = EXT_EQUAL,
                  [TOKEN] = EXT_NAME,
                  [EQUAL] = EXT_VALUE,
                  [SEMICOLON] = EXT_START,
                  [CR] = SIZE_LF},
    [EXT_EQUAL] = {[BLANK] = EXT_EQUAL, [EQUAL] = EXT_VALUE, [SEMICOLON] = EXT_START},
    [EXT_VALUE] = {[BLANK] = EXT_VALUE, [TOKEN] = EXT_TOKEN, [QUOTE] = EXT_QUOTED},
    [EXT_TOKEN] = {[BLANK] = EXT_GAP, [TOKEN] = EXT_TOKEN, [SEMICOLON] = EXT_START, [CR] = SIZE_LF},
    [EXT_QUOTED] = {[BLANK] = EXT_QUOTED,
                    [TOKEN] = EXT_QUOTED,
                    [EQUAL] = EXT_QUOTED,
                    [SEMICOLON] = EXT_QUOTED,
                    [TEXT] = EXT_QUOTED,
                    [BACKSLASH] = EXT_ESCAPED,
                    [QUOTE] = EXT_CLOSED},
    [EXT_ESCAPED] = {[BLANK] = EXT_QUOTED,
                     [TOKEN] = EXT_QUOTED,
                     [EQUAL] = EXT_QUOTED,
                     [SEMICOLON] = EXT_QUOTED,
                     [TEXT] = EXT_QUOTED,
                     [BACKSLASH] = EXT_QUOTED,
                     [QUOTE] = EXT_QUOTED},
    [EXT_CLOSED] = {[BLANK] = EXT_GAP, [SEMICOLON] = EXT_START, [CR] = SIZE_LF},
};

static int extension_byte(struct http_chunk *c, char b)
{
    if (++c->ext > LIMIT_HTTP_CHUNK_EXT)
        return wrong(c, 400, "the extensions of a chunk are longer than 256 bytes");
    int next = extension[c->state][kind(b)];
    return next ? next : wrong(c, 400, "what follows a chunk size is no extension");
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
