#ifndef AIGC_TABLE_H
#define AIGC_TABLE_H
#include "CKernels.h"

/* The kernels of one level. */
typedef struct {
#define AIGC_MEMBER(name, parameters, arguments) void (*name) parameters;
  AIGC_KERNELS(AIGC_MEMBER)
#undef AIGC_MEMBER
} aigc_table;

#endif
