#ifndef AIGC_STARTUP_H
#define AIGC_STARTUP_H
/* Refer to it once from the program, so that the linker keeps startup.c. */
void aigc_startup(void);
#endif
