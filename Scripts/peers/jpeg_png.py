#!/usr/bin/env python3
"""Packs MNIST's images as JPEG at several qualities and as PNG, by Pillow, and prints a line of JSON for each.

    python3 Scripts/peers/jpeg_png.py IMAGES [--num N]

`bits` are those of an image's whole file, with tables made for it (`optimize`). `scan_bits` are those of the coded
numbers alone, with the standard's tables, which a decoder could know. `psnr` is that of all images together, over
bytes 0-255. Needs: pillow.
"""
import argparse, gzip, io, json, math

from PIL import Image, __version__


def images(path, count):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    number, height, width = (int.from_bytes(data[start:start + 4], "big") for start in (4, 8, 12))
    for index in range(min(number, count)):
        start = 16 + index * height * width
        yield Image.frombytes("L", (width, height), data[start:start + height * width])


def packed(image, **options):
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


def scan(data):
    """Bytes of a JPEG file between the header of its only scan and the end marker."""
    place = 2
    while data[place + 1] != 0xDA:
        place += 2 + int.from_bytes(data[place + 2:place + 4], "big")
    return len(data) - 2 - (place + 2 + int.from_bytes(data[place + 2:place + 4], "big"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("--num", type=int, default=10000)
    options = parser.parse_args()
    images = list(images(options.images, options.num))
    pixels = sum(image.width * image.height for image in images)
    for quality in (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 90, 95):
        size = coded = error = 0
        for image in images:
            size += len(packed(image, format="JPEG", quality=quality, optimize=True))
            plain = packed(image, format="JPEG", quality=quality)
            coded += scan(plain)
            again = Image.open(io.BytesIO(plain)).tobytes()
            error += sum((a - b) ** 2 for a, b in zip(image.tobytes(), again))
        print(json.dumps({"format": "jpeg", "quality": quality, "bits": 8 * size / len(images),
                          "scan_bits": 8 * coded / len(images), "psnr": 10 * math.log10(65025 * pixels / error),
                          "peer": "Pillow " + __version__}), flush=True)
    size = sum(len(packed(image, format="PNG", optimize=True)) for image in images)
    print(json.dumps({"format": "png", "bits": 8 * size / len(images), "psnr": None, "peer": "Pillow " + __version__}))


main()
