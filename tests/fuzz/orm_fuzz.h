/* orm_fuzz.h: one table with every type of field, made once per fuzzer. */
#ifndef FUZZ_ORM_H
#define FUZZ_ORM_H

#include "orm/table.h"

static inline struct table *orm_fuzz_table(void)
{
    static const char *const names[] = {"draft", "live", "gone", NULL};
    static const struct bw_field fields[] = {
        {.name = "t", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .required = true, .max_len = 9},
        {.name = "p", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .pattern = "(a|b+)+c?"},
        {.name = "i",
         .type = BW_TYPE_INT,
         .offset = BW_NO_OFFSET,
         .initial = "7",
         BW_MIN(-5),
         BW_MAX(5000)},
        {.name = "r", .type = BW_TYPE_REAL, .offset = BW_NO_OFFSET},
        {.name = "b", .type = BW_TYPE_BOOL, .offset = BW_NO_OFFSET},
        {.name = "at", .type = BW_TYPE_TIME, .offset = BW_NO_OFFSET},
        {.name = "j", .type = BW_TYPE_JSON, .offset = BW_NO_OFFSET},
        {.name = "e",
         .type = BW_TYPE_ENUM,
         .offset = BW_NO_OFFSET,
         .names = names,
         .initial = "\"live\""},
        {.name = "ref", .type = BW_TYPE_REF, .offset = BW_NO_OFFSET, .ref = "T"},
        {.name = "pic", .type = BW_TYPE_BLOB, .offset = BW_NO_OFFSET, .max_len = 30},
        {.name = "made", .type = BW_TYPE_CREATED, .offset = BW_NO_OFFSET},
        {.name = "changed", .type = BW_TYPE_MODIFIED, .offset = BW_NO_OFFSET},
        {.name = "v", .type = BW_TYPE_VERSION, .offset = BW_NO_OFFSET},
        {.name = "ro", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .read_only = true},
        {.name = "wo", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .write_only = true},
        BW_END};
    static const struct bw_table def = {.name = "T", .fields = fields};
    static const struct bw_table *const defs[] = {&def, NULL};
    static struct model model;
    if (!model.tables)
        bw_must(model_init(&model, defs, NULL));
    return &model.tables[0];
}

#endif
