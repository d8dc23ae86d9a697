#ifndef AIGC_CPNG_SHIM_H
#define AIGC_CPNG_SHIM_H
#if __has_include(<png.h>)
#include <png.h>
#else
#error "libpng headers are missing. Install them with: sudo apt-get install libpng-dev (or run Scripts/setup)"
#endif
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/* Reading a PNG file in memory. libpng's own simplified interface mixes up the rows of interlaced
   images of 16 bits (1.6.39), and its other one leaves errors by longjmp, which Swift cannot. */

struct aigc_png {
  const unsigned char *bytes;
  size_t count, offset;
  png_uint_32 width, height;
  int channels; /* 1, 3 or 4 */
  char message[128];
};

static void aigc_png_take(png_structp png, png_bytep output, size_t count) {
  struct aigc_png *file = (struct aigc_png *)png_get_io_ptr(png);
  if (count > file->count - file->offset) png_error(png, "it ends early");
  memcpy(output, file->bytes + file->offset, count);
  file->offset += count;
}

static void aigc_png_fail(png_structp png, png_const_charp text) {
  struct aigc_png *file = (struct aigc_png *)png_get_error_ptr(png);
  snprintf(file->message, sizeof file->message, "%s", text);
  png_longjmp(png, 1);
}

static void aigc_png_warn(png_structp png, png_const_charp text) { (void)png, (void)text; }

/* Sets the size and the channels of a file; with pixels, which must have room for them, reads these as
   8-bit values in the file's own colours, and the file to its end. 0 when it failed; message says why. */
static int aigc_png_read(struct aigc_png *file, unsigned char *pixels) {
  file->offset = 0;
  snprintf(file->message, sizeof file->message, "out of memory");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, file, aigc_png_fail, aigc_png_warn);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_read_fn(png, file, aigc_png_take);
  png_read_info(png, info);
  int kind = png_get_color_type(png, info);
  int has_alpha = kind & PNG_COLOR_MASK_ALPHA || png_get_valid(png, info, PNG_INFO_tRNS);
  file->width = png_get_image_width(png, info);
  file->height = png_get_image_height(png, info);
  file->channels = has_alpha ? 4 : kind & PNG_COLOR_MASK_COLOR ? 3 : 1;
  if (pixels) {
    png_set_expand(png);
    png_set_scale_16(png);
    if (has_alpha) png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t row = (size_t)file->width * (size_t)file->channels;
    if (png_get_rowbytes(png, info) != row) png_error(png, "unexpected size of rows");
    for (int pass = 0; pass < passes; pass++)
      for (size_t y = 0; y < file->height; y++) png_read_row(png, pixels + y * row, NULL);
    png_read_end(png, NULL);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}
#endif
