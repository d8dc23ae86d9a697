#ifndef AIGC_CLAPACKE_SHIM_H
#define AIGC_CLAPACKE_SHIM_H
#if __has_include(<lapacke.h>)
/* Swift has no C complex numbers; plain structs of the same layout take their place. */
typedef struct { float re, im; } aigc_complex_float;
typedef struct { double re, im; } aigc_complex_double;
#define lapack_complex_float aigc_complex_float
#define lapack_complex_double aigc_complex_double
#include <lapacke.h>
#else
#error "LAPACKE headers are missing. Install them with: sudo apt-get install liblapacke-dev (or run Scripts/setup)"
#endif
#endif
