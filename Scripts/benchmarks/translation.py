#!/usr/bin/env python3
"""Quality of unpaired image translation (CycleGAN), measured so that a blur of the input cannot win.

    python3 Scripts/benchmarks/translation.py data OUT [--size 32] [--images DIR]
    python3 Scripts/benchmarks/translation.py outline OUT --unpaired DIR --paired DIR [--back DIR [--paired-back DIR]]
                                              [--json]
    python3 Scripts/benchmarks/translation.py judges OUT --out judges.pt [--steps N] [--threads N] [--json]
    python3 Scripts/benchmarks/translation.py style OUT judges.pt --ab DIR --ba DIR [--aigc PATH
        --features MODEL] [--json]
    python3 Scripts/benchmarks/translation.py smoke

data: makes the folders that the trainings and the tables read, from emoji-noto-64.tar and emoji-twemoji-64.tar in
DIR (by default the folder images of AIGC_TEST_DATA): OUT/noto and OUT/twemoji, each with train and test, and
OUT/outline for the task with a known truth, drawings of Noto to their outlines: trainA (colour of one half of the
training images), trainB (outlines of the other half), pairedA and pairedB (colour and outline of the first half),
testA and testB.

outline: how near translations of outline/testA come to outline/testB, beside the input itself, its blur and a
constant image, and whether unpaired training comes at least halfway from the unchanged input to paired training.
--back takes translations of testB to colour, and measures them against testA and by their own outlines, also beside
those that training on pairs gives (--paired-back).

judges: trains the two networks that judge a style, in minutes: a classifier of Noto against Twemoji, which sees
blurred, sharpened, shifted and noisy images of both, so that sharpness tells it nothing; and an embedding in which
the two drawings of the same emoji are near.

style: translations of noto/test to Twemoji (--ab) and of twemoji/test to Noto (--ba), beside the input, its blur, a
constant image and the true test images: distances to the target's training images (`aigc evaluate`; only with
--aigc), the share that the classifier takes for the target, and how often the true counterpart is the nearest of
all the target's test images (R@1).

The folders of translations hold PNGs with the names of the test images. Needs: torch, numpy, pillow.
"""
import argparse, contextlib, importlib.util, io, json, os, random, subprocess, sys, tarfile, tempfile, time

sys.dont_write_bytecode = True
# A script's own folder is searched first, and this one holds another torch.py: it goes behind all others.
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:] = [place for place in sys.path if os.path.realpath(place) != HERE]
needed = [name for name in ("torch", "numpy", "PIL") if importlib.util.find_spec(name) is None]
if needed:
    # Scripts/bench runs with any Python, and measures without a peer where there is none.
    if sys.argv[1:] == ["smoke"]:
        print("skipped: this Python has no %s" % ", ".join(needed))
        sys.exit(0)
    sys.exit("translation: this Python has no %s: Scripts/peers/README.md says how to install it" % ", ".join(needed))
import numpy, torch
from PIL import Image
sys.path.append(HERE)
from translation_parts import (
    BLUR, JUDGES, SIDE, blurred, domain_loss, eight_bits, l1, load, names, outline, pair_loss, resized, retrieval, save,
    share, ssim, trained)

DOMAINS = ["noto", "twemoji"]
BARS = {"real": 0.95, "blurred": 0.20, "domain": 0.70, "retrieval": 0.8}


# Tables.

class Table:
    """Rows of figures and bars, printed as soon as they are known."""

    def __init__(self, title, columns, as_json):
        self.title, self.columns, self.json, self.rows = title, columns, as_json, []
        if not as_json:
            print("\n%-40s" % title + "".join("%14s" % column for column in columns))

    def emit(self, row, text):
        self.rows.append(row)
        print(json.dumps(row) if self.json else text, flush=True)

    def add(self, name, **figures):
        self.emit({"schema": 1, "benchmark": "translation, %s" % self.title, "row": name, **figures},
                  "%-40s" % name + "".join("%14s" % ("" if figures.get(column) is None else "%.4g" % figures[column])
                                           for column in self.columns))
        return figures

    def bar(self, name, value, bar, better="more"):
        met = bool(value >= bar if better == "more" else value <= bar)
        self.emit({"schema": 1, "benchmark": "translation, %s" % self.title, "bar": name, "value": value, "limit": bar,
                   "better": better, "met": met},
                  "%s: %.4g, bar: %s %.4g: %s" % (
                      name, value, "at least" if better == "more" else "at most", bar, "yes" if met else "no"))


def baselines(source, target_training):
    """What any translation has to beat: the input, its blur, and the mean image of the target for every input."""
    constant = eight_bits(target_training.mean(0, keepdim=True)).repeat(len(source), 1, 1, 1)
    return [("unchanged", source), ("blur of %.1f px" % BLUR, eight_bits(blurred(source))),
            ("mean training image", constant)]


# data

def unpacked(archive, folder):
    """The PNGs of an archive's train and test, as they are."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = member.name.split("/")
            if member.isfile() and len(parts) > 1 and parts[-2] in ("train", "test") and parts[-1].endswith(".png"):
                place = os.path.join(folder, parts[-2])
                os.makedirs(place, exist_ok=True)
                with open(os.path.join(place, parts[-1]), "wb") as file:
                    file.write(tar.extractfile(member).read())


def data(options):
    source = options.images or os.path.join(os.environ.get("AIGC_TEST_DATA", ""), "images")
    for domain in DOMAINS:
        archive = os.path.join(source, "emoji-%s-64.tar" % domain)
        if not os.path.exists(archive):
            sys.exit("translation: no %s: set AIGC_TEST_DATA, or --images" % archive)
        unpacked(archive, os.path.join(options.out, domain))
    noto = os.path.join(options.out, "noto")
    training, test = names(os.path.join(noto, "train")), names(os.path.join(noto, "test"))
    # Neighbours in Unicode are alike, so that every other image gives two halves of the same kinds.
    first, second = training[::2], training[1::2]
    colour = lambda part, which: resized(load(os.path.join(noto, part), which), options.size)
    half, tests = colour("train", first), colour("test", test)
    for name, which, images in [
            ("trainA", first, half), ("trainB", second, outline(colour("train", second))), ("pairedA", first, half),
            ("pairedB", first, outline(half)), ("testA", test, tests), ("testB", test, outline(tests))]:
        save(os.path.join(options.out, "outline", name), which, images)
        print("%s: %d images" % (os.path.join(options.out, "outline", name), len(which)))


# outline

def of_size(images, like, folder):
    if images.shape[-2:] != like.shape[-2:]:
        sys.exit("translation: images of %d x %d pixels in %s, where the test images have %d x %d" % (
            images.shape[3], images.shape[2], folder, like.shape[3], like.shape[2]))
    return images


def outlines(options):
    root = os.path.join(options.data, "outline")
    which = names(os.path.join(root, "testA"))
    colour, lines = load(os.path.join(root, "testA"), which), load(os.path.join(root, "testB"), which)
    table = Table("to outlines", ["l1", "ssim"], options.json)
    rows = baselines(colour, load(os.path.join(root, "trainB")))
    for name in ("unpaired", "paired"):
        folder = getattr(options, name)
        rows.append((name, of_size(load(folder, which), lines, folder)))
    figures = {name: table.add(name, l1=l1(images, lines), ssim=ssim(images, lines)) for name, images in rows}
    unchanged, paired, unpaired = (figures[name] for name in ("unchanged", "paired", "unpaired"))
    for figure, better in (("l1", "less"), ("ssim", "more")):
        table.bar("unpaired halfway to paired, %s" % figure, unpaired[figure],
                  (unchanged[figure] + paired[figure]) / 2, better)
    return table.rows + (back(options, root, which, colour, lines) if options.back else [])


def back(options, root, which, colour, lines):
    """From outlines to colour, where many answers are right: those whose own outline is the input.

    The filter applied to the unchanged input doubles its lines; that is where a translation starts. The colour images
    themselves reach exactly 1, as do all others with those outlines, so that halfway lies between the two. The
    distance to the one colour image that the outline came from is shown beside, without a bar: an unpaired
    translation cannot know the hues. It also shows an image that has the outlines, but not the colours of any.
    """
    table = Table("from outlines to colour", ["l1", "ssim", "outline_ssim"], options.json)
    figures = {}
    rows = baselines(lines, load(os.path.join(root, "trainA")))
    rows.append(("unpaired", of_size(load(options.back, which), lines, options.back)))
    if options.paired_back:
        rows.append(("paired", of_size(load(options.paired_back, which), lines, options.paired_back)))
    for name, images in rows + [("true colour", colour)]:
        figures[name] = table.add(name, l1=l1(images, colour), ssim=ssim(images, colour),
                                  outline_ssim=ssim(outline(images).expand(-1, 3, -1, -1), lines))
    for end, top in (("paired", figures.get("paired", {}).get("outline_ssim")), ("1", 1)):
        if top is not None:
            table.bar("outline of the output, halfway to %s" % end, figures["unpaired"]["outline_ssim"],
                      (figures["unchanged"]["outline_ssim"] + top) / 2)
    return table.rows


# judges

def pairs(root, part):
    """The images of both domains with the same names."""
    which = names(os.path.join(root, DOMAINS[0], part))
    return [load(os.path.join(root, domain, part), which) for domain in DOMAINS]


def judges(options):
    torch.set_num_threads(options.threads)
    training, test = ([resized(side, SIDE) for side in pairs(options.data, part)] for part in ("train", "test"))
    nets, count = {}, len(training[0])
    for name, loss, batch, steps, rate in [("classifier", domain_loss, 32, options.steps, 3e-3),
                                           ("encoder", pair_loss, 128, -(-options.steps // 4), 2e-3)]:
        torch.manual_seed(1), random.seed(1)
        start = time.perf_counter()
        nets[name] = trained(JUDGES[name](), loss, training, min(batch, count), steps, rate)
        print("%s: %d steps, %.0f s" % (name, steps, time.perf_counter() - start), file=sys.stderr, flush=True)
    table = Table("judges", ["real", "blurred_taken", "r1_unchanged", "r1_blurred"], options.json)
    for source, target in ((0, 1), (1, 0)):
        soft = eight_bits(blurred(test[source]))
        table.add("%s to %s" % (DOMAINS[source], DOMAINS[target]), real=share(nets["classifier"], test[source], source),
                  blurred_taken=share(nets["classifier"], soft, target),
                  r1_unchanged=retrieval(nets["encoder"], test[source], test[target]),
                  r1_blurred=retrieval(nets["encoder"], soft, test[target]))
    figures = list(table.rows)
    table.bar("real test images told apart", sum(row["real"] for row in figures) / 2, BARS["real"])
    table.bar("blurred images taken for the target", max(row["blurred_taken"] for row in figures), BARS["blurred"],
              "less")
    torch.save({"figures": table.rows, **{name: net.state_dict() for name, net in nets.items()}}, options.out)
    return table.rows


# style

def distances(options, images, real, folder):
    """Of a row's images to the target's training images at the same size: as `aigc evaluate` says."""
    made = os.path.join(folder, "row")
    save(made, ["%04d.png" % index for index in range(len(images))], images)
    command = [options.aigc, "evaluate", made, real, "-q", "--json"]
    process = subprocess.run(command + (["--features", options.features] if options.features else []),
                             capture_output=True, text=True)
    if process.returncode:
        sys.exit("translation: %s\n%s" % (" ".join(command), process.stderr[-2000:]))
    found = json.loads(process.stdout)
    return {"frechet": found["frechet_distance"], "kid": found["kid"]}


def direction(options, nets, source, target, translated_folder):
    """One direction's table. Translations set the size: all else is brought to it first, then all to the judges'."""
    root, a, b = options.data, DOMAINS[source], DOMAINS[target]
    which = names(os.path.join(root, a, "test"))
    translated = load(translated_folder, which)
    side = translated.shape[-1]
    at_side = lambda *place, which=None: resized(load(os.path.join(root, *place), which), side)
    training, true, unchanged = at_side(b, "train"), at_side(b, "test", which=which), at_side(a, "test", which=which)
    columns = (["frechet", "kid"] if options.aigc else []) + ["domain", "r1"]
    table, rows, gallery = Table("%s to %s, %d px" % (a, b, side), columns, options.json), {}, resized(true, SIDE)
    with tempfile.TemporaryDirectory() as folder:
        real = os.path.join(folder, "training")
        if options.aigc:
            save(real, names(os.path.join(root, b, "train")), training)
        for name, images in baselines(unchanged, training) + [("translated", translated), ("true", true)]:
            judged = resized(images, SIDE)
            rows[name] = table.add(name, **(distances(options, images, real, folder) if options.aigc else {}),
                                   domain=share(nets["classifier"], judged, target),
                                   r1=retrieval(nets["encoder"], judged, gallery))
    if options.aigc:
        table.bar("Fréchet distance, halfway from unchanged to true", rows["translated"]["frechet"],
                  (rows["unchanged"]["frechet"] + rows["true"]["frechet"]) / 2, "less")
    table.bar("share taken for the target", rows["translated"]["domain"], BARS["domain"])
    table.bar("R@1, %g of that of unchanged" % BARS["retrieval"], rows["translated"]["r1"],
              BARS["retrieval"] * rows["unchanged"]["r1"])
    return table.rows


def style(options):
    if not options.ab and not options.ba:
        sys.exit("translation: --ab or --ba is needed")
    torch.set_num_threads(options.threads)
    saved, nets = torch.load(options.judges, weights_only=True), {name: make() for name, make in JUDGES.items()}
    for name, net in nets.items():
        net.load_state_dict(saved[name])
        net.eval()
    return [row for source, target, folder in ((0, 1, options.ab), (1, 0, options.ba)) if folder
            for row in direction(options, nets, source, target, folder)]


# smoke

def smoke(options):
    """Everything for a moment on images of chance: does it run, have the tables their form?"""
    numbers = numpy.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        for domain in DOMAINS:
            with tarfile.open(os.path.join(folder, "emoji-%s-64.tar" % domain), "w") as tar:
                for index in range(22):
                    file = io.BytesIO()
                    Image.fromarray(numbers.integers(0, 256, (SIDE, SIDE, 3), dtype=numpy.uint8)).save(file, "png")
                    member = tarfile.TarInfo("top/%s/%02d.png" % ("train" if index < 16 else "test", index))
                    member.size = file.tell()
                    tar.addfile(member, io.BytesIO(file.getvalue()))
        out, judge = os.path.join(folder, "out"), os.path.join(folder, "judges.pt")
        test = lambda name: os.path.join(out, name)
        for count, command in [
                (None, ["data", out, "--images", folder]),
                (15, ["outline", out, "--unpaired", test("outline/testA"), "--paired", test("outline/testB"),
                      "--back", test("outline/testB"), "--paired-back", test("outline/testA"), "--json"]),
                (4, ["judges", out, "--out", judge, "--steps", "1", "--json"]),
                (14, ["style", out, judge, "--ab", test("noto/test"), "--ba", test("twemoji/test"), "--json"])]:
            with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.redirect_stderr(io.StringIO()):
                rows = run(command)
            if count is not None and (
                    [json.loads(line) for line in text.getvalue().splitlines()] != rows or len(rows) != count):
                sys.exit("translation: unexpected rows of %s: %s" % (command[0], text.getvalue()))
    print("smoke: data, outline, judges and style run")


def run(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, function, about, *positional):
        own = commands.add_parser(name, help=about, description=about)
        own.set_defaults(function=function)
        for one in positional:
            own.add_argument(one)
        if function not in (data, smoke):
            own.add_argument("--json", action="store_true", help="one JSON object a line")
        return own

    own = command("data", data, "makes the folders of the trainings and tables", "out")
    own.add_argument("--size", type=int, default=32, help="of the task with outlines, in pixels (default 32)")
    own.add_argument("--images", metavar="DIR", help="the archives (default: the folder images of AIGC_TEST_DATA)")
    own = command("outline", outlines, "measures colour to outlines, and back", "data")
    for name in ("unpaired", "paired", "back", "paired-back"):
        own.add_argument("--" + name, metavar="DIR", required="back" not in name, help="translations")
    own = command("judges", judges, "trains the networks that judge a style", "data")
    own.add_argument("--out", metavar="FILE", required=True)
    own.add_argument("--steps", type=int, default=1200, help="of the classifier (default 1200); the encoder: a fourth")
    own.add_argument("--threads", type=int, default=1)
    own = command("style", style, "measures Noto to Twemoji, and back", "data", "judges")
    for name, what in (("ab", "Noto to Twemoji"), ("ba", "Twemoji to Noto")):
        own.add_argument("--" + name, metavar="DIR", help="translations of the test images, " + what)
    own.add_argument("--aigc", metavar="PATH", type=os.path.abspath, help="the program that measures distances")
    own.add_argument("--features", metavar="MODEL", type=os.path.abspath, help="its classifier (default: its own)")
    own.add_argument("--threads", type=int, default=1)
    command("smoke", smoke, "runs everything for a moment, on images of chance")
    options = parser.parse_args(arguments)
    return options.function(options)


if __name__ == "__main__":
    torch.set_num_threads(1)
    run()
