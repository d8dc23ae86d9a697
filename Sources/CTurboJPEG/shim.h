#ifndef AIGC_CTURBOJPEG_SHIM_H
#define AIGC_CTURBOJPEG_SHIM_H
#if __has_include(<turbojpeg.h>)
#include <turbojpeg.h>
#else
#error "TurboJPEG headers are missing. Install them with: sudo apt-get install libturbojpeg0-dev (or run Scripts/setup)"
#endif
#endif
