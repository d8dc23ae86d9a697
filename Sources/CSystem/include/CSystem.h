#ifndef AIGC_SYSTEM_H
#define AIGC_SYSTEM_H
/* What Linux says of this process and its machine, where Swift's Glibc does not show the calls. None of it
 * needs /proc or /sys. */

/* Processors in the affinity mask; 0 where the system does not say. */
int aigc_allowed_processors(void);
/* Bytes of memory and of swap of the machine; returns 0 where the system does not say. */
int aigc_machine_memory(long long *memory, long long *swap);
/* Gives freed memory that malloc keeps back to the system. */
void aigc_return_freed_memory(void);
/* The path that the kernel was given to execute, as it was given; null where it is not known. */
const char *aigc_executed_path(void);
/* What asks the work on this thread to stop; null where nothing does. */
const void *aigc_cancellation(void);
void aigc_set_cancellation(const void *cancellation);
/* Of the C library, which declares it for _GNU_SOURCE only. */
void sincos(double x, double *sine, double *cosine);
/* Runs `/bin/sh -c command` as the leader of a process group of its own, what it reads and writes at the other ends
 * of pipes that do not wait. Returns 0 and the id of the process, else the error's number. */
int aigc_spawn(const char *command, int *process, int *to, int *from);
/* Columns of the terminal at a descriptor; 0 where it is none. */
int aigc_terminal_columns(int descriptor);
/* write(2) to a pipe that nobody may read any more: EPIPE without the signal, whatever the program does with it. */
long aigc_write(int descriptor, const void *bytes, long count);
#endif
