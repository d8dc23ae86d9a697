#!/usr/bin/env python3
"""Encodes a text with GPT-2's vocabulary and the PyPI package `tokenizers`, on one thread.

    python3 Scripts/peers/tokenizers_bench.py VOCAB FILE [--seconds S]

Three ways, each again and again for a third of S seconds: the whole text (encode), its lines and pieces of
10,000 characters (encode_batch_fast, which makes no offsets). Prints one JSON object: the rate of the
fastest in MB/s, and of all. Loading and cutting are not timed. Needs: tokenizers.
"""
import argparse
import json
import os
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers  # noqa: E402
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("vocab")
parser.add_argument("file")
parser.add_argument("--seconds", type=float, default=5)
options = parser.parse_args()
tokenizer = Tokenizer(models.BPE.from_file(options.vocab + "/vocab.json", options.vocab + "/merges.txt"))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.add_special_tokens([AddedToken("<|endoftext|>", normalized=False)])
with open(options.file, encoding="utf-8", newline="") as file:
    text = file.read()
megabytes = len(text.encode()) / 1e6
lines = text.splitlines(keepends=True)
parts = [text[start:start + 10_000] for start in range(0, len(text), 10_000)]
ways = {
    "whole": lambda: len(tokenizer.encode(text).ids),
    "lines": lambda: sum(len(one.ids) for one in tokenizer.encode_batch_fast(lines)),
    "pieces": lambda: sum(len(one.ids) for one in tokenizer.encode_batch_fast(parts)),
}
rates, tokens = {}, {}
for name, encode in ways.items():
    best, end = None, time.perf_counter() + options.seconds / len(ways)
    while best is None or time.perf_counter() < end:
        start = time.perf_counter()
        tokens[name] = encode()
        seconds = time.perf_counter() - start
        best = min(best or seconds, seconds)
    rates[name] = megabytes / best
print(json.dumps({"peer": "tokenizers " + tokenizers.__version__, "rate": max(rates.values()),
                  "way": max(rates, key=rates.get), "rates": rates, "tokens": tokens["whole"]}))
