"""The neural workloads of `aigc bench` against the same in PyTorch, Scripts/peers/torch_bench.py."""
import ast, json, os, statistics, sys

from .measure import ROOT, Report, Run, aigc, in_turns, memory

PEER = os.path.join(ROOT, "Scripts/peers/torch_bench.py")
FORM = {"workload": str, "peer": str, "unit": str, "rate": float, "median_ms": float, "threads": int}


def lstm(vocabulary, embedding, hidden, layers):
    """Parameters in the matrices of a recurrent language model: gates of each layer, output."""
    inputs = embedding + (layers - 1) * hidden
    return 4 * hidden * (inputs + layers * hidden) + hidden * vocabulary


def gpt(vocabulary, width, layers):
    """Parameters in the matrices of a GPT: four of a block, output."""
    return 12 * layers * width * width + width * vocabulary


# Parameters in matrices, and tokens a step: each costs a multiplication and an addition forwards, and
# twice that backwards. Shapes as in torch_bench.py.
TRAINING = {
    "lstm-train": (lstm(5000, 128, 256, 1), 32 * 64),
    "charlstm-train": (lstm(65, 512, 512, 2), 32 * 128),
    "babygpt-train": (gpt(65, 128, 4), 12 * 64),
    "chargpt-train": (gpt(65, 384, 6), 8 * 256),
    "gpt2-train": (gpt(50257, 768, 12), 4 * 64),
}


# Those whose convolutions may be quicker in PyTorch's other layout.
CONVOLUTIONAL = {"dcgan-train", "stylegan-train", "cyclegan-train", "cyclegan-translate"}


def gigaflop(workload):
    """Of one training step; None where it is not known."""
    if workload not in TRAINING:
        return None
    parameters, tokens = TRAINING[workload]
    return 3 * 2 * parameters * tokens / 1e9


def peer_workloads():
    """The names that torch_bench.py knows, without importing it: that would need PyTorch."""
    with open(PEER, encoding="utf-8") as file:
        for node in ast.parse(file.read()).body:
            if isinstance(node, ast.Assign) and node.targets[0].id == "WORKLOADS":
                return [key.value for key in node.value.keys]
    sys.exit("bench: %s has no WORKLOADS" % PEER)


class Measured:
    """The line that a run printed, and the memory of its process."""

    def __init__(self, workload, command, folder):
        run = Run(command, folder)
        lines = run.output.splitlines()
        self.line = parsed(lines[-1] if lines else "", workload, command)
        self.rate, self.megabytes = self.line["rate"], run.megabytes


def parsed(text, workload, command):
    """The JSON object of a line, with exactly the fields of FORM and figures above zero."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    # JSON does not tell 5 from 5.0.
    fits = isinstance(line, dict) and line.keys() == FORM.keys() and all(
        isinstance(line[key], (float, int) if kind is float else kind) for key, kind in FORM.items())
    if not fits or line["workload"] != workload or not (
            line["rate"] > 0 and line["median_ms"] > 0 and line["threads"] > 0):
        sys.exit("bench: unexpected line from %s: %s" % (" ".join(command), text[:200]))
    return line


def median(runs):
    return statistics.median(run.rate for run in runs)


class Torch:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.threads = ["--threads", str(options.threads)] if options.threads else []
        self.chosen = self.workloads()
        self.report = Report(options.json)

    def ours(self, workload):
        return lambda: Measured(workload, [
            self.aigc, "bench", workload, "--seconds", str(self.options.seconds), *self.threads],
            self.folder)

    def peer(self, workload, *flags):
        return lambda: Measured(workload, [
            self.options.python, PEER, workload, "--seconds", str(self.options.seconds),
            *self.threads, *flags], self.folder)

    def half(self, workload):
        """The peer in bf16; None where it, or the processor, cannot."""
        def run():
            try:
                return self.peer(workload, "--precision", "bf16")()
            except SystemExit as reason:
                print("%s in bf16: %s" % (workload, str(reason).strip().splitlines()[-1]), file=sys.stderr)
                return None
        return run

    def workloads(self):
        """Those asked for, else all that both sides know."""
        known = set(peer_workloads())
        both = [name for name in Run([self.aigc, "bench"], self.folder).output.split() if name in known]
        for name in self.options.workloads:
            if name not in both:
                sys.exit("bench: unknown workload '%s'; both sides know: %s" % (name, ", ".join(both)))
        return self.options.workloads or both

    def run(self):
        for workload in self.chosen:
            self.compare(workload)

    def settings(self, workload):
        """What the peer is tried with, by name."""
        if not self.options.python:
            return {}
        if not workload.endswith(("-train", "-translate")):
            return {"eager": []}
        found = {"eager": [], "compiled": ["--compile"]}
        if workload in CONVOLUTIONAL:
            found["eager, channels last"] = ["--channels-last"]
            found["compiled, channels last"] = ["--compile", "--channels-last"]
        return found

    def compare(self, workload):
        """Ours, each of the peer's settings, ours ...: the best of those in float32 counts."""
        probe = self.options.blas and (
            "sgemm" if gigaflop(workload) else "weights-read" if workload == "lstm-generate" else None)
        settings = self.settings(workload)
        wants_half = self.options.bf16 and self.options.python and workload.endswith("-train")
        ours, limit, half, *peers = in_turns(
            self.options.runs, self.ours(workload), probe and self.ours(probe),
            wants_half and self.half(workload),
            *[self.peer(workload, *flags) for flags in settings.values()])
        peers = dict(zip(settings, peers))
        half = [run for run in half or [] if run]
        best, name = [], ""
        if peers:
            first = max(peers, key=lambda each: median(peers[each]))
            best = peers.pop(first)
            others = ", ".join("%s %s" % (each, short(median(runs))) for each, runs in peers.items())
            version = best[0].line["peer"].replace("-compile", "").replace("-channels-last", "")
            name = "%s %s%s" % (version, first, others and " (%s)" % others)
        unit = ours[0].line["unit"]
        self.report.add(workload, unit, "more", rates(ours), rates(best), name)
        if half:
            self.report.add(workload + ", peer in bf16", unit, "more", rates(ours), rates(half),
                            half[0].line["peer"])
        self.report.add(workload + ", peak memory", "MB", "less", memory(ours), memory(best), name)
        if probe:
            self.share(workload, probe, ours, best, limit, name)

    def share(self, workload, probe, ours, best, limit, name):
        """Of what the machine gives to a plain product, or to a plain loop that reads the weights."""
        work = gigaflop(workload)
        if work:  # GFLOP/s over those of sgemm, which come in MFLOP/s
            self.report.add("sgemm", "GFLOP/s", "more", [run.rate / 1e3 for run in limit])
            top = median(limit) / 1e3

            def shares(runs):
                return [work / (run.line["median_ms"] / 1e3) / top for run in runs]
            self.report.add("%s, %.1f GFLOP, share of sgemm" % (workload, work), "", "more",
                            shares(ours), shares(best), name)
        else:
            self.report.add(probe, "tokens/s", "more", rates(limit))
            top = median(limit)
            self.report.add(workload + ", share of reading", "", "more",
                            [run.rate / top for run in ours], [run.rate / top for run in best], name)


def rates(runs):
    return [run.rate for run in runs]


def short(rate):
    return "%.0f" % rate if rate >= 100 else "%.1f" % rate
