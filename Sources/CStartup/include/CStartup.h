#ifndef AIGC_STARTUP_H
#define AIGC_STARTUP_H
/* Gives the process all its processors back; the first call of `main`. See startup.c. */
void aigc_startup(void);
#endif
