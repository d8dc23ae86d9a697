"""`aigc tokenize` with GPT-2's vocabulary against the PyPI package `tokenizers`, one thread each."""
import json, os, sys

from .measure import ROOT, Report, Run, aigc, in_turns

PEER = os.path.join(ROOT, "Scripts/peers/tokenizers_bench.py")


class TokenizerBench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.corpus = os.path.realpath(options.corpus)
        self.vocab = os.path.realpath(options.vocab)
        self.empty = os.path.join(folder, "one.txt")
        with open(self.empty, "w", encoding="utf-8") as file:
            file.write("a")
        self.megabytes = os.path.getsize(self.corpus) / 1e6
        self.report = Report(options.json)

    def ours(self):
        """Whole processes: the text, and a text of one letter, whose time is that of start and loading."""
        def seconds(text):
            run = Run([self.aigc, "tokenize", "--vocab", self.vocab, "--threads", "1", "--count", text],
                      self.folder)
            return run, run.seconds
        load = min(seconds(self.empty)[1] for _ in range(3))
        run, total = seconds(self.corpus)
        # A text so small that it takes no longer than noise has no rate.
        return {"rate": self.megabytes / max(total - load, 1e-4), "load": load * 1e3,
                "whole": self.megabytes / total, "tokens": int(run.output), "memory": run.megabytes}

    def peer(self):
        run = Run([self.options.python, PEER, self.vocab, self.corpus, "--seconds",
                   str(self.options.seconds)], self.folder)
        return json.loads(run.output.splitlines()[-1])

    def run(self):
        ours, peer = in_turns(self.options.runs, self.ours, self.options.python and self.peer)
        peer = [one for one in peer if one]
        if peer and peer[0]["tokens"] != ours[0]["tokens"]:
            sys.exit("bench: %d tokens, the peer has %d" % (ours[0]["tokens"], peer[0]["tokens"]))
        name = "%s, best of whole, lines, pieces: %s" % (peer[0]["peer"], peer[0]["way"]) if peer else ""
        self.report.add("bpe-encode, one thread, without load", "MB/s", "more",
                        [one["rate"] for one in ours], [one["rate"] for one in peer], name)
        self.report.add("bpe-encode, whole process", "MB/s", "more", [one["whole"] for one in ours])
        self.report.add("start and load of the vocabulary", "ms", "less", [one["load"] for one in ours])
        self.report.add("bpe-encode, peak memory", "MB", "less", [one["memory"] for one in ours])
