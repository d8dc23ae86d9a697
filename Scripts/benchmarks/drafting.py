#!/usr/bin/env python3
"""Generation with drafts and without: `aigc generate text --draft`, in turns, on four kinds of texts made here.

    Scripts/benchmarks/drafting.py MODEL [--text FILE] [--draft MODEL]... [--tokens N] [--draft-tokens N] [--temperature T]
                                   [--runs N] [--threads N] [--aigc PROGRAM] [--json]
    Scripts/benchmarks/drafting.py smoke

MODEL is a transformer: a folder or a GGUF file. It drafts from the text itself, by an n-gram model of its own tokens, which is
trained on FILE (without one on 40 texts of the model's own, begun with other words than those that are measured), and by each
--draft. Rows are tokens a second, medians of the runs, ours with drafts and the peer's without: (N - 1) tokens in the time of a
process that writes N less that of one that writes one. Behind the name: how many tokens of the text a pass gave, and how many
drafted ones of how many that were read the text took. Exit code 1 where a text with drafts is not the one without. Idle machine.
"""
import argparse, json, os, re, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from benchmarks.measure import ROOT, Report, aigc, in_turns

ITEMS = ["apples", "bread", "candles", "dates", "eggs", "flour", "grapes", "honey", "ink", "jam", "knives", "lemons"]
LIST = "".join("%d. Buy %d %s at the market.\n" % (i + 1, i % 5 + 2, item) for i, item in enumerate(ITEMS))
FIELDS = ["name", "street", "city", "country"]
CODE = "class Address:\n" + "".join(
    "    def get_%s(self):\n        return self._%s\n\n    def set_%s(self, value):\n        if value is None:\n"
    "            raise ValueError(\"%s is missing\")\n        self._%s = value\n\n" % (name, name, name, name, name)
    for name in FIELDS)
KINDS = {
    "repetitive": ["-p", "The list:\n%s\nThe list once more:\n%s\nThe same list with cherries in place of dates:\n" % (LIST, LIST)],
    "code": ["-p", CODE + "    def get_postcode(self):\n"],
    "free text": ["-p", "The old lighthouse keeper looked out at the sea and"],
    "chat": ["--chat", "-p", "Why is the sky blue, and why is it red in the evening?"],
}
BEGINNINGS = ["In the year 1850", "My friend told me that", "Scientists have found", "The best way to cook rice is", "On Monday morning",
              "Here is a list of", "The king and the queen", "To learn a language"]


class Drafting:
    def __init__(self, options, folder):
        self.options, self.folder, self.aigc = options, folder, aigc(options)
        self.report, self.differs = Report(options.json), []

    def run(self):
        drafts = [("prompt", "prompt"), ("n-gram", self.ngram())] + [(os.path.basename(path), path) for path in self.options.draft]
        for kind, prompt in KINDS.items():
            prompt = prompt[:-1] + [prompt[-1][-self.options.letters:]]
            if kind == "chat" and not self.answers():
                prompt = ["-p", "Question: Why is the sky blue?\nAnswer:"]
            for name, draft in drafts:
                self.compare(kind, prompt, name, ["--draft", draft, "--draft-tokens", str(self.options.draft_tokens)])
        if self.differs:
            sys.exit("bench: texts with drafts differ: %s" % ", ".join(self.differs))

    def compare(self, kind, prompt, name, draft):
        ours, peer = in_turns(self.options.runs, lambda: self.rate(prompt + draft), lambda: self.rate(prompt))
        if ours[0]["text"] != peer[0]["text"]:
            self.differs.append("%s, %s" % (kind, name))
        passes, drafted, taken = ours[0]["drafts"]
        label = "%s, %s: %.2f a pass, %d of %d" % (kind, name, (passes + taken) / max(passes, 1), taken, drafted)
        self.report.add(label, "tokens/s", "more", [run["rate"] for run in ours], [run["rate"] for run in peer], "no drafts")

    def rate(self, arguments):
        whole, one = self.generate(arguments, self.options.tokens), self.generate(arguments, 1)
        tokens = whole["tokens"] - 1
        whole["rate"] = tokens / max(whole["seconds"] - one["seconds"], whole["seconds"] / 100)
        return whole

    def generate(self, arguments, tokens):
        command = [self.aigc, "generate", "text", "--model", self.options.model, *arguments, "-n", str(tokens), "--seed", "1",
                   "--ignore-eos", "--temperature", str(self.options.temperature), "--json", "--verbose"]
        if self.options.threads:
            command += ["--threads", str(self.options.threads)]
        start = time.perf_counter()
        run = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        if run.returncode:
            sys.exit("bench: %s\n%s" % (" ".join(command), run.stderr.decode(errors="replace")[-2000:]))
        sample = json.loads(run.stdout)["samples"][0]
        found = re.search(rb"drafts: (\d+) passes, (\d+) tokens drafted, (\d+) taken", run.stderr)
        return {"seconds": seconds, "text": sample.get("text"), "tokens": sample["tokens"],
                "drafts": [int(number) for number in found.groups()] if found else [0, 0, 0]}

    def answers(self):
        """Whether the model has a chat template."""
        command = [self.aigc, "generate", "text", "--model", self.options.model, "--chat", "-p", "a", "-n", "1"]
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0

    def ngram(self):
        """An n-gram model of the model's tokens."""
        text = self.options.text
        if not text:
            text = os.path.join(self.folder, "own.txt")
            with open(text, "wb") as file:
                for begin in BEGINNINGS:
                    command = [self.aigc, "generate", "text", "--model", self.options.model, "-p", begin, "-n",
                               str(self.options.tokens), "--num", "5", "--seed", "7", "--echo"]
                    file.write(subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout)
        path = os.path.join(self.folder, "ngram")
        subprocess.run([self.aigc, "train", "ngram", text, "--tokenizer", self.options.model, "--order", "4", "--no-counts", "--out",
                        path], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--text", metavar="FILE", type=os.path.realpath)
    parser.add_argument("--draft", metavar="MODEL", action="append", default=[])
    parser.add_argument("--tokens", metavar="N", type=int, default=200)
    parser.add_argument("--draft-tokens", metavar="N", type=int, default=7)
    parser.add_argument("--temperature", metavar="T", type=float, default=0)
    parser.add_argument("--runs", metavar="N", type=int, default=3)
    parser.add_argument("--threads", metavar="N", type=int)
    parser.add_argument("--aigc", metavar="PROGRAM", type=os.path.realpath)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.letters, is_trial = 10000, options.model == "smoke"
    if is_trial:
        options.model = os.path.join(ROOT, "Tests/FamiliesTests/Fixtures/chat.gguf")
        options.draft, options.tokens, options.runs, options.letters = [options.model], 12, 1, 100
    with tempfile.TemporaryDirectory(prefix="aigc-bench-") as folder:
        bench = Drafting(options, folder)
        bench.run()
    if is_trial:
        if len(bench.report.rows) != 3 * len(KINDS):
            sys.exit("bench: %d rows" % len(bench.report.rows))
        print("smoke: drafts of the prompt, of an n-gram model and of a model")


if __name__ == "__main__":
    main()
