"""What images cost and keep: VAEs of several latent sizes and VQ-VAEs beside JPEG and PNG of the same images.

Each of ours is measured by `aigc encode` on the test images; the peer is what JPEG needs for the same PSNR,
interpolated between its qualities. What stands in --models is not trained again.
"""
import json, math, os

from .measure import ROOT, Report, Run, aigc

PEER = os.path.join(ROOT, "Scripts/peers/jpeg_png.py")


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
                print("    PNG       %8.1f bits an image, lossless   (%s)" % (peer["bits"], peer["peer"]))
            else:
                print("    JPEG %3d  %8.1f bits an image, %8.1f of them coded numbers, %5.2f dB" % (
                    peer["quality"], peer["bits"], peer["scan_bits"], peer["psnr"]), flush=True)
        curve = sorted((peer for peer in peers if peer["format"] == "jpeg"), key=lambda peer: peer["psnr"])
        for latent in (2, 5, 10, 20, 40):
            model = self.model("vae-%d" % latent, 10, "--latent", str(latent))
            for step in ("0.5", "1"):
                self.compare("vae, latent %d, step %s" % (latent, step), self.encoded(model, "--step", step), curve)
        # With a deviation that is learned latents say more, and squared errors are what is learned from.
        for latent in (20, 40):
            model = self.model("vae-%d-gaussian" % latent, 10, "--latent", str(latent), "--likelihood", "gaussian")
            for step in ("0.25", "0.5"):
                self.compare("vae, latent %d, gaussian, step %s" % (latent, step),
                             self.encoded(model, "--step", step), curve)
        for codes in (16, 64, 256, 1024):
            model = self.model("vq-%d" % codes, 5, "--vq", "--codes", str(codes), "--likelihood", "gaussian")
            self.compare("vq-vae, 7x7 of %d codes" % codes, self.encoded(model), curve)

    def compare(self, name, ours, curve):
        psnr, bits = ours["psnr"] or math.inf, ours["bits_per_picture"]
        name = "%s, %.2f dB" % (name, psnr)
        if not curve or not curve[0]["psnr"] <= psnr <= curve[-1]["psnr"]:
            return self.report.add(name, "bits", "less", [bits], [], "no JPEG is so small" if curve else "")
        for key, what in (("bits", "JPEG files"), ("scan_bits", "JPEG without headers")):
            self.report.add(name, "bits", "less", [bits], [at(curve, psnr, key)], what)


def at(curve, psnr, key):
    """The bits of JPEG at a PSNR: their logarithm is interpolated."""
    for left, right in zip(curve, curve[1:]):
        if left["psnr"] <= psnr <= right["psnr"]:
            share = (psnr - left["psnr"]) / max(right["psnr"] - left["psnr"], 1e-9)
            return math.exp((1 - share) * math.log(left[key]) + share * math.log(right[key]))
