/* db_int.h: what every driver's own structs begin with, so that db.c finds the driver. */
#ifndef DB_DB_INT_H
#define DB_DB_INT_H

#include "db/db.h"

struct db {
    const struct db_driver *kind;
};

struct db_tx {
    const struct db_driver *kind;
    int64_t changes, last_id; /* of the last exec */
};

struct db_rows {
    const struct db_driver *kind;
    unsigned columns;
};

struct db_lease {
    const struct db_driver *kind;
};

#endif
