/* t.h: what every unit test includes: cmocka with its prerequisites, and checks with places. */
#ifndef TEST_T_H
#define TEST_T_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <burrow/burrow.h>

#define check(cond)          assert_true(cond)
#define check_int(got, want) assert_int_equal((got), (want))
#define check_str(got, want) t_check_str((got), bw_cstr(want), __FILE__, __LINE__)
#define check_ok(call, e)    t_check_ok((call), (e), #call, __FILE__, __LINE__)
/* The sentence contains this. */
#define check_says(e, words) t_check_says((e), (words), __FILE__, __LINE__)

void t_check_str(bw_str got, bw_str want, const char *file, int line);
void t_check_ok(bool ok, const struct bw_err *e, const char *what, const char *file, int line);
void t_check_says(const struct bw_err *e, const char *words, const char *file, int line);

#endif
