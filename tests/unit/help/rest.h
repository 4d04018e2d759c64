/* rest.h: asking a server without a socket, in one line, for tests. Answers live until ask_end. */
#ifndef TEST_REST_H
#define TEST_REST_H

#include "help/t.h"

#include "rest/inprocess.h"
#include "rest/server.h"

/* headers: "Accept: text/plain\nPrefer: count=exact", may be NULL as may body. Fails the test when
 * the answer breaks off. */
const struct inprocess_answer *ask(struct bw_server *s, const char *method, const char *target,
                                   const char *headers, const char *body);
bw_str answer_field(const struct inprocess_answer *a, const char *name); /* p == NULL when none */
void ask_end(void);

/* The body contains this text. */
#define check_has(a, words) t_check_has((a)->body, (words), __FILE__, __LINE__)
void t_check_has(bw_str body, const char *words, const char *file, int line);

#endif
