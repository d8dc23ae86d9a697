#ifndef AIGC_CZLIB_SHIM_H
#define AIGC_CZLIB_SHIM_H
#if __has_include(<zlib.h>)
#include <zlib.h>
#else
#error "zlib headers are missing. Install them with: sudo apt-get install zlib1g-dev (or run Scripts/setup)"
#endif
#endif
