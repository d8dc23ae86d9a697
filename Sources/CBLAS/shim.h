#ifndef AIGC_CBLAS_SHIM_H
#define AIGC_CBLAS_SHIM_H
#if __has_include(<cblas.h>)
#include <cblas.h>
#else
#error "OpenBLAS headers are missing. Install them with: sudo apt-get install libopenblas-dev (or run Scripts/setup)"
#endif
#endif
