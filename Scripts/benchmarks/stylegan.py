#!/usr/bin/env python3
"""StyleGAN2 in PyTorch (Scripts/fixtures/stylegan2.py) against `aigc bench stylegan2-train` and `stylegan2-sample`.

    python3 Scripts/benchmarks/stylegan.py train [--aigc PATH] [--size 32] [--batch 32] [--seconds 20] [--compile]
    python3 Scripts/benchmarks/stylegan.py sample [--aigc PATH] [--seconds 20] [--compile]

train: 16 steps are one call, since R1 comes each 16th step and the path length each fourth, with half the batch;
batches have two styles with a chance of 0.9, layers draw their noise, nothing is augmented. z and w have 128 numbers,
maps 2048 / resolution channels but at most 128, the mapping eight layers. Ours has 32 px and a batch of 32; other sizes
show PyTorch alone.
sample: one image of 256 px at NVlabs' widths with random weights.

PyTorch runs in both layouts, in float32 and with autocast to bfloat16; --compile adds its compiler, for all but the
steps of regularisation, whose double backward passes it cannot compile. The best in float32 counts. All run in turns,
ours and each setting in processes of their own, on an idle machine; peak memory is that of the process. Ratios are
ours / PyTorch: of rates, above 1 is ours faster; of seconds and memory, below 1 is ours less. Without --aigc there is
PyTorch alone. --smoke: tiny sizes, for seconds, to see that all runs and has its form.
"""
import argparse, importlib.util, json, os, statistics, sys, tempfile, time

sys.dont_write_bytecode = True
# A script's own folder is searched first, and this one holds another torch.py.
HERE = os.path.dirname(os.path.realpath(__file__))
SCRIPTS = os.path.dirname(HERE)
sys.path[:] = [SCRIPTS] + [place for place in sys.path if os.path.realpath(place) != HERE]
from benchmarks.measure import Report, aigc, in_turns
from benchmarks.torch import Measured

LAYOUTS = {"eager": [], "eager, channels last": ["--channels-last"]}
COMPILED = {name.replace("eager", "compiled"): [*flags, "--compile"] for name, flags in LAYOUTS.items()}
SIZE, BATCH = 32, 32
# z and w, cbase, cmax, layers of mapping.
WIDTHS = {"train": (128, 2048, 128, 8), "sample": (512, 16384, 512, 8), "smoke": (8, 64, 8, 2)}


# The peer: one setting in a process of its own, which prints a line as torch_bench.py does.

def networks(options):
    """The module of the networks, a generator and a discriminator, their latents' width and the layout of maps."""
    sys.path.append(os.path.join(SCRIPTS, "fixtures"))
    import stylegan2
    import torch
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    is_training = options.what == "train"
    width, cbase, cmax, layers = WIDTHS["smoke" if options.smoke else options.what]
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    G = stylegan2.Generator(width, 0, width, options.size, 3, cbase, cmax, layers).to(memory_format=layout)
    # Sampling needs no discriminator, whose weights would count.
    D = stylegan2.Discriminator(0, options.size, 3, cbase, cmax).to(memory_format=layout) if is_training else None
    return stylegan2, G, D, width, layout


def training(options):
    """A call of 16 steps, and its images."""
    import torch
    stylegan2, G, D, width, layout = networks(options)
    trained = stylegan2.Training(G, D, 0.0002 * options.size ** 2 / options.batch, mixing=0.9, fused=True)
    if options.compile:
        trained.mapping, trained.synthesis = torch.compile(G.mapping), torch.compile(G.synthesis)
        trained.judge = torch.compile(D)
    real = (torch.rand(options.batch, 3, options.size, options.size) * 2 - 1).to(memory_format=layout)

    def steps(count=16):
        # Each call begins with a step that has both regularisations.
        trained.steps = 0
        for _ in range(count):
            trained.step(torch.randn(options.batch, width), real)
    steps(1 if options.smoke else 5)
    return steps, 16 * options.batch


def sampling(options):
    """A call of one image."""
    import torch
    _, G, _, width, _ = networks(options)
    made = torch.compile(G) if options.compile else G
    z = torch.randn(1, width)

    def image():
        with torch.inference_mode():
            made(z, noise="const")
    image()
    return image, 1


def peer(options):
    import torch
    with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
        call, images = (training if options.what == "train" else sampling)(options)
        times, end = [], time.perf_counter() + options.seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    seconds = statistics.median(times)
    print(json.dumps({
        "workload": "stylegan2-" + options.what, "peer": "torch-" + torch.__version__, "unit": "images/s",
        "rate": round(images / seconds, 4), "median_ms": round(seconds * 1e3, 3), "threads": torch.get_num_threads()}))


# The table.

class StyleGAN:
    """Runs of ours and of each setting in turns, a line for each setting, and rows of ours beside the best."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.workload = "stylegan2-" + options.what
        self.settings, self.rows = {**LAYOUTS, **(COMPILED if options.compile else {})}, []
        self.settings |= {name + ", bf16": [*flags, "--bf16"] for name, flags in self.settings.items()}

    def ours(self):
        return Measured(self.workload, [
            aigc(self.options), "bench", self.workload, "--seconds", str(self.options.seconds), "--threads",
            str(self.options.threads)], self.folder)

    def peer(self, flags):
        """None where a setting cannot run: not every processor has bfloat16."""
        numbers = ("size", "batch", "seconds", "threads")
        command = [self.options.python, os.path.realpath(__file__), self.options.what, "--peer", *flags, *[
            part for name in numbers for part in ("--" + name, str(getattr(self.options, name)))]]
        try:
            return Measured(self.workload, command + (["--smoke"] if self.options.smoke else []), self.folder)
        except SystemExit as reason:
            if "--bf16" not in flags:
                raise
            print("stylegan: %s" % str(reason).strip().splitlines()[-1], file=sys.stderr)

    def run(self):
        peers = [lambda flags=flags: self.peer(flags) for flags in self.settings.values()]
        ours, *peers = in_turns(self.options.runs, self.options.aigc and self.ours, *peers)
        found = {name: [run for run in runs if run] for name, runs in zip(self.settings, peers)}
        for name, runs in found.items():
            if runs:
                self.show(name, runs)
        best = max((name for name in found if "bf16" not in name), key=lambda name: self.figure("rate", found[name]))
        self.compare(ours if self.options.aigc else [], found[best], best)
        return self.rows

    def figure(self, key, runs):
        return statistics.median(run.megabytes if key == "megabytes" else run.line[key] for run in runs)

    def show(self, name, runs):
        row = {"schema": 1, "benchmark": self.workload, "setting": name, "rate": self.figure("rate", runs),
               "runs": [run.line["rate"] for run in runs], "unit": "images/s",
               "megabytes": self.figure("megabytes", runs)}
        self.rows.append(row)
        print(json.dumps(row) if self.options.json else "%-44s %12.3f images/s %8.0f MB" % (
            name, row["rate"], row["megabytes"]), flush=True)

    def compare(self, ours, best, name):
        if not ours:
            row = {"schema": 1, "benchmark": self.workload, "best": name, "rate": self.figure("rate", best)}
            self.rows.append(row)
            return print(json.dumps(row) if self.options.json else "the best in float32: %s" % name)
        report, name = Report(self.options.json), "%s %s" % (best[0].line["peer"], name)
        if self.options.what == "train":
            report.add(self.workload, "images/s", "more", *([run.line["rate"] for run in runs]
                                                            for runs in (ours, best)), name)
        else:
            report.add(self.workload, "s", "less", *([run.line["median_ms"] / 1e3 for run in runs]
                                                     for runs in (ours, best)), name)
        report.add(self.workload + ", peak memory", "MB", "less", *([run.megabytes for run in runs]
                                                                    for runs in (ours, best)), name)
        self.rows += report.rows


def checked(rows, settings):
    """Ends a trial whose rows are not what they must be."""
    shown = [row for row in rows if "setting" in row]
    full = [row for row in shown if "bf16" not in row["setting"]]
    last = [row for row in rows if "setting" not in row]
    fits = all(row["rate"] > 0 and row["megabytes"] > 0 for row in shown) and len(full) == settings // 2 and (
        [row["rate"] for row in last] == [max(row["rate"] for row in full)] if "best" in last[0]
        else len(last) == 2 and all(row["ours"] > 0 and row["ratio"] > 0 for row in last))
    if not fits:
        sys.exit("stylegan: unexpected rows: %s" % json.dumps(rows))
    print("smoke: %d settings run" % len(shown))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "sample"])
    parser.add_argument("--aigc", metavar="PATH", type=os.path.abspath, help="the program to measure")
    parser.add_argument("--python", metavar="PYTHON", default=sys.executable, help="an interpreter with PyTorch")
    parser.add_argument("--size", type=int, help="pixels of a side (default %d; sample: 256)" % SIZE)
    parser.add_argument("--batch", type=int, default=BATCH, help="of training (default %d)" % BATCH)
    parser.add_argument("--seconds", type=float, default=20, help="of each run, 16 steps at least (default 20)")
    parser.add_argument("--runs", type=int, default=3, help="of ours and of each setting (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="of both sides (default 2)")
    parser.add_argument("--compile", action="store_true", help="PyTorch's compiler too")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, once, on one thread")
    for name in ("peer", "channels-last", "bf16"):
        parser.add_argument("--" + name, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    usual = {"train": SIZE, "sample": 256}[options.what]
    if options.smoke:
        options.size, options.batch, options.seconds, options.runs, options.threads = 8, 4, 0.1, 1, 1
    elif options.aigc and ((options.size or usual) != usual or options.batch != BATCH):
        sys.exit("stylegan: ours has one size: --size and --batch go without --aigc")
    options.size = options.size or usual
    if options.peer:
        return peer(options)
    if options.python == sys.executable and importlib.util.find_spec("torch") is None:
        if options.smoke:
            return print("skipped: this Python has no torch")
        sys.exit("stylegan: this Python has no torch: Scripts/peers/README.md says how to install it")
    with tempfile.TemporaryDirectory() as folder:
        bench = StyleGAN(options, folder)
        rows = bench.run()
    if options.smoke:
        checked(rows, len(bench.settings))


if __name__ == "__main__":
    main()
