/* signals.h: process-wide choices about signals. */
#ifndef OS_SIGNALS_H
#define OS_SIGNALS_H

/* A write to a connection whose peer has gone is an error of that write, not the end of the
 * process. Leaves a handler that the program has set itself. */
void signals_ignore_pipe(void);

#endif
