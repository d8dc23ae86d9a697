#!/usr/bin/env python3
"""Published language models in GGUF files: how far rounding takes them from themselves.

    PYTHON Scripts/benchmarks/language_models.py fidelity MODEL.gguf --text FILE [--tokens N] [--only-ours] [--json]

fidelity: a text, in pieces of some hundred tokens, is scored with float32 activations and cache (the reference), as
`aigc` does without flags, and by llama.cpp on the same file and the same tokens. Of each of the latter two: the mean
Kullback-Leibler divergence of the reference's distribution to its own, in nats a token, the perplexity, and how often
its likeliest token is another one, with the greatest margin in the reference, in nats, at which it is.

PYTHON has numpy, and llama-cpp-python where --only-ours is not given; AIGC is .build/release/aigc or --aigc PROGRAM.
"""
import argparse
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
import numpy as np
from benchmarks.measure import Run, aigc

# Of a text in English a token is some four bytes.
PIECE = 2000
MARGIN = 0.3


def pieces(path):
    """Parts of the text that end with lines."""
    part, size = [], 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            part.append(line)
            size += len(line.encode())
            if size >= PIECE:
                yield "".join(part)
                part, size = [], 0


class Ours:
    def __init__(self, options, folder, *flags):
        self.command = [aigc(options), "score", os.path.abspath(options.model)]
        self.folder, self.flags = folder, flags

    def logits(self, text):
        """The ids of the text, and the scores behind all but the last of them."""
        with open(os.path.join(self.folder, "text.txt"), "w", encoding="utf-8") as file:
            file.write(text)
        run = Run([*self.command, "text.txt", "--json", "--logits", "logits.npy", *self.flags], self.folder)
        ids = [token["id"] for token in json.loads(run.output)["tokens"]]
        return ids, np.load(os.path.join(self.folder, "logits.npy"))


class LlamaCpp:
    def __init__(self, options):
        import llama_cpp
        self.model = llama_cpp.Llama(options.model, n_ctx=4096, logits_all=True, verbose=False, n_threads=os.cpu_count(),
                                     n_threads_batch=os.cpu_count())

    def logits(self, ids):
        self.model.reset()
        self.model.eval(ids)
        return np.array(self.model.scores[:len(ids) - 1])


def log_softmax(logits):
    """In float32, which for vocabularies of hundreds of thousands is many times quicker; sums are in float64."""
    values = logits - logits.max(1, keepdims=True)
    values -= np.log(np.exp(values).sum(1, keepdims=True, dtype=np.float64)).astype(np.float32)
    return values


class Distance:
    """Of a reader's distributions to the reference's."""

    def __init__(self, name):
        self.name, self.divergence, self.loss, self.count, self.others, self.margins = name, 0.0, 0.0, 0, 0, []

    def add(self, reference, own, targets):
        rows = np.arange(len(targets))
        self.divergence += float(np.einsum("ij,ij->i", np.exp(reference), reference - own).sum(dtype=np.float64))
        self.loss -= float(own[rows, targets].sum(dtype=np.float64))
        self.count += len(targets)
        best = np.partition(reference, -2, axis=1)[:, -2:]
        differ = own.argmax(1) != reference.argmax(1)
        self.others += int(differ.sum())
        self.margins += (best[:, 1] - best[:, 0])[differ].tolist()

    def result(self):
        return {"reader": self.name, "tokens": self.count, "kl": self.divergence / self.count,
                "perplexity": float(np.exp(self.loss / self.count)), "other_top": self.others / self.count,
                "largest_margin": max(self.margins, default=0.0),
                "other_top_above_%g" % MARGIN: sum(margin > MARGIN for margin in self.margins)}


def fidelity(options):
    with tempfile.TemporaryDirectory() as folder:
        exact = Ours(options, folder, "--activations", "f32", "--cache-type", "f32")
        ours, llama = Ours(options, folder), None if options.only_ours else LlamaCpp(options)
        distances = [Distance("reference"), Distance("aigc")] + ([Distance("llama.cpp")] if llama else [])
        for text in pieces(options.text):
            ids, scores = exact.logits(text)
            targets = np.array(ids[1:])
            reference = log_softmax(scores)
            distances[0].add(reference, reference, targets)
            distances[1].add(reference, log_softmax(ours.logits(text)[1]), targets)
            if llama:
                distances[2].add(reference, log_softmax(llama.logits(ids)[:, :reference.shape[1]]), targets)
            print("".join("%s: %s tokens, KL %.6f; " % (each.name, each.count, each.divergence / each.count)
                          for each in distances), file=sys.stderr, flush=True)
            if distances[0].count >= options.tokens:
                break
    rows = [distance.result() for distance in distances]
    if options.json:
        return print(json.dumps({"schema": 1, "model": os.path.basename(options.model), "readers": rows}))
    for row in rows:
        print("  ".join("%s %s" % (key, value if isinstance(value, (str, int)) else "%.6g" % value)
                        for key, value in row.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=["fidelity"])
    parser.add_argument("model")
    parser.add_argument("--text", required=True)
    parser.add_argument("--tokens", type=int, default=20000)
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--aigc")
    fidelity(parser.parse_args())


if __name__ == "__main__":
    main()
