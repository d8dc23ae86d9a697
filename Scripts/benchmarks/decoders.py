#!/usr/bin/env python3
"""Language models in GGUF files: `aigc bench --model` against llama.cpp's llama-bench, in turns on the same file.

    Scripts/benchmarks/decoders.py FILE.gguf... [--llama DIR] [--runs N] [--seconds S] [--threads N] [--json]

DIR holds llama.cpp's programs; without it the peer's columns are empty. Measured are generation behind 128 and 1,000
tokens, which the scores of each token are computed of and none is drawn from, and a prompt of 512 tokens; how long a
process takes that answers with one token, all files in memory, and its peak memory (llama-completion); and what share
of the speed of memory (aigc bench memory-read) generation reaches. Ratios of rates above 1: ours is faster; of seconds
and memory below 1: ours takes less. Idle machine. llama.cpp is best built with its repacked layouts, and without AMX:
its own path for that has died of an illegal instruction.
"""
import argparse, json, os, sys, tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from benchmarks.measure import Report, Run, aigc, in_turns, memory, seconds

WORKLOADS = {"generate-128": ("-p", "0", "-n", "24", "-d", "128"),
             "generate-1000": ("-p", "0", "-n", "24", "-d", "1000"),
             "prompt-512": ("-p", "512", "-n", "0")}


class Decoders:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.threads = str(options.threads or os.cpu_count())
        self.report = Report(options.json)

    def run(self):
        reads = [self.ours("memory-read")["memory-read"]["rate"] for _ in range(self.options.runs)]
        self.report.add("memory-read", "MB/s", "more", reads)
        for path in self.options.models:
            self.compare(path, sorted(reads)[len(reads) // 2])

    def compare(self, path, reads):
        name, peer = os.path.basename(path), "llama.cpp" if self.options.llama else ""
        ours, theirs = in_turns(
            self.options.runs, lambda: self.ours("--model", path),
            peer and (lambda: {key: self.peer(path, arguments) for key, arguments in WORKLOADS.items()}))
        # A context may have no place for some.
        for key in (key for key in WORKLOADS if key in ours[0]):
            rates = [lines[key]["rate"] for lines in ours]
            self.report.add("%s %s" % (name, key), "tokens/s", "more", rates, [
                lines[key] for lines in theirs if lines], peer)
            if key.startswith("generate"):
                share = [rate * ours[0][key]["bytes_per_token"] / (reads * 1e6) for rate in rates]
                self.report.add("%s %s, share of memory-read" % (name, key), "", "more", share)
        answers, others = in_turns(
            self.options.runs, lambda: Run(
                [self.aigc, "generate", "text", "--model", path, "-p", "Hello", "-n", "1", "--temperature", "0",
                 "--seed", "1", "--threads", self.threads], self.folder),
            peer and (lambda: Run(
                [self.program("llama-completion"), "-m", path, "-p", "Hello", "-n", "1", "-t", self.threads,
                 "-no-cnv", "--temp", "0", "--no-warmup"], self.folder)))
        others = [run for run in others if run]
        self.report.add("%s one token, whole process" % name, "s", "less", seconds(answers), seconds(others), peer)
        self.report.add("%s its peak memory" % name, "MB", "less", memory(answers), memory(others), peer)

    def ours(self, *arguments):
        """Lines by workload."""
        output = Run([self.aigc, "bench", *arguments, "--seconds", str(self.options.seconds), "--threads",
                      self.threads], self.folder).output
        return {line["workload"]: line for line in map(json.loads, output.splitlines())}

    def program(self, name):
        return os.path.join(self.options.llama, name)

    def peer(self, path, arguments):
        """Tokens a second, the median of its runs."""
        output = Run([self.program("llama-bench"), "-m", path, "-t", self.threads, "-o", "json", "-r",
                      str(max(1, int(self.options.seconds))), *arguments], self.folder).output
        samples = sorted(json.loads(output)[0]["samples_ts"])
        return samples[len(samples) // 2]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="FILE.gguf", nargs="+", type=os.path.realpath)
    parser.add_argument("--llama", metavar="DIR", type=os.path.realpath)
    parser.add_argument("--runs", metavar="N", type=int, default=3)
    parser.add_argument("--seconds", metavar="S", type=float, default=3)
    parser.add_argument("--threads", metavar="N", type=int)
    parser.add_argument("--aigc", metavar="PROGRAM", type=os.path.realpath)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aigc-bench-") as folder:
        Decoders(options, folder).run()


if __name__ == "__main__":
    main()
