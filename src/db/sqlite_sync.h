/* sqlite_sync.h: the system's files, as SQLite sees them, with flushes that are timed. */
#ifndef DB_SQLITE_SYNC_H
#define DB_SQLITE_SYNC_H

#define SQLITE_TIMED_VFS "burrow"

void sqlite_sync_init(void); /* once, behind sqlite3_initialize */
/* From now on flushes of this thread are observed in this series; 0 = no longer. */
void sqlite_sync_observe(unsigned series);

#endif
