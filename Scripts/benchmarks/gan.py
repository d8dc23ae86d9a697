"""Quality of GAN and DCGAN beside the same networks trained in PyTorch for the same steps.

Both sides' generators are measured by `aigc evaluate`: 10,000 samples against the test images, on the features
of the same classifier. Trainings take minutes to hours; what stands in --models is not trained again.
"""
import json, os, sys

from .measure import ROOT, Report, Run, aigc

PEER = os.path.join(ROOT, "Scripts/peers/torch_gan.py")
FIGURES = [("frechet_distance", "less"), ("kid", "less"), ("precision", "more"), ("recall", "more")]


class GANQuality:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.data = os.path.realpath(options.data)
        self.models = options.models or folder
        self.report = Report(options.json)

    def steps(self, kind):
        return self.options.steps or {"gan": 9370, "dcgan": 937}[kind]

    def ours(self, kind, seed):
        model = os.path.join(self.models, "aigc-%s-%d" % (kind, seed))
        if not os.path.exists(model):
            Run([self.aigc, "train", kind, os.path.join(self.data, "train-images-idx3-ubyte.gz"), "--steps",
                 str(self.steps(kind)), "--seed", str(seed), "--out", model, "--quiet"], self.folder)
        return self.measured(model, seed)

    def peer(self, kind, seed):
        if not self.options.python:
            return None
        source = os.path.join(self.models, "torch-%s-%d" % (kind, seed))
        if not os.path.exists(source):
            Run([self.options.python, PEER, kind, "--data", self.data, "--steps", str(self.steps(kind)),
                 "--seed", str(seed), "--out", source], self.folder)
        model = os.path.join(self.folder, "peer-%s-%d" % (kind, seed))
        Run([self.aigc, "convert", os.path.join(source, "generator.pth"), model, "--family", kind], self.folder)
        return self.measured(model, seed)

    def measured(self, model, seed):
        command = [self.aigc, "evaluate", model, os.path.join(self.data, "t10k-images-idx3-ubyte.gz"), "--num",
                   str(self.options.num), "--seed", str(seed), "--json"]
        if self.options.features:
            command += ["--features", self.options.features]
        return json.loads(Run(command, self.folder).output)

    def run(self):
        for kind in self.options.workloads or ["gan", "dcgan"]:
            if kind not in ("gan", "dcgan"):
                sys.exit("bench: gan or dcgan, not %s" % kind)
            seeds = range(1, self.options.runs + 1)
            ours = [self.ours(kind, seed) for seed in seeds]
            peer = [one for one in (self.peer(kind, seed) for seed in seeds) if one]
            name = "PyTorch, %d steps" % self.steps(kind) if peer else ""
            for figure, better in FIGURES:
                self.report.add("%s, %s" % (kind, figure), "", better, [one[figure] for one in ours],
                                [one[figure] for one in peer], name)
                if not self.options.json:
                    print("    ours %s   peer %s" % tuple(
                        " ".join("%.4g" % one[figure] for one in side) for side in (ours, peer)), flush=True)
            if not self.options.json:
                for side, runs in (("ours", ours), ("peer", peer)):
                    for one in runs:
                        print("    %s, shares of the classes: %s" % (side, one.get("class_shares")), flush=True)
