#ifndef AIGC_STARTUP_H
#define AIGC_STARTUP_H
#include <stddef.h>

/* Gives the process all its processors back; the first call of `main`. See startup.c. */
void aigc_startup(void);

/* How many arguments the process was started with, the program's own name included, or -1 where the
 * system does not hand them to start-up functions. */
int aigc_argument_count(void);
/* Argument `index`, from 0 to the count; never null. */
const char *aigc_argument(int index);

/* Ends the process with one line on standard error and exit code 1: `bytes` of memory were refused.
 * May be called from any thread. From a signal handler the line is certain, and the last act may wait for
 * memory for ever; the handlers that call it have nothing better to do. See memory.c. */
_Noreturn void aigc_out_of_memory(size_t bytes);
/* What is done before such an end: temporary files are removed. */
void aigc_set_last_act(void (*act)(void));
#endif
