#ifndef AIGC_CGIF_SHIM_H
#define AIGC_CGIF_SHIM_H
#if __has_include(<gif_lib.h>)
#include <gif_lib.h>
#else
#error "giflib headers are missing. Install them with: sudo apt-get install libgif-dev (or run Scripts/setup)"
#endif
#include <stdlib.h>
#include <string.h>

/* A file that is written into memory. */
struct aigc_gif {
  unsigned char *bytes;
  size_t count, capacity;
};

static int aigc_gif_take(GifFileType *file, const GifByteType *data, int count) {
  struct aigc_gif *output = (struct aigc_gif *)file->UserData;
  size_t needed = output->count + (size_t)count;
  if (needed > output->capacity) {
    size_t capacity = needed + needed / 2 + 4096;
    unsigned char *bytes = (unsigned char *)realloc(output->bytes, capacity);
    if (!bytes) return 0;
    output->bytes = bytes;
    output->capacity = capacity;
  }
  memcpy(output->bytes + output->count, data, (size_t)count);
  output->count = needed;
  return count;
}

/* One frame with 256 colours of its own. `planes` has room for four times its pixels. */
static int aigc_gif_frame(GifFileType *gif, const unsigned char *rgb, int width, int height, int delay,
    unsigned char *planes) {
  size_t count = (size_t)width * (size_t)height;
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < 3; c++) planes[c * count + i] = rgb[3 * i + c];
  int colours = 256, status = GIF_ERROR;
  ColorMapObject *map = GifMakeMapObject(256, NULL);
  unsigned char *places = planes + 3 * count;
  if (map && GifQuantizeBuffer((unsigned)width, (unsigned)height, &colours, planes, planes + count,
                 planes + 2 * count, places, map->Colors) == GIF_OK) {
    /* No transparency, shown until the next one; the delay in hundredths of a second. */
    unsigned char control[4] = {4, (unsigned char)delay, (unsigned char)(delay >> 8), 0};
    status = EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, control);
    if (status == GIF_OK) status = EGifPutImageDesc(gif, 0, 0, width, height, false, map);
    for (int y = 0; status == GIF_OK && y < height; y++)
      status = EGifPutLine(gif, places + (size_t)y * (size_t)width, width);
  }
  if (map) GifFreeMapObject(map);
  return status;
}

/* A file under construction. */
struct aigc_gif_writer {
  GifFileType *file;
  unsigned char *planes;
  int width, height;
};

/* Begins an animation that is shown again and again; 0 when it failed. `output` must stay where it is. In any case
   aigc_gif_end is to be called. */
static int aigc_gif_begin(struct aigc_gif_writer *gif, int width, int height, struct aigc_gif *output) {
  int error = 0;
  gif->width = width;
  gif->height = height;
  gif->planes = (unsigned char *)malloc(4 * (size_t)width * (size_t)height + 1);
  gif->file = EGifOpen(output, aigc_gif_take, &error);
  if (!gif->file || !gif->planes) return 0;
  EGifSetGifVersion(gif->file, true);
  int status = EGifPutScreenDesc(gif->file, width, height, 8, 0, NULL);
  /* Without end: Netscape's extension. */
  unsigned char repeat[3] = {1, 0, 0};
  if (status == GIF_OK) status = EGifPutExtensionLeader(gif->file, APPLICATION_EXT_FUNC_CODE);
  if (status == GIF_OK) status = EGifPutExtensionBlock(gif->file, 11, "NETSCAPE2.0");
  if (status == GIF_OK) status = EGifPutExtensionBlock(gif->file, 3, repeat);
  if (status == GIF_OK) status = EGifPutExtensionTrailer(gif->file);
  return status == GIF_OK;
}

/* Adds a frame of RGB pixels, shown for so many hundredths of a second; 0 when it failed. */
static int aigc_gif_add(struct aigc_gif_writer *gif, const unsigned char *rgb, int delay) {
  return aigc_gif_frame(gif->file, rgb, gif->width, gif->height, delay, gif->planes) == GIF_OK;
}

/* Ends the file; its bytes are to be freed in any case. 0 when it failed. */
static int aigc_gif_end(struct aigc_gif_writer *gif) {
  int error = 0;
  free(gif->planes);
  return gif->file && EGifCloseFile(gif->file, &error) == GIF_OK;
}
#endif
