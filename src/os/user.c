/* user.c: see user.h. Privileges go in the one order that works (further groups, group, user), and
 * what was given up is tried afterwards: a drop that did not hold must not go unnoticed. */
#include "os/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <burrow/str.h>

#define ROOM 16384

/* A number that is a possible id; (uid_t)-1 means "no change" to the system. */
static bool number(const char *text, unsigned *id)
{
    int64_t n;
    if (!bw_str_int(bw_cstr(text), &n) || n < 0 || n >= UINT32_MAX)
        return false;
    *id = (unsigned)n;
    return true;
}

static bool find_user(const char *name, struct user_ids *out, struct bw_err *e)
{
    char room[ROOM];
    struct passwd p, *found = NULL;
    unsigned id = 0;
    bool by_id = number(name, &id);
    int r = by_id ? getpwuid_r(id, &p, room, sizeof room, &found)
                  : getpwnam_r(name, &p, room, sizeof room, &found);
    if (!found && by_id) { /* an id without a name is fine, as in containers */
        *out = (struct user_ids){.uid = id, .gid = id};
        return true;
    }
    if (!found && r)
        return bw_fail_sys(e, r, "looking up the user '%s'", name);
    if (!found)
        return bw_fail(e, BW_MISSING, "there is no user '%s'", name);
    *out = (struct user_ids){.uid = p.pw_uid, .gid = p.pw_gid};
    snprintf(out->name, sizeof out->name, "%s", p.pw_name);
    return true;
}

static bool find_group(const char *name, gid_t *gid, struct bw_err *e)
{
    char room[ROOM];
    struct group g, *found = NULL;
    unsigned id;
    if (number(name, &id)) {
        *gid = id;
        return true;
    }
    int r = getgrnam_r(name, &g, room, sizeof room, &found);
    if (!found && r)
        return bw_fail_sys(e, r, "looking up the group '%s'", name);
    if (!found)
        return bw_fail(e, BW_MISSING, "there is no group '%s'", name);
    *gid = g.gr_gid;
    return true;
}

bool user_find(const char *text, struct user_ids *out, struct bw_err *e)
{
    char user[256];
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    if (n == 0 || n >= sizeof user || (colon && !colon[1]))
        return bw_fail(e, BW_BAD, "'%.80s' is not USER or USER:GROUP", text);
    memcpy(user, text, n);
    user[n] = 0;
    return find_user(user, out, e) && (!colon || find_group(colon + 1, &out->gid, e));
}

bool user_become(const struct user_ids *u, struct bw_err *e)
{
    if (getuid() == u->uid && geteuid() == u->uid && getgid() == u->gid && getegid() == u->gid)
        return true;
    if (geteuid() != 0)
        return bw_fail(e, BW_DENIED, "only root can become the user %s (id %lu)",
                       u->name[0] ? u->name : "without a name", (unsigned long)u->uid);
    int r = u->name[0] ? initgroups(u->name, u->gid) : setgroups(1, &u->gid);
    if (r != 0 || setresgid(u->gid, u->gid, u->gid) != 0 || setresuid(u->uid, u->uid, u->uid) != 0)
        return bw_fail_sys(e, errno, "becoming the user with id %lu", (unsigned long)u->uid);
    bw_must(u->uid == 0 || (setuid(0) != 0 && seteuid(0) != 0));
    return true;
}
