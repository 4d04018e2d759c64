/* builtin.h: what every server answers besides its tables and services. A builtin is an endpoint in
 * a file of its own and a line in builtins.def; a path that begins with "{root}/" stands under the
 * server's root. */
#ifndef REST_BUILTIN_H
#define REST_BUILTIN_H

#include "rest/req.h"

#define BUILTIN_ROOT "{root}/"

#define BUILTIN(name) extern const struct endpoint builtin_##name;
#include "rest/builtins.def"
#undef BUILTIN

bool builtins_register(struct bw_server *s, struct bw_err *e);

#endif
