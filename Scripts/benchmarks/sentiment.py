#!/usr/bin/env python3
"""Measures classifiers of texts: accuracy on MR and SST-2, negations, explanations, and speed beside fastText.

    Scripts/benchmarks/sentiment.py folds [METHOD...] [--seeds N] [--folds N[-N]] [-- FLAGS of aigc train]
    Scripts/benchmarks/sentiment.py split METHOD [--labels N] [-- FLAGS]
    Scripts/benchmarks/sentiment.py clean OUT
    Scripts/benchmarks/sentiment.py negations MODEL [--pairs FILE]
    Scripts/benchmarks/sentiment.py explanations MODEL [--data FILE] [--num N]
    Scripts/benchmarks/sentiment.py lexicons --python PYTHON
    Scripts/benchmarks/sentiment.py fasttext --python PYTHON [--lines N] [--runs N]
    Scripts/benchmarks/sentiment.py smoke

MR and SST-2 lie in AIGC_TEST_DATA/sentiment (--sentiment DIR).
folds: ten trainings on nine tenths of MR each, measured on the tenth left; the cut is fixed, --seeds 3 trains three
times, and --folds 2-5 measures on those tenths alone. split: the first of these tenths, and an inner tenth of the rest,
on which settings are chosen; --labels 400 learns from so many texts alone, as many of each class, chosen by the seeds 1
to 5.
clean: writes MR's folder without the sentences that share half of the word trigrams of the shorter one with a sentence
of SST-2's dev or test part (lower case, accents folded, brackets and lrb, rrb out).
negations: of pairs of lines, a sentence and its negation, those of which both are right.
explanations: the sum of the words' parts beside the difference to the empty text, and how often taking the three words
out that speak most for a label turns it round, beside three words by chance.
lexicons: VADER and TextBlob (PyPI) on MR. fasttext: trainings and predictions of whole processes, in turns, two
threads each, with equal dimensions, n-grams, rates and epochs; PYTHON has the package fasttext.
"""
import argparse, json, os, random, re, shutil, statistics, subprocess, sys, tempfile, time, unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from benchmarks.measure import ROOT, Run, aigc

FOLDS, SEED = 10, 20181


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def mr(options):
    folder = os.path.join(options.sentiment, "mr")
    return [(text, label) for label in ("neg", "pos") for text in lines(os.path.join(folder, "rt-polarity." + label))]


def folds(rows):
    """Indices of each of ten parts that have as many texts of each class."""
    chance, parts = random.Random(SEED), [[] for _ in range(FOLDS)]
    for label in ("neg", "pos"):
        own = [index for index, row in enumerate(rows) if row[1] == label]
        chance.shuffle(own)
        for place, index in enumerate(own):
            parts[place % FOLDS].append(index)
    return parts


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines("%s\t%s\n" % row for row in rows)


def output(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit("sentiment: exit code %d: %s\n%s" % (run.returncode, " ".join(command), run.stderr[-2000:]))
    return run.stdout


def accuracy(options, train, test, flags, seed, folder):
    model = os.path.join(folder, "model")
    output([options.aigc, "train", "sentiment", train, "--out", model, "--force", "--seed", str(seed), *flags])
    return json.loads(output([options.aigc, "evaluate", model, test, "--json"]))["accuracy"]


def show(options, name, values, **more):
    row = {"schema": 1, "benchmark": name, "mean": statistics.mean(values),
           "deviation": statistics.pstdev(values), "runs": values, **more}
    if options.json:
        print(json.dumps(row), flush=True)
    else:
        print("%-28s %.2f%% +- %.2f  %s" % (name, 100 * row["mean"], 100 * row["deviation"],
                                           " ".join("%s=%s" % item for item in more.items())), flush=True)


def measure_folds(options):
    rows = mr(options)
    parts = folds(rows)
    for method in options.methods or ["naive-bayes", "nb-logistic", "linear", "cnn", "lstm"]:
        means = []
        for seed in range(1, options.seeds + 1):
            found = []
            for part in parts[options.folds]:
                chosen = set(part)
                with tempfile.TemporaryDirectory() as folder:
                    train, test = os.path.join(folder, "train.tsv"), os.path.join(folder, "test.tsv")
                    write(train, [row for index, row in enumerate(rows) if index not in chosen])
                    write(test, [rows[index] for index in part])
                    found.append(accuracy(options, train, test, ["--method", method, *options.flags], seed, folder))
            means.append(statistics.mean(found))
            more = {"folds": len(found)} if len(found) < FOLDS else {}
            show(options, "mr-folds-" + method, found, seed=seed, **more)
        if options.seeds > 1:
            show(options, "mr-folds-%s, %d seeds" % (method, options.seeds), means)


def span(text):
    """The folds of "3" or "2-5", which count from 1."""
    first, last = (int(part) for part in (text.split("-") * 2)[:2])
    if not 1 <= first <= last <= FOLDS:
        raise ValueError(text)
    return slice(first - 1, last)


def few(rows, indices, count, seed):
    """`count` of the indices, as many of each class; all of them where `count` is 0."""
    if count == 0:
        return indices
    chance, chosen = random.Random(seed), []
    for label in ("neg", "pos"):
        chosen += chance.sample([index for index in indices if rows[index][1] == label], count // 2)
    return sorted(chosen)


def measure_split(options):
    rows = mr(options)
    parts = folds(rows)
    outer, inner = set(parts[0]), set(parts[1])
    for name, train, test in (
            ("inner", [i for i in range(len(rows)) if i not in outer and i not in inner], parts[1]),
            ("90/10", [i for i in range(len(rows)) if i not in outer], parts[0])):
        with tempfile.TemporaryDirectory() as folder:
            paths, values = (os.path.join(folder, "train.tsv"), os.path.join(folder, "test.tsv")), []
            write(paths[1], [rows[index] for index in test])
            for seed in range(1, options.seeds + 1):
                write(paths[0], [rows[index] for index in few(rows, train, options.labels, seed)])
                values.append(
                    accuracy(options, *paths, ["--method", options.methods[0], *options.flags], seed, folder))
        show(options, "mr-%s-%s" % (name, options.methods[0]), values, labels=options.labels or len(train))


# Which sentences a model that is measured on SST-2 may learn from

def trigrams(text):
    text = unicodedata.normalize("NFD", text.lower())
    text = "".join(character for character in text if not unicodedata.combining(character))
    words = [word for word in re.findall(r"[a-z0-9]+", text) if word not in ("lrb", "rrb")]
    return set(zip(words, words[1:], words[2:]))


def clean(options):
    folder = os.path.join(options.sentiment, "sst2")
    known, places = [], {}
    for part in ("dev", "test"):
        for line in lines(os.path.join(folder, part + ".tsv")):
            found = trigrams(line.rsplit("\t", 1)[0])
            for gram in found:
                places.setdefault(gram, []).append(len(known))
            known.append(len(found))
    kept = {"neg": [], "pos": []}
    for text, label in mr(options):
        found, shared = trigrams(text), {}
        for gram in found:
            for place in places.get(gram, ()):
                shared[place] = shared.get(place, 0) + 1
        if not any(2 * count >= min(len(found), known[place]) for place, count in shared.items()):
            kept[label].append(text)
    os.makedirs(options.out, exist_ok=True)
    for label, texts in kept.items():
        with open(os.path.join(options.out, "mr." + label), "w", encoding="utf-8") as file:
            file.writelines(text + "\n" for text in texts)
    print("%d of %d sentences stay" % (sum(map(len, kept.values())), len(mr(options))))


# What a model does

def classified(options, model, texts):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "texts.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(text + "\n" for text in texts)
        return json.loads(output([options.aigc, "sentiment", path, "--model", model, "--json"]))["results"]


def negations(options):
    rows = [line.split("\t") for line in lines(options.pairs)]
    right = [found["label"] == label
             for (_, label), found in zip(rows, classified(options, options.model, [text for text, _ in rows]))]
    pairs = list(zip(right[::2], right[1::2]))
    result = {"schema": 1, "benchmark": "negations", "pairs": len(pairs), "both": sum(a and b for a, b in pairs),
              "right": sum(right), "sentences": len(right)}
    print(json.dumps(result) if options.json else
          "both of a pair right: %(both)d of %(pairs)d; %(right)d of %(sentences)d sentences" % result)


def explanations(options):
    texts = [line.rsplit("\t", 1)[0] for line in lines(options.data)][:options.num]
    margin = lambda found: __import__("math").log(found["probability"] / max(1e-300, 1 - found["probability"]))
    signed = lambda found: margin(found) if found["label"] == "positive" else -margin(found)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "texts.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(text + "\n" for text in texts)
        command = [options.aigc, "sentiment", path, "--model", options.model, "--json", "--explain"]
        found = json.loads(output(command))["results"]
    empty = json.loads(output([options.aigc, "sentiment", "", "--text", "--model", options.model, "--json"]))
    base, chance = signed(empty["results"][0]), random.Random(1)
    errors, tops, others = [], [], []
    for result in found:
        sign = 1 if result["label"] == "positive" else -1
        words = result["words"]
        if 1 - result["probability"] > 1e-4:  # float32 has no digits left of the other class's probability
            difference = sign * (signed(result) - base)
            errors.append(abs(sum(word["contribution"] for word in words) - difference) / max(abs(difference), 0.05))
        order = sorted(range(len(words)), key=lambda index: -words[index]["contribution"])
        without = lambda out: " ".join(word["text"] for index, word in enumerate(words) if index not in out)
        tops.append(without(set(order[:3])))
        others.append(without(set(chance.sample(range(len(words)), min(3, len(words))))))
    flips = lambda changed: sum(a["label"] != b["label"] for a, b in zip(
        found, classified(options, options.model, [text or "." for text in changed])))
    result = {"schema": 1, "benchmark": "explanations", "texts": len(found), "largest_error": max(errors),
              "median_error": statistics.median(errors), "flips_top": flips(tops), "flips_random": flips(others)}
    print(json.dumps(result) if options.json else
          "%(texts)d texts: sums off by %(median_error).2g (median), %(largest_error).2g (largest) of the difference; "
          "labels turned without the top three words %(flips_top)d, without three others %(flips_random)d" % result)


# Peers

LEXICONS = """
import json, sys
rows = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1], encoding="utf-8")]
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
from textblob import TextBlob
vader = SentimentIntensityAnalyzer()
for name, score in (("vader", lambda t: vader.polarity_scores(t)["compound"]), ("textblob", lambda t: TextBlob(t).sentiment.polarity)):
    print(json.dumps({"schema": 1, "benchmark": name, "accuracy": sum((score(t) >= 0) == (l == "pos") for t, l in rows) / len(rows)}))
"""
FASTTEXT = """
import sys, fasttext
if sys.argv[1] == "train":
    model = fasttext.train_supervised(sys.argv[2], dim=int(sys.argv[4]), wordNgrams=2, epoch=int(sys.argv[5]), lr=float(sys.argv[6]), thread=2, verbose=0)
    model.save_model(sys.argv[3])
else:
    model = fasttext.load_model(sys.argv[3])
    with open(sys.argv[2], encoding="utf-8") as file:
        labels, _ = model.predict([line.rstrip("\\n").split(" ", 1)[1] for line in file])
    print(sum(1 for label in labels if label))
"""


def lexicons(options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mr.tsv")
        write(path, mr(options))
        sys.stdout.write(output([options.python, "-c", LEXICONS, path]))


def against_fasttext(options):
    rows = mr(options)
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        train, texts = os.path.join(folder, "train.txt"), os.path.join(folder, "texts.txt")
        with open(train, "w", encoding="utf-8") as file, open(texts, "w", encoding="utf-8") as plain:
            for _ in range(options.lines):
                (a, label), (b, _) = chance.choice(rows), chance.choice(rows)
                text = a + " " + b
                file.write("__label__%s %s\n" % (label, text)), plain.write(text + "\n")
        shape = (str(options.dim), str(options.epochs), str(options.lr))
        ours = {
            "train": [options.aigc, "train", "text-classifier", train, "--method", "linear", "--dim", shape[0],
                      "--epochs", shape[1], "--lr", shape[2], "--threads", "2", "--out", os.path.join(folder, "m"),
                      "--force", "--seed", "1"],
            "predict": [options.aigc, "classify", texts, "--model", os.path.join(folder, "m"), "--threads", "2"],
        }
        for step in ("train", "predict"):
            a, b = [], []
            for _ in range(options.runs):
                a.append(Run(ours[step], folder))
                if options.python:
                    b.append(Run([options.python, "-c", FASTTEXT, step, train, os.path.join(folder, "f.bin"), *shape],
                                 folder))
            seconds = [statistics.median(run.seconds for run in runs) if runs else None for runs in (a, b)]
            ratio = seconds[1] / seconds[0] if b else None
            row = {"schema": 1, "benchmark": "fasttext-" + step, "lines": options.lines, "ours": seconds[0],
                   "peer": seconds[1], "ratio": ratio, "megabytes": [max((r.megabytes for r in runs), default=None) for runs in (a, b)]}
            print(json.dumps(row) if options.json else "%s: ours %.2f s, fastText %s, %s times as fast" % (
                step, seconds[0], "%.2f s" % seconds[1] if b else "-", "%.2f" % ratio if ratio else "-"), flush=True)


def smoke(options):
    """Tiny texts through every part that needs no peer: has the output its form?"""
    words = {"neg": "bad dull boring awful", "pos": "good fine lovely great"}
    with tempfile.TemporaryDirectory() as folder:
        options.sentiment, options.json, options.seeds = folder, True, 1
        os.makedirs(os.path.join(folder, "mr")), os.makedirs(os.path.join(folder, "sst2"))
        chance = random.Random(1)
        for label, list_ in words.items():
            with open(os.path.join(folder, "mr", "rt-polarity." + label), "w") as file:
                for number in range(40):
                    file.write("a %s film of %d scenes , %s and long\n" % (
                        chance.choice(list_.split()), number, chance.choice(list_.split())))
        for part in ("dev", "test"):
            with open(os.path.join(folder, "sst2", part + ".tsv"), "w") as file:
                file.write("a good film of 3 scenes\t1\na bad one\t0\n")
        options.methods, options.flags = ["naive-bayes"], []
        measure_split(options)
        options.labels = 10
        measure_split(options)
        options.out = os.path.join(folder, "clean")
        clean(options)
        options.model = os.path.join(folder, "model")
        output([options.aigc, "train", "sentiment", options.out, "--out", options.model])
        negations(options)
        options.data, options.num = os.path.join(folder, "sst2", "test.tsv"), 2
        explanations(options)
        options.python, options.lines, options.runs, options.dim, options.epochs, options.lr = None, 50, 1, 10, 1, 0.1
        against_fasttext(options)
    print("smoke: folds, clean, negations, explanations, fasttext run")


def main():
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, flags = arguments[:place], arguments[place + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = {"folds": measure_folds, "split": measure_split, "clean": clean, "negations": negations,
             "explanations": explanations, "lexicons": lexicons, "fasttext": against_fasttext, "smoke": smoke}
    parser.add_argument("what", choices=kinds)
    parser.add_argument("names", nargs="*")
    data = os.environ.get("AIGC_TEST_DATA", "")
    parser.add_argument("--sentiment", default=os.path.join(data, "sentiment"), help="MR's and SST-2's folder")
    parser.add_argument("--pairs", default=os.path.join(ROOT, "Scripts/benchmarks/negations.tsv"))
    parser.add_argument("--data", default=os.path.join(data, "sentiment/sst2/test.tsv"))
    parser.add_argument("--num", type=int, default=500)
    parser.add_argument("--seeds", type=int, help="(default 1; split --labels: 5)")
    parser.add_argument("--folds", type=span, default=span("1-%d" % FOLDS), metavar="N[-N]", help="of the ten")
    parser.add_argument("--labels", type=int, default=0, help="split: so many texts to learn from, an even number")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--python", help="an interpreter with the peers")
    parser.add_argument("--aigc", help="the program to measure")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    options.flags, options.methods = flags, options.names
    options.seeds = options.seeds or (5 if options.labels else 1)
    if options.what not in ("clean", "lexicons"):
        options.aigc = aigc(options)
    options.model = options.out = options.names[0] if options.names else None
    if options.what in ("clean", "negations", "explanations") and not options.names:
        parser.error("%s: a name is missing" % options.what)
    kinds[options.what](options)


if __name__ == "__main__":
    main()
