#!/usr/bin/env python3
"""LoRA: tokens a second and peak memory of `aigc finetune --lora` against PEFT and PyTorch in float32, in turns, and against
llama.cpp's finetune example.

    Scripts/benchmarks/lora.py MODEL... --text FILE [--python PYTHON --folder FOLDER] [--batch N] [--context N]
        [--steps N] [--runs N] [--threads N] [--compile] [--checkpoint-activations] [--llama PROGRAM --gguf FILE] [--json]

MODEL is a folder or a GGUF file, which stays as it is. FOLDER is the same model as Hugging Face has it, for the peer
(Scripts/peers/peft_bench.py), which PYTHON runs; without it the peer's columns are empty. Of each run the median of the
steps behind the first one counts. PROGRAM is llama.cpp's llama-finetune, which knows no adapters and learns all weights
of FILE, the same model in float32, a row a step: ten rows, once. Ratios of rates above 1: ours is faster; of memory below
1: ours takes less. Idle machine.
"""
import argparse, functools, json, os, re, shutil, statistics, sys, tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from benchmarks.measure import ROOT, Report, Run, aigc, in_turns


class LoRA:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.threads = str(options.threads or os.cpu_count())
        self.report = Report(options.json)

    def run(self):
        for model in self.options.models:
            name, peer = os.path.basename(model.rstrip("/")), "PEFT" if self.options.python else ""
            ours, theirs = in_turns(
                self.options.runs, lambda: self.ours(model), (lambda: self.peer()) if peer else None)
            theirs = [each for each in theirs if each]
            for key, unit, better in (("rate", "tokens/s", "more"), ("megabytes", "MB", "less")):
                title = "%s %s" % (name, "LoRA" if key == "rate" else "its peak memory")
                values = [each[key] for each in ours]
                self.report.add(title, unit, better, values, [each[key] for each in theirs], peer)
                if self.options.llama:
                    self.report.add(title, unit, better, values, [self.llama()[key]], "llama.cpp, all weights")

    def ours(self, model):
        options, out = self.options, os.path.join(self.folder, "run")
        shutil.rmtree(out, ignore_errors=True)
        run = Run(
            [self.aigc, "finetune", options.text, "--model", model, "--lora", "--steps", str(options.steps),
             "--batch-size", str(options.batch), "--context", str(options.context), "--val-split", "0",
             "--log-every", "1", "--seed", "1", "--threads", self.threads, "--out", out]
            + (["--checkpoint-activations"] if options.checkpoint_activations else []), self.folder)
        with open(os.path.join(out, "log.jsonl")) as log:
            rows = [json.loads(line) for line in log]
        rates = [row["items_per_second"] for row in rows if "items_per_second" in row]
        return {"rate": statistics.median(rates[1:] or rates), "megabytes": run.megabytes}

    def peer(self):
        options = self.options
        made = json.loads(Run(
            [options.python, os.path.join(ROOT, "Scripts/peers/peft_bench.py"), options.folder, options.text,
             "--batch", str(options.batch), "--context", str(options.context), "--steps", str(options.steps),
             "--threads", self.threads] + (["--compile"] if options.compile else []),
            self.folder).output.splitlines()[-1])
        return {"rate": statistics.median(made["rates"]), "megabytes": made["megabytes"]}

    @functools.cache
    def llama(self):
        """Of a run of ten rows, as its last line of progress has it."""
        options, text = self.options, os.path.join(self.folder, "rows.txt")
        with open(options.text, encoding="utf-8") as file, open(text, "w", encoding="utf-8") as out:
            # Rows begin half a row after one another; a token has some four characters.
            out.write(file.read(6 * 4 * options.context))
        context = str(options.context)
        run = Run([options.llama, "-f", text, "-m", options.gguf, "-c", context, "-b", context, "-ub", context, "-epochs", "1",
                   "-t", self.threads, "-o", os.path.join(self.folder, "learned.gguf")], self.folder, joined=True)
        rows, hours, minutes, seconds = re.findall(r"train:.* data=0*(\d+)/.* t=(\d+):(\d+):(\d+)", run.output)[-1]
        seconds = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        return {"rate": int(rows) * options.context / max(seconds, 1), "megabytes": run.megabytes}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", nargs="+", type=os.path.realpath)
    parser.add_argument("--text", metavar="FILE", type=os.path.realpath, required=True)
    parser.add_argument("--python", metavar="PYTHON")
    parser.add_argument("--folder", metavar="FOLDER", type=os.path.realpath)
    parser.add_argument("--llama", metavar="PROGRAM", type=os.path.realpath)
    parser.add_argument("--gguf", metavar="FILE", type=os.path.realpath)
    parser.add_argument("--aigc", metavar="PROGRAM", type=os.path.realpath)
    for name, value in (("batch", 4), ("context", 256), ("steps", 6), ("runs", 3)):
        parser.add_argument("--" + name, metavar="N", type=int, default=value)
    parser.add_argument("--threads", metavar="N", type=int)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--checkpoint-activations", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.python and not options.folder:
        parser.error("--python needs --folder")
    if options.llama and not options.gguf:
        parser.error("--llama needs --gguf")
    with tempfile.TemporaryDirectory(prefix="aigc-bench-") as folder:
        LoRA(options, folder).run()


if __name__ == "__main__":
    main()
