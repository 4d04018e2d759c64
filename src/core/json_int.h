/* json_int.h: what the JSON reader and writer share: finding the bytes that need care, eight at a
 * time, and numbers as text. Private to core. */
#ifndef CORE_JSON_INT_H
#define CORE_JSON_INT_H

#include "core/json_put.h"

#define JSON_ONES (~UINT64_C(0) / 255)

/* Eight bytes, the first one lowest. */
static inline uint64_t json_load8(const char *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* Marks (bit 7) each byte that cannot be copied between JSON and memory as it is: quote, backslash,
 * controls, all beyond ASCII. A borrow may mark bytes above a truly marked one, so only the lowest
 * mark counts. */
static inline uint64_t json_special(uint64_t x)
{
    uint64_t quote = (x ^ JSON_ONES * '"') - JSON_ONES;
    uint64_t slash = (x ^ JSON_ONES * '\\') - JSON_ONES;
    uint64_t control = x - JSON_ONES * 0x20;
    return (x | quote | slash | control) & JSON_ONES * 0x80;
}

static inline unsigned json_first(uint64_t marks)
{
    return (unsigned)__builtin_ctzll(marks) / 8;
}

static inline bool json_plain(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x20 && u < 0x80 && u != '"' && u != '\\';
}

/* Sixteen bytes at once (the compilers' vectors: SSE2, NEON, or plain words). */
typedef int8_t json_bytes16 __attribute__((vector_size(16)));

static inline json_bytes16 json_load16(const char *p)
{
    json_bytes16 x;
    memcpy(&x, p, 16);
    return x;
}

/* All bits set in each byte that is plain. What is beyond ASCII is below zero here. */
static inline json_bytes16 json_plain_marks(json_bytes16 x)
{
    return (json_bytes16)(x > 0x1f) & ~((json_bytes16)(x == '"') | (json_bytes16)(x == '\\'));
}

static inline bool json_all(json_bytes16 marks)
{
#ifdef __SSE2__
    typedef char bytes __attribute__((vector_size(16)));
    return __builtin_ia32_pmovmskb128((bytes)marks) == 0xffff;
#else
    uint64_t half[2];
    memcpy(half, &marks, 16);
    return (half[0] & half[1]) == UINT64_MAX;
#endif
}

static inline bool json_plain16(const char *p)
{
    return json_all(json_plain_marks(json_load16(p)));
}

static inline bool json_plain32(const char *p)
{
    return json_all(json_plain_marks(json_load16(p)) & json_plain_marks(json_load16(p + 16)));
}

/* The first byte of p..end that is not plain, or end. */
static inline const char *json_plain_end(const char *p, const char *end)
{
    while (end - p >= 16 && json_plain16(p))
        p += 16;
    while (end - p >= 8) {
        uint64_t marks = json_special(json_load8(p));
        if (marks)
            return p + json_first(marks);
        p += 8;
    }
    while (p < end && json_plain(*p))
        p++;
    return p;
}

/* The escape of an ASCII character that needs one: 2 or 6 bytes. */
size_t json_escape(char out[6], char c);
/* The comma and the state in front of a value. */
void json_before_value(struct bw_json_writer *w);

#endif
