/* conformance.h: what every store must do, whatever its kind. A test program opens its kind through
 * `struct conformance_kind` and runs the suite; nothing in the suite knows which one it is. */
#ifndef TEST_CONFORMANCE_H
#define TEST_CONFORMANCE_H

#include "help/t.h"
#include "orm/store.h"

struct conformance_kind {
    const char *name;
    /* A new, empty store for these tables. */
    struct store *(*open)(struct table *const *tables, unsigned n);
    void (*close)(struct store *s);
};

/* cmocka's failures. */
int conformance_run(const struct conformance_kind *kind);

/* ---- for the parts of the suite ---- */

struct suite {
    struct model model;
    struct store *store;
    struct bw_arena arena; /* of the test */
};

struct table *suite_table(struct suite *s, const char *name);
/* A change from JSON (NULL for a delete), through record_read and record_check, which must pass. */
struct change suite_change(struct suite *s, enum change_kind kind, const char *table, int64_t id,
                           const char *json);
/* One write of one change; its failure is in the result. */
struct change suite_write(struct suite *s, enum change_kind kind, const char *table, int64_t id,
                          const char *json);
int64_t suite_add(struct suite *s, const char *table, const char *json); /* must work; the id */
/* All columns of a record; NULL when there is none. */
struct bw_value *suite_get(struct suite *s, const char *table, int64_t id);
struct bw_value suite_field(struct suite *s, const char *table, int64_t id, const char *field);
/* The ids a query gives, in order; *n of them. */
int64_t *suite_ids(struct suite *s, const struct query *q, size_t *n);
int64_t suite_count(struct suite *s, const char *table);
unsigned suite_random(unsigned below); /* the same sequence in every run of a test */
void suite_random_start(unsigned seed);

extern const struct CMUnitTest *const conformance_record_tests,
    *const conformance_rule_tests, *const conformance_query_tests, *const conformance_write_tests;
extern const size_t conformance_record_count, conformance_rule_count, conformance_query_count,
    conformance_write_count;

int suite_setup(void **state);
int suite_teardown(void **state);
#define SUITE_TEST(f) cmocka_unit_test_setup_teardown(f, suite_setup, suite_teardown)

#endif
