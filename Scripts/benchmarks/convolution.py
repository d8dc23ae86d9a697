"""The convolutions of `aigc bench` against the same in PyTorch, Scripts/peers/torch_conv_bench.py."""
import json, os, sys

from .measure import ROOT, Report, Run, aigc, in_turns

PEER = os.path.join(ROOT, "Scripts/peers/torch_conv_bench.py")


class Convolution:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        names = Run([self.aigc, "bench"], folder).output.split()
        self.names = [name for name in names
                      if name.startswith("conv-") and (options.only or "") in name]
        if not self.names:
            sys.exit("bench: no convolution has '%s' in its name; see aigc bench" % options.only)
        self.report = Report(options.json)

    def measured(self, *command):
        """The lines that a program prints for all the names."""
        threads = ["--threads", str(self.options.threads)] if self.options.threads else []
        seconds = ["--seconds", str(self.options.seconds)]
        run = Run([*command, *self.names, *seconds, *threads], self.folder)
        lines = [json.loads(line) for line in run.output.splitlines()]
        if [line["workload"] for line in lines] != self.names:
            sys.exit("bench: unexpected output of %s" % " ".join(command))
        return lines

    def run(self):
        python = self.options.python
        ours, peer = in_turns(
            self.options.runs, lambda: self.measured(self.aigc, "bench"),
            python and (lambda: self.measured(python, PEER)))
        for index, name in enumerate(self.names):
            lines = [run[index] for run in peer] if python else []
            self.report.add(
                name, "ms", "less", [run[index]["median_ms"] for run in ours],
                [line["median_ms"] for line in lines],
                "%s, %s" % (lines[0]["peer"], lines[0]["way"]) if lines else "")
