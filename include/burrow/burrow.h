/* burrow.h: all of the public API, in reading order. */
#ifndef BURROW_H
#define BURROW_H

#include <burrow/err.h>
#include <burrow/str.h>
#include <burrow/arena.h>
#include <burrow/buf.h>
#include <burrow/time.h>
#include <burrow/json.h>
#include <burrow/value.h>
#include <burrow/table.h>
#include <burrow/query.h>
#include <burrow/client.h>
#include <burrow/service.h>
#include <burrow/route.h>
#include <burrow/app.h>
#include <burrow/angel.h>

#endif
