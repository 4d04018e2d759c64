/* json_put.h: JSON into memory known to be large enough, for who writes a whole row at once
 * (orm/record_write.c): room is asked for once, nothing is checked per value. All return the end of
 * what they wrote. */
#ifndef CORE_JSON_PUT_H
#define CORE_JSON_PUT_H

#include <burrow/json.h>
#include <burrow/time.h>

#define JSON_NUMBER_MAX 32 /* bytes a number, a quoted time, a literal may take */

/* What a quoted text of n bytes takes at most. */
static inline size_t json_text_most(size_t n)
{
    return 6 * n + 2;
}

char *json_put_int(char *o, int64_t v);
char *json_put_real(char *o, double v); /* finite */
char *json_put_time(char *o, bw_time t);
char *json_put_text(char *o, bw_str s); /* quoted; invalid UTF-8 becomes U+FFFD */
static inline char *json_put_null(char *o)
{
    static const char text[4] = {'n', 'u', 'l', 'l'};
    memcpy(o, text, sizeof text);
    return o + sizeof text;
}
static inline char *json_put_bool(char *o, bool v)
{
    static const char text[2][5] = {{'f', 'a', 'l', 's', 'e'}, {'t', 'r', 'u', 'e', 'e'}};
    memcpy(o, text[v], sizeof text[v]);
    return o + 5 - v;
}

/* A key as bw_json_make_key makes it: what stands behind it up to 16 bytes may be copied too. */
#define JSON_KEY_PAD 16
static inline char *json_put_key(char *o, bw_str made)
{
    if (made.n <= JSON_KEY_PAD)
        memcpy(o, made.p, JSON_KEY_PAD);
    else
        memcpy(o, made.p, made.n);
    return o + made.n;
}

/* Where the next value of the writer goes, with room for `most` bytes; json_put_end tells where it
 * ended. NULL, and nothing has happened: value by value then (it writes indented, or its buffer
 * comes near its maximum). */
char *json_put_begin(struct bw_json_writer *w, size_t most);
void json_put_end(struct bw_json_writer *w, const char *end);

#endif
