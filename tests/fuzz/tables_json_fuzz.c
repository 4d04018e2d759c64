/* tables_json_fuzz.c: settings text becomes tables or one sentence; tables that a model takes have
 * patterns and defaults that work. */
#include "orm/record.h"
#include "orm/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena a;
    struct model m;
    struct bw_err e = {.code = BW_OK};
    bw_arena_init(&a);
    bw_str text = bw_str_of((const char *)data, size);
    const struct bw_table **t = tables_from_json(text, "f.json", text, &a, &e);
    if (!t) {
        bw_must(e.code == BW_BAD && strncmp(e.text, "f.json:", 7) == 0);
    } else if (model_init(&m, t, &e)) {
        for (unsigned i = 0; i < m.n_tables; i++) {
            struct faults f = {.arena = &a};
            struct record r;
            record_init(&r, &m.tables[i], &a);
            record_check(&r, &m.tables[i], RECORD_ADD, &f);
            for (unsigned k = 0; k < f.n; k++)
                bw_must(strcmp(f.at[k].rule, "required") == 0);
        }
        model_release(&m);
    } else {
        bw_must(e.code == BW_BAD && e.text[0]);
    }
    bw_arena_release(&a);
    return 0;
}
