#ifndef AIGC_CPNG_SHIM_H
#define AIGC_CPNG_SHIM_H
#if __has_include(<png.h>)
#include <png.h>
#else
#error "libpng headers are missing. Install them with: sudo apt-get install libpng-dev (or run Scripts/setup)"
#endif
#endif
