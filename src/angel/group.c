/* group.c: what groups have in common on every system: their names. */
#include "angel/group.h"

#include <stdio.h>

/* On Windows a backslash would begin another folder of names. */
void group_name(const char *unit, uint32_t child, char out[GROUP_NAME])
{
    snprintf(out, GROUP_NAME, "%.80s.%u", unit, child);
    for (char *p = out; *p; p++)
        if (*p == '/' || *p == '\\' || *p == '\n')
            *p = '_';
}
