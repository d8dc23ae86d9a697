"""Anomalies: an autoencoder learns all classes but one, and scores images of all of them.

For each class the area under the ROC curve, that class being the anomaly, by each measure of `aigc score`; the last
row is their mean.
"""
import json, os, statistics

from .measure import Run, aigc

MEASURES = ["relative", "deviance", "reconstruction", "elbo"]


class Anomalies:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.data = os.path.realpath(options.data)
        self.models = options.models or folder
        self.rows = []

    def trained(self, kind):
        name = "anomalies-%s-%s-%d" % (os.path.basename(self.data), self.options.network, kind)
        model = os.path.join(self.models, name)
        if not os.path.exists(model):
            Run([self.aigc, "train", "vae", os.path.join(self.data, "train-images-idx3-ubyte.gz"), "--without",
                 str(kind), "--network", self.options.network, "--epochs", str(self.options.epochs), "--seed", "1",
                 "--out", model, "--quiet"], self.folder)
        return model

    def area(self, model, kind, measure):
        run = Run([self.aigc, "score", model, os.path.join(self.data, "t10k-images-idx3-ubyte.gz"), "--anomaly",
                   str(kind), "--measure", measure, "--json", "--quiet"], self.folder)
        return json.loads(run.output)["roc_auc"]

    def show(self, name, areas):
        row = {"schema": 1, "benchmark": "anomalies, %s" % name, "unit": "area", "roc_auc": areas}
        self.rows.append(row)
        if self.options.json:
            print(json.dumps(row), flush=True)
        else:
            print("%-8s" % name + "".join("%16.4f" % areas[measure] for measure in MEASURES), flush=True)

    def run(self):
        if not self.options.json:
            print("%-8s" % "left out" + "".join("%16s" % measure for measure in MEASURES))
        classes = [int(name) for name in self.options.workloads] or range(10)
        for kind in classes:
            model = self.trained(kind)
            self.show(str(kind), {measure: self.area(model, kind, measure) for measure in MEASURES})
        means = {measure: statistics.mean(row["roc_auc"][measure] for row in self.rows) for measure in MEASURES}
        self.show("mean", means)
