/* here.h: what process_test.c needs of its system besides what it tests: here_posix.c,
 * here_windows.c. */
#ifndef TEST_HERE_H
#define TEST_HERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void here_program(char *out, size_t n); /* this very program's path */
void *here_shared(size_t n);            /* what a child before exec writes there, we see */
void here_nap(void);                    /* a millisecond */
int64_t here_now(void);                 /* monotonic, ms */
bool here_pipe(int ends[2]);            /* both would reach any child: no close-on-exec */
long here_read(int end, void *out, size_t n);
void here_close(int end);
bool here_is_open(int end);                   /* is this number something here? */
void here_write(const void *bytes, size_t n); /* to standard output, at once */
/* Starts this program once more in `role`, out of our session where there are such, its standard
 * output ours. */
void here_start(const char *program, const char *role);
char **here_words(char **argv); /* as UTF-8 */
const char *here_variable(const char *name);

#endif
