/* angel_hands.h: hands in this process and helpers over them, for tests on a loop's fiber. */
#ifndef TEST_ANGEL_HANDS_H
#define TEST_ANGEL_HANDS_H

#include "angel/helpers.h"
#include "help/t.h"

struct t_hands {
    struct hands *hands;
    struct helpers *helpers;
};

void t_hands_open(struct t_hands *t);
void t_hands_close(struct t_hands *t);
/* Waits until *n is at least `least`; a limit of 20 s only ends a test that has failed. */
void t_await(const unsigned *n, unsigned least);

#endif
