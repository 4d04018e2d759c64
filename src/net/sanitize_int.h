/* sanitize_int.h: tells AddressSanitizer, ThreadSanitizer and Valgrind of stacks and switches. All
 * of it is empty in an ordinary build, but for Valgrind's registration (a few instructions when a
 * stack is mapped). */
#ifndef NET_SANITIZE_INT_H
#define NET_SANITIZE_INT_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WITH_ASAN)
#define WITH_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(WITH_TSAN)
#define WITH_TSAN 1
#endif

#if defined(WITH_ASAN)
#include <sanitizer/common_interface_defs.h>
#define asan_leave(fake, base, size)  __sanitizer_start_switch_fiber((fake), (base), (size))
#define asan_arrive(fake, base, size) __sanitizer_finish_switch_fiber((fake), (base), (size))
#else
#define asan_leave(fake, base, size)  ((void)(fake), (void)(base), (void)(size))
#define asan_arrive(fake, base, size) ((void)(fake), (void)(base), (void)(size))
#endif

#if defined(WITH_TSAN)
#include <sanitizer/tsan_interface.h>
#define tsan_create()  __tsan_create_fiber(0)
#define tsan_current() __tsan_get_current_fiber()
#define tsan_go(to)    __tsan_switch_to_fiber((to), 0)
#define tsan_end(of)   __tsan_destroy_fiber(of)
#define TSAN_FIBERS    1000 /* its runtime allows about 8000 threads and fibers in all */
#else
#define tsan_create()  NULL
#define tsan_current() NULL
#define tsan_go(to)    ((void)(to))
#define tsan_end(of)   ((void)(of))
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#if defined(VALGRIND_STACK_REGISTER)
#define valgrind_stack(base, end) VALGRIND_STACK_REGISTER((base), (end))
#define valgrind_unstack(id)      VALGRIND_STACK_DEREGISTER(id)
#else
#define valgrind_stack(base, end) ((void)(base), (void)(end), 0)
#define valgrind_unstack(id)      ((void)(id))
#endif

#endif
