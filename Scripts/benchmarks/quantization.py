#!/usr/bin/env python3
"""What `aigc quantize` loses, beside llama-quantize, and how far llama.cpp is from us on the same files.

    PYTHON Scripts/benchmarks/quantization.py MODEL --llama DIR --text FILE [--tokens N] [--types T,T]
        [--only quantiser] [--json]

MODEL is a transformer's folder or GGUF file, which is first made one of 32 bits: the original. DIR holds llama-quantize.
PYTHON has llama-cpp-python (its library is that of LLAMA_CPP_LIB_PATH) and numpy. Windows of 512 tokens of the text are
read from their start, so that each token but the first is scored once; keys and values are in 32 bits.

For each type:
  quantiser   mean divergence (Kullback-Leibler, nats a token) and perplexity of our file and llama-quantize's from the
              original, both computed by `aigc score --activations f32`; their ratio is to be 1.05 at most.
  llama.cpp   mean divergence of llama.cpp from our float32 run of our file, and of llama-quantize's file; their ratio is to
              be 1.1 at most, and of f16 and bf16 the first 0.001 at most.
"""
import argparse, json, math, os, subprocess, sys, tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from benchmarks.measure import Run, aigc

TYPES = {"f16": "F16", "bf16": "BF16", "q8_0": "Q8_0", "q4_0": "Q4_0", "q4_1": "Q4_1", "q4_k": "Q4_K_M", "q6_k": "Q6_K"}
WINDOW = 512


class Sums:
    """Of one file over all pieces of the text."""

    def __init__(self):
        self.tokens, self.divergence, self.score = 0, 0.0, 0.0

    def add(self, divergence, score, tokens):
        self.divergence += divergence
        self.score += score
        self.tokens += tokens

    @property
    def mean(self):
        return self.divergence / self.tokens if self.tokens else None

    @property
    def perplexity(self):
        return math.exp(-self.score / self.tokens)


def log_softmax(rows):
    rows = rows - rows.max(-1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(-1, keepdims=True, dtype=np.float64)).astype(np.float32)


def compare(first, second, targets, sums, step=128):
    """Adds the divergence of the second scores from the first, and the second ones' score of the text."""
    for begin in range(0, len(targets), step):
        p, q = (log_softmax(np.asarray(scores[begin:begin + step], np.float32)) for scores in (first, second))
        rows = targets[begin:begin + step]
        sums.add(float((np.exp(p) * (p - q)).sum(dtype=np.float64)),
                 float(q[np.arange(len(rows)), rows].sum(dtype=np.float64)), len(rows))


class Measurement:
    def __init__(self, options, folder):
        self.options, self.folder, self.aigc = options, folder, aigc(options)
        self.original = self.path("original.gguf")
        self.run([self.aigc, "convert", options.model, self.original, "--type", "f32"])
        self.pieces = list(self.cut())

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, command):
        return Run(command, self.folder).output

    def cut(self):
        """Pieces of the text of some thousand tokens, each with its tokens, until there are enough."""
        text = open(self.options.text, encoding="utf-8").read()
        size, count = 8000, 0
        for index, begin in enumerate(range(0, len(text), size)):
            path = self.path("piece-%d.txt" % index)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text[begin:begin + size])
            tokens = [int(word) for word in self.run([self.aigc, "tokenize", path, "--model", self.original]).split()]
            yield path, tokens
            count += len(tokens) - 1
            if count >= self.options.tokens:
                return
        sys.exit("quantization: the text has only %d tokens" % count)

    def ours(self, model, piece, name):
        path = self.path(name + ".npy")
        # Windows that touch overlap by one token.
        self.run([self.aigc, "score", model, piece, "--activations", "f32", "--cache-type", "f32", "--context",
                  str(WINDOW), "--stride", str(WINDOW - 1), "--logits", path, "--out", self.path("scores.tsv")])
        return np.load(path, mmap_mode="r")

    def theirs(self, llama, tokens):
        """The scores of the same windows."""
        rows = []
        for begin in range(0, len(tokens) - 1, WINDOW - 1):
            part = tokens[begin:min(begin + WINDOW - 1, len(tokens) - 1)]
            llama.reset()
            llama.eval(part)
            rows.append(np.array(llama.scores[:len(part)], np.float32))
        return np.concatenate(rows)

    def llama(self, path):
        return llama_cpp.Llama(
            path, n_ctx=WINDOW, n_batch=WINDOW, n_ubatch=WINDOW, logits_all=True, verbose=False, type_k=0, type_v=0,
            n_threads=self.options.threads, n_threads_batch=self.options.threads)

    def files(self, kind):
        mine, other = self.path("ours-%s.gguf" % kind), self.path("theirs-%s.gguf" % kind)
        self.run([self.aigc, "quantize", self.original, mine, "--type", kind, "--json"])
        self.run([os.path.join(self.options.llama, "llama-quantize"), self.original, other, TYPES[kind],
                  str(self.options.threads)])
        return mine, other

    def measure(self, kinds):
        files = {kind: self.files(kind) for kind in kinds}
        paths = [path for pair in files.values() for path in pair]
        loss = {path: Sums() for path in paths}
        peer = {path: Sums() for path in paths}
        before = Sums()
        for piece, tokens in self.pieces:
            targets = np.array(tokens[1:])
            original = self.ours(self.original, piece, "original")
            compare(original, original, targets, before)
            for path in paths:
                scores = self.ours(path, piece, "file")
                compare(original, scores, targets, loss[path])
                if not self.options.only:
                    compare(scores, self.theirs(self.llama(path), tokens), targets, peer[path])
        for kind in kinds:
            mine, other = files[kind]
            row = {
                "schema": 1, "type": kind, "tokens": before.tokens, "perplexity": before.perplexity,
                "bytes": os.path.getsize(mine), "peer_bytes": os.path.getsize(other),
                "divergence": loss[mine].mean, "peer_divergence": loss[other].mean,
                "quantiser_ratio": ratio(loss[mine].mean, loss[other].mean),
                "perplexity_after": loss[mine].perplexity, "peer_perplexity_after": loss[other].perplexity,
                "llama_on_ours": peer[mine].mean, "llama_on_theirs": peer[other].mean,
                "llama_ratio": ratio(peer[mine].mean, peer[other].mean),
            }
            yield row


def ratio(ours, theirs):
    return ours / theirs if theirs else None


def show(row):
    def text(key, digits):
        return "-" if row[key] is None else "%.*f" % (digits, row[key])
    print("%-5s %.1f MB (llama-quantize %.1f)  quantiser: %s / %s = %s, perplexity %s -> %s / %s  llama.cpp: %s / %s = %s" % (
        row["type"], row["bytes"] / 1e6, row["peer_bytes"] / 1e6, text("divergence", 6), text("peer_divergence", 6),
        text("quantiser_ratio", 3), text("perplexity", 4), text("perplexity_after", 4), text("peer_perplexity_after", 4),
        text("llama_on_ours", 6), text("llama_on_theirs", 6), text("llama_ratio", 3)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=os.path.realpath)
    parser.add_argument("--llama", required=True, type=os.path.realpath, metavar="DIR")
    parser.add_argument("--text", required=True, type=os.path.realpath, metavar="FILE")
    parser.add_argument("--tokens", type=int, default=10_000, metavar="N")
    parser.add_argument("--types", default=",".join(TYPES), metavar="T,T")
    parser.add_argument("--only", choices=["quantiser"], help="without llama.cpp, which takes most of the time")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--aigc", type=os.path.realpath, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = options.types.split(",")
    if not all(kind in TYPES for kind in kinds):
        parser.error("types are %s" % ", ".join(TYPES))
    with tempfile.TemporaryDirectory() as folder:
        measurement = Measurement(options, folder)
        for row in measurement.measure(kinds):
            print(json.dumps(row), flush=True) if options.json else show(row)


if __name__ == "__main__":
    try:
        import llama_cpp
        import numpy as np
    except ImportError as error:
        sys.exit("quantization: %s: run it with an interpreter that has llama-cpp-python and numpy" % error)
    main()
