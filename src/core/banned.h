/* banned.h: functions that have a safer sibling here. Included before every source file. */
#ifndef CORE_BANNED_H
#define CORE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok gmtime localtime atoi atol atof \
    system popen

#endif
