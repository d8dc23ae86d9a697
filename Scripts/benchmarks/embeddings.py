#!/usr/bin/env python3
"""Vectors of texts by an encoder: `aigc embed` against PyTorch (transformers), in turns.

    PYTHON Scripts/benchmarks/embeddings.py MODEL --text FILE [--lines N] [--runs N] [--threads N] [--json]
    Scripts/benchmarks/embeddings.py smoke

MODEL is a folder of sentence-transformers, all-MiniLM-L6-v2 say, FILE a text a line, of which the first N count. Measured
are sentences a second, tokens and pooling among the work, one text at a time and 32 at a time, sorted by length: ours is
the whole process less that of one line; the peer, which stays loaded, times its passes alone, eager and compiled;
the better one counts. Then the smallest cosine of ours and the peer's vectors. Ratios above 1: ours is faster. Idle machine.
smoke runs ours on a tiny model, without the peer.
"""
import argparse, os, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
from benchmarks.measure import ROOT, Report, Run, aigc, in_turns

BATCHES = (1, 32)
# Tokens of a text that count, as all-MiniLM-L6-v2's folder has it.
LIMIT = 256


class Peer:
    """The model in PyTorch."""

    def __init__(self, model, threads, lines):
        import torch
        from transformers import AutoModel, AutoTokenizer
        self.torch = torch
        torch.set_num_threads(threads)
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        network = AutoModel.from_pretrained(model).float().eval()
        self.networks = {"eager": network, "compiled": torch.compile(network, dynamic=True)}
        self.order = sorted(range(len(lines)), key=lambda place: len(self.tokenizer(lines[place])["input_ids"]))
        self.lines = lines

    def vectors(self, kind, batch):
        torch, found = self.torch, [None] * len(self.lines)
        with torch.inference_mode():
            for first in range(0, len(self.order), batch):
                part = self.order[first:first + batch]
                inputs = self.tokenizer([self.lines[place] for place in part], truncation=True, max_length=LIMIT,
                                        padding=True, return_tensors="pt")
                states = self.networks[kind](**inputs).last_hidden_state
                mask = inputs["attention_mask"][..., None].float()
                means = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1))
                for place, vector in zip(part, means):
                    found[place] = vector
        return found

    def rate(self, kind, batch):
        start = time.perf_counter()
        self.vectors(kind, batch)
        return len(self.lines) / (time.perf_counter() - start)

    def warm(self):
        """Compiles what is compiled."""
        for kind in self.networks:
            for batch in BATCHES:
                self.vectors(kind, batch)


class Embeddings:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc, self.report = aigc(options), Report(options.json)
        self.threads = options.threads or len(os.sched_getaffinity(0))

    def run(self, peer=None):
        with open(self.options.text, encoding="utf-8", newline="\n") as file:
            lines = [line.rstrip("\r\n") for line in file if line.strip()][:self.options.lines]
        if len(lines) < 2:
            sys.exit("bench: %s: two lines or more are needed" % self.options.text)
        self.write("all", lines)
        self.write("one", lines[:1])
        if self.options.peer:
            peer = Peer(self.options.model, self.threads, lines)
            peer.warm()
        for batch in BATCHES:
            ours, eager, compiled = in_turns(
                self.options.runs, lambda: self.rate(batch, len(lines)),
                peer and (lambda: peer.rate("eager", batch)), peer and (lambda: peer.rate("compiled", batch)))
            name = "%s at a time" % ("one" if batch == 1 else batch)
            if not peer:
                self.report.add(name, "texts/s", "more", ours)
                continue
            self.report.add(name, "texts/s", "more", ours, eager, "eager")
            self.report.add(name, "texts/s", "more", ours, compiled, "compiled")
        if peer:
            found = [[float(value) for value in line.split()] for line in self.embed("all", 256).output.splitlines()]
            cosines = [sum(a * b for a, b in zip(ours, theirs.tolist())) / sum(a * a for a in ours) ** 0.5
                       for ours, theirs in zip(found, peer.vectors("eager", 1))]
            self.report.add("smallest cosine of both", "", "more", [min(cosines)])

    def write(self, name, lines):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write("".join(line + "\n" for line in lines))

    def embed(self, name, batch):
        command = [self.aigc, "embed", "--model", self.options.model, "--file", os.path.join(self.folder, name),
                   "--batch-size", str(batch), "--threads", str(self.threads)]
        if self.options.peer:
            command += ["--pooling", "mean", "--normalize", "--context", str(LIMIT)]
        return Run(command, self.folder)

    def rate(self, batch, count):
        one, all_ = self.embed("one", batch).seconds, self.embed("all", batch).seconds
        return (count - 1) / max(all_ - one, 1e-9)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL", type=os.path.realpath, help="a folder, or smoke")
    parser.add_argument("--text", metavar="FILE", type=os.path.realpath, help="a text a line")
    parser.add_argument("--lines", metavar="N", type=int, default=1000)
    parser.add_argument("--runs", metavar="N", type=int, default=3)
    parser.add_argument("--threads", metavar="N", type=int, help="of both sides (default: all)")
    parser.add_argument("--aigc", metavar="FILE", type=os.path.realpath, help="another program than this clone's")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    is_smoke = os.path.basename(options.model) == "smoke"
    options.peer = not is_smoke
    if not is_smoke and not options.text:
        parser.error("--text FILE is needed")
    with tempfile.TemporaryDirectory() as folder:
        if is_smoke:
            options.model = os.path.join(ROOT, "Tests/FamiliesTests/Fixtures/bert/odd")
            options.text, options.runs = os.path.join(folder, "text"), 1
            with open(options.text, "w", encoding="utf-8") as file:
                file.write("".join("the model reads text %d\n" % (number % 10) * (1 + number % 3) for number in range(200)))
        bench = Embeddings(options, folder)
        bench.run()
        if is_smoke:
            if [row["ours"] > 0 for row in bench.report.rows] != [True] * len(BATCHES):
                sys.exit("bench: unexpected rows")
            print("smoke: embeddings run")


if __name__ == "__main__":
    main()
