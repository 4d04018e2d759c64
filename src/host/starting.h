/* starting.h: while the application opens (a migration of a large table may take long), a thread
 * asks the service manager for patience, so that it does not take a long start for a hang. */
#ifndef HOST_STARTING_H
#define HOST_STARTING_H

#include <pthread.h>
#include <stdbool.h>

struct starting {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, over;
};

void starting_begin(struct starting *s); /* nothing without a manager */
void starting_end(struct starting *s);

#endif
