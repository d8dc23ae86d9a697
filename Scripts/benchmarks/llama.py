"""GPT-2 124M with random weights: `aigc bench gpt2-*` against llama.cpp, Scripts/peers/llama_bench.py."""
import json, os, sys

from .measure import ROOT, Report, Run, aigc
from .torch import Measured, median

PEERS = os.path.join(ROOT, "Scripts/peers")
# Weights that one token reads: four matrices of twelve layers, and the embeddings as the last layer.
WEIGHTS = 12 * (768 * 2304 + 768 * 768 + 2 * 768 * 3072) + 50257 * 768
BYTES = {"f32": 4, "f16": 2}


class Llama:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.threads = ["--threads", str(options.threads)] if options.threads else []
        self.report = Report(options.json)

    def run(self):
        for kind in self.options.kinds:
            self.compare(kind)

    def compare(self, kind):
        """Ours, the peer, ours, the peer ...; the speed of memory after each pair."""
        suffix = "" if kind == "f32" else "-" + kind
        model = self.options.python and self.model(kind)
        generate, prefill, peers, reads = [], [], [], []
        for _ in range(self.options.runs):
            generate.append(self.ours("gpt2-generate" + suffix))
            prefill.append(self.ours("gpt2-prefill" + suffix))
            if model:
                peers.append(self.peer(model))
            reads.append(self.ours("memory-read"))
        name = "llama.cpp" if model else ""

        def theirs(key):
            return [peer[key] for peer in peers]
        self.report.add("gpt2-generate%s, 128 tokens" % suffix, "tokens/s", "more", [
            run.rate for run in generate], theirs("gpt2-tg128"), name)
        # MB/s are millions of bytes.
        limits = [run.rate * 1e6 / (WEIGHTS * BYTES[kind]) for run in reads]
        self.report.add("memory-read", "MB/s", "more", [run.rate for run in reads])
        self.report.add("gpt2-generate%s, share of memory-read" % suffix, "", "more", [
            run.rate / limit for run, limit in zip(generate, limits)], [
            rate / limit for rate, limit in zip(theirs("gpt2-tg128"), limits)], name)
        self.report.add("gpt2-prefill%s, 512 tokens" % suffix, "tokens/s", "more", [
            run.rate for run in prefill], theirs("gpt2-pp512"), name)

    def ours(self, workload):
        return Measured(workload, [
            self.aigc, "bench", workload, "--seconds", str(self.options.seconds), *self.threads], self.folder)

    def peer(self, model):
        """Rates by workload."""
        command = [self.options.python, os.path.join(PEERS, "llama_bench.py"), model, "--threads",
                   str(self.options.threads or os.cpu_count())]
        rates = {}
        for text in Run(command, self.folder).output.splitlines():
            if text.startswith("{"):
                line = json.loads(text)
                rates[line["workload"]] = line["rate"]
        if not all(rates.get(key, 0) > 0 for key in ["gpt2-pp512", "gpt2-tg128"]):
            sys.exit("bench: unexpected lines from %s" % " ".join(command))
        return rates

    def model(self, kind):
        """The GGUF file: in the folder of --gguf, made anew where it is not there."""
        folder = self.options.gguf or self.folder
        path = os.path.join(folder, "gpt2-%s.gguf" % kind)
        if not os.path.exists(path):
            Run([self.options.python, os.path.join(PEERS, "gpt2_gguf.py"), folder], self.folder)
        return path
