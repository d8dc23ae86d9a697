"""What pictures cost and keep: VAEs of several latent sizes and VQ-VAEs beside JPEG and PNG of the same pictures.

Each of ours is measured by `aigc encode` on the test pictures; the peer is what JPEG needs for the same PSNR,
interpolated between its qualities. What stands in --models is not trained again.
"""
import json, math, os

from .measure import ROOT, Report, Run, aigc

PEER = os.path.join(ROOT, "Scripts/peers/jpeg_png.py")
STEPS = ["0.25", "0.5", "1"]


class Compression:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.data = os.path.realpath(options.data)
        self.test = os.path.join(self.data, "t10k-images-idx3-ubyte.gz")
        self.models = options.models or folder
        self.report = Report(options.json)

    def model(self, name, epochs, *flags):
        path = os.path.join(self.models, "aigc-" + name)
        if not os.path.exists(path):
            length = ["--steps", str(self.options.steps)] if self.options.steps else ["--epochs", str(epochs)]
            Run([self.aigc, "train", "vae", os.path.join(self.data, "train-images-idx3-ubyte.gz"), *flags, *length,
                 "--seed", "1", "--out", path, "--quiet"], self.folder)
        return path

    def encoded(self, model, *flags):
        return json.loads(Run([self.aigc, "encode", model, self.test, "--limit", str(self.options.num), "--out",
                               os.path.join(self.folder, "file.aigl"), "--json", *flags], self.folder).output)

    def run(self):
        peers = []
        if self.options.python:
            lines = Run([self.options.python, PEER, self.test, "--num", str(self.options.num)], self.folder).output
            peers = [json.loads(line) for line in lines.splitlines()]
        for peer in peers:
            if self.options.json:
                print(json.dumps({"schema": 1, "benchmark": "%s-%s" % (peer["format"], peer.get("quality", "")), **peer}))
            elif peer["format"] == "png":
                print("    PNG       %8.1f bits a picture, lossless   (%s)" % (peer["bits"], peer["peer"]))
            else:
                print("    JPEG %3d  %8.1f bits a picture, %8.1f of them coded numbers, %5.2f dB" % (
                    peer["quality"], peer["bits"], peer["scan_bits"], peer["psnr"]), flush=True)
        curve = [peer for peer in peers if peer["format"] == "jpeg"]
        for latent in (2, 5, 10, 20, 40):
            model = self.model("vae-%d" % latent, 10, "--latent", str(latent))
            for step in STEPS:
                self.compare("vae, latent %d, step %s" % (latent, step), self.encoded(model, "--step", step), curve)
        for codes, dimension in ((16, 16), (64, 16), (256, 16), (1024, 16)):
            model = self.model("vq-%d" % codes, 5, "--vq", "--codes", str(codes), "--code-dim", str(dimension))
            self.compare("vq-vae, 7x7 of %d codes" % codes, self.encoded(model), curve)

    def compare(self, name, ours, curve):
        psnr, bits = ours["psnr"], ours["bits_per_picture"]
        for key, what in (("bits", "JPEG files"), ("scan_bits", "JPEG without headers")):
            peer, place = at(curve, psnr, key) if curve else (None, "")
            self.report.add("%s, %.2f dB" % (name, psnr or math.inf), "bits", "less", [bits],
                            [peer] if peer else [], what + place if peer else "")
            if not curve:
                return


def at(curve, psnr, key):
    """The bits of JPEG at a PSNR: their logarithm is interpolated."""
    points = sorted((peer["psnr"], math.log(peer[key])) for peer in curve)
    if psnr is None or psnr >= points[-1][0]:
        return math.exp(points[-1][1]), " (at most %.1f dB)" % points[-1][0]
    if psnr <= points[0][0]:
        return math.exp(points[0][1]), " (at least %.1f dB)" % points[0][0]
    for (low, left), (high, right) in zip(points, points[1:]):
        if low <= psnr <= high:
            return math.exp(left + (right - left) * (psnr - low) / max(high - low, 1e-9)), ""
