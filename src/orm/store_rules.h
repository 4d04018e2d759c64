/* store_rules.h: what every store must keep beyond the rules of single fields, read from the table
 * once: its indexes (unique or not), and the sentences when one is broken, so that all stores
 * answer alike. */
#ifndef ORM_STORE_RULES_H
#define ORM_STORE_RULES_H

#include "orm/store.h"

struct index_rule {
    bool unique;
    unsigned n;
    const struct column **columns;
};

struct index_rules {
    struct index_rule *at;
    unsigned n;
};

/* Of the fields' `unique` and `index`, of every REF (on_delete must find referrers fast) and of the
 * table's own list; none twice, and no plain one that another begins with. In the arena. */
void index_rules_of(struct index_rules *r, const struct table *t, struct bw_arena *a);

/* BW_CONFLICT "email 'x' is taken", e->field the (first) field. `v` by column index. False. */
bool rule_taken(const struct index_rule *r, const struct bw_value *v, struct bw_err *e);
bool rule_id_taken(const struct table *t, int64_t id, struct bw_err *e);
/* BW_INVALID "author: no Author 9". False. */
bool rule_no_target(const struct column *c, int64_t id, struct bw_err *e);
/* BW_CONFLICT "Article 3 still refers to Author 9 (field 'author')". False. */
struct referrer {
    const struct table *table;
    const struct column *column;
    int64_t id;
};
bool rule_referred(const struct table *t, int64_t id, const struct referrer *by, struct bw_err *e);
/* BW_MISSING "no Article 7". False. */
bool rule_missing(const struct table *t, int64_t id, struct bw_err *e);
/* BW_CHANGED "Article 7 has changed: its version is 3, not 2". False. */
bool rule_changed(const struct table *t, int64_t id, int64_t is, int64_t wanted, struct bw_err *e);
/* BW_BAD: what a change asks for that a store refuses whatever its kind. */
bool rule_change_sane(struct change *c, struct bw_err *e);
/* The version an UPDATE or DELETE must meet: the change's own, else the one given in the record. */
int64_t rule_version(const struct change *c);
/* Forgets the results of changes: before they run also the errors, not after they were undone. */
void changes_start(struct change *c, size_t n);
void changes_undone(struct change *c, size_t n);
/* Is this failure the change's own, so that its neighbours may go on? */
bool change_alone(const struct bw_err *e);

#endif
