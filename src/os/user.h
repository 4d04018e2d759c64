/* user.h: users and groups of the system, and giving up root. Looking up blocks the thread (a name
 * service may be asked). */
#ifndef OS_USER_H
#define OS_USER_H

#include <burrow/err.h>
#include <sys/types.h>

struct user_ids {
    uid_t uid;
    gid_t gid;
    char name[64]; /* for its further groups; "" when the uid has no name */
};

/* "www-data", "1000", "www-data:adm", "1000:4": the group is the user's own unless given. */
bool user_find(const char *text, struct user_ids *out, struct bw_err *e);
/* The process becomes that user for good, with its groups; it cannot come back. Nothing happens
 * when it is that user already. Before other threads are started. */
bool user_become(const struct user_ids *u, struct bw_err *e);

#endif
