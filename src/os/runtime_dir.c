/* runtime_dir.c: see runtime_dir.h. /tmp belongs to everybody, so only a folder that is ours alone
 * is trusted there: a lock file somebody else can remove is none. */
#include "os/runtime_dir.h"

#include <errno.h>
#include <sys/stat.h>

bool runtime_dir(char *out, size_t n, struct bw_err *e)
{
    struct stat st;
    const char *xdg = getenv("XDG_RUNTIME_DIR");
    if (xdg && xdg[0] == '/' && strlen(xdg) < n && access(xdg, W_OK) == 0) {
        snprintf(out, n, "%s", xdg);
        return true;
    }
    if (access("/run", W_OK) == 0) {
        snprintf(out, n, "/run");
        return true;
    }
    snprintf(out, n, "/tmp/burrow-%lu", (unsigned long)getuid());
    if (mkdir(out, 0700) != 0 && errno != EEXIST)
        return bw_fail_sys(e, errno, "making the folder %s", out);
    if (lstat(out, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 022))
        return bw_fail(e, BW_SYS, "%s is no folder of this user alone; remove it", out);
    return true;
}
