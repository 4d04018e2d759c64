/* csv_fuzz.c: any text is read to its end or to one error, within the text. */
#include "cli/csv.c"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv c;
    struct bw_arena a;
    char *copy = malloc(size + 1); /* exactly as long as it is, for the sanitizer */
    memcpy(copy, data, size);
    bw_arena_init(&a);
    csv_open(&c, bw_str_of(copy, size));
    while (csv_next(&c, &a)) {
        bw_must(c.n > 0 && c.n <= CSV_FIELDS && c.line < c.next_line + 1);
        bw_arena_clear(&a);
    }
    bw_must(c.why || c.at == c.end);
    bw_arena_release(&a);
    free(copy);
    return 0;
}
