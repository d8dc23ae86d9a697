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

/* Frames of RGB pixels one after the other, shown again and again; delays in hundredths of a second. The bytes are
   to be freed. 0 when it failed. */
static int aigc_gif_write(const unsigned char *rgb, int width, int height, long frames, int delay,
    int last_delay, struct aigc_gif *output) {
  int error = 0;
  GifFileType *gif = EGifOpen(output, aigc_gif_take, &error);
  if (!gif) return 0;
  size_t size = (size_t)width * (size_t)height;
  unsigned char *planes = (unsigned char *)malloc(4 * size + 1);
  EGifSetGifVersion(gif, true);
  int status = planes ? EGifPutScreenDesc(gif, width, height, 8, 0, NULL) : GIF_ERROR;
  /* Without end: Netscape's extension. */
  unsigned char repeat[3] = {1, 0, 0};
  if (status == GIF_OK) status = EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE);
  if (status == GIF_OK) status = EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0");
  if (status == GIF_OK) status = EGifPutExtensionBlock(gif, 3, repeat);
  if (status == GIF_OK) status = EGifPutExtensionTrailer(gif);
  for (long i = 0; status == GIF_OK && i < frames; i++)
    status = aigc_gif_frame(gif, rgb + 3 * size * (size_t)i, width, height,
        i + 1 < frames ? delay : last_delay, planes);
  free(planes);
  if (EGifCloseFile(gif, &error) != GIF_OK) status = GIF_ERROR;
  return status == GIF_OK;
}
#endif
