"""N-gram models against KenLM."""
import gzip, json, os, re, shutil, statistics, sys

from .measure import ROOT, Report, Run, aigc, in_turns, memory, seconds

ORDER = 5
REPEATS = 50  # of the test text, so that scoring takes long enough to measure


class NGram:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.aigc = aigc(options)
        self.report = Report(options.json)

    def path(self, name):
        return os.path.join(self.folder, name)

    def ours(self, *arguments):
        return Run([self.aigc, *arguments, "--quiet"], self.folder)

    def train(self, corpus, *more):
        return self.ours("train", "ngram", corpus, "--tokens", "whitespace", "--order", str(ORDER),
                         "--out", "model", "--force", *more)

    def peer(self, program, *arguments):
        return Run([os.path.join(self.options.kenlm, program), *arguments], self.folder)

    def lmplz(self, *memory):
        return self.peer("lmplz", "-o", str(ORDER), "-T", self.folder, "--text", self.corpus,
                         "--arpa", "peer.arpa", *memory)

    def wanted(self, name):
        return not self.options.only or self.options.only in name

    def run(self):
        self.corpus = unpacked(self.options.corpus, self.path("corpus.txt"))
        self.test = unpacked(self.options.test, self.path("test.txt"))
        self.train(self.corpus)
        if self.options.kenlm and (self.wanted("scoring") or self.wanted("size")):
            self.lmplz()
            self.peer("build_binary", "probing", "peer.arpa", "peer.probing")
        for name in ["training", "size", "scoring", "generation", "start"]:
            if self.wanted(name):
                getattr(self, name)()

    def training(self):
        kenlm, runs = self.options.kenlm, self.options.runs
        model, arpa, build, default, capped = in_turns(
            runs, lambda: self.train(self.corpus),
            lambda: self.train(self.corpus, "--arpa", "ours.arpa"),
            kenlm and (lambda: self.peer("build_binary", "probing", "peer.arpa", "peer.probing")
                       if os.path.exists(self.path("peer.arpa")) else self.built()),
            kenlm and (lambda: self.lmplz()), kenlm and (lambda: self.lmplz("-S", "1G")))
        for label, peer in [("lmplz", default), ("lmplz -S 1G", capped)]:
            ready = kenlm and [a.seconds + b.seconds for a, b in zip(peer, build)]
            self.report.add("training, text to model", "s", "less", seconds(model), ready,
                            kenlm and label + " + build_binary probing" or "")
            self.report.add("training, text to ARPA", "s", "less", seconds(arpa),
                            kenlm and seconds(peer), kenlm and label or "")
            self.report.add("training, peak memory to model", "MB", "less", memory(model),
                            kenlm and memory(peer), kenlm and label or "")
            self.report.add("training, peak memory to ARPA", "MB", "less", memory(arpa),
                            kenlm and memory(peer), kenlm and label or "")
            if not kenlm:
                break

    def built(self):
        self.lmplz()
        return self.peer("build_binary", "probing", "peer.arpa", "peer.probing")

    def size(self):
        size = os.path.getsize(self.path("model/model.ngram")) / 1e6
        other = self.options.kenlm and [os.path.getsize(self.path("peer.probing")) / 1e6]
        self.report.add("size of the model file", "MB", "less", [size], other,
                        other and "probing" or "")

    def scoring(self):
        kenlm, runs = self.options.kenlm, self.options.runs
        with open(self.test, "rb") as file:
            text = file.read()
        text += b"" if text.endswith(b"\n") else b"\n"
        with open(self.path("repeated.txt"), "wb") as file:
            file.writelines([text] * REPEATS)
        with open(self.path("line.txt"), "wb") as file:
            file.write(text[:text.index(b"\n") + 1])

        def query(name):
            return kenlm and (lambda: Run(["sh", "-c", 'exec "$0" -v summary "$1" <"$2"',
                os.path.join(kenlm, "query"), "peer.probing", name], self.folder))

        def evaluate(name, *flags):
            return lambda: self.ours("evaluate", "model", name, "--json", *flags)
        line, other_line, ours, other, single = in_turns(
            runs, evaluate("line.txt"), query("line.txt"), evaluate("repeated.txt"),
            query("repeated.txt"), evaluate("repeated.txt", "--threads", "1"))
        result = json.loads(ours[0].output)
        peer = kenlm and {key: float(value) for key, value in re.findall(
            r"^(Perplexity \w+|Tokens)[^:\n]*:\s*([\d.e+]+)", other[0].output, re.M)}
        if peer and int(peer["Tokens"]) != result["tokens"]:
            print("bench: ours counts %d tokens, the peer %d" % (result["tokens"], peer["Tokens"]),
                  file=sys.stderr)
        name = peer and "query -v summary, probing" or ""
        self.report.add("load and score one line", "s", "less", seconds(line),
                        peer and seconds(other_line), name)
        for label, runs_ in [("scoring, load apart", ours), ("scoring, load apart, one thread", single)]:
            self.report.add(label, "tokens/s", "more", rates(result["tokens"], runs_, line),
                            peer and rates(peer["Tokens"], other, other_line), name)
        for key, theirs in [("perplexity", "Perplexity including"),
                            ("perplexity_without_oov", "Perplexity excluding")]:
            self.report.add("scoring, " + key.replace("_", " "), "", "same", [result[key]],
                            peer and [peer[theirs]], name)

    def generation(self):
        plain = ["--temperature", "1", "--top-k", "0", "--top-p", "1", "--min-p", "0"]
        own = [*plain, "--backoff", "1"]
        for name, flags, texts, count in [
                ("temperature 1, no truncation", plain, 1, self.options.tokens),
                ("temperature 1, --backoff 1", own, 1, self.options.tokens),
                ("eight texts, one thread", [*plain, "--threads", "1"], 8, self.options.tokens // 4),
                ("eight texts, one thread, --backoff 1", [*own, "--threads", "1"], 8,
                 self.options.tokens // 4),
                ("default chain", [], 1, self.options.tokens // 5)]:
            def generate(n):
                return lambda: self.ours("generate", "text", "--model", "model", "--seed", "1", "-n",
                                         str(n), "--num", str(texts), "--out", "generated.txt", *flags)
            whole, start = in_turns(self.options.runs, generate(count), generate(1))
            self.report.add("generation, " + name, "tokens/s", "more",
                            rates(texts * count, whole, start))

    def start(self):
        bundled = os.path.exists(os.path.join(ROOT, "Models/english/config.json"))
        model = os.path.join(ROOT, "Models/english") if bundled else "model"
        runs = in_turns(self.options.starts, lambda: self.ours(
            "generate", "text", "--model", model, "-n", "50", "--seed", "1"))[0]
        self.report.add("cold start, %s, 50 tokens" % ("english" if bundled else "new model"), "s",
                        "less", seconds(runs))

    def scaling(self):
        corpus = unpacked(self.options.corpus, self.path("corpus.txt"))
        with open(corpus, "rb") as file:
            lines = file.readlines()
        for share, memory_flags in [(0.25, []), (0.5, []), (1, []), (4, ["--memory", self.options.memory])]:
            part = self.path("part.txt")
            with open(part, "wb") as file:
                file.writelines(lines * int(share) if share >= 1 else lines[:int(len(lines) * share)])
            runs = in_turns(self.options.runs, lambda: self.train(part, *memory_flags))[0]
            name = "%g times the corpus%s" % (share, " ".join(["", *memory_flags]))
            self.report.add(name + ", text to model", "s", "less", seconds(runs))
            self.report.add(name + ", peak memory", "MB", "less", memory(runs))


def rates(tokens, whole, start):
    apart = statistics.median(seconds(start))
    return [tokens / max(run.seconds - apart, 1e-9) for run in whole]


def unpacked(source, target):
    """The text itself: the peer reads plain text, and ours gets the same file."""
    source = os.path.realpath(source)
    if not source.endswith(".gz"):
        return source
    with gzip.open(source, "rb") as packed, open(target, "wb") as plain:
        shutil.copyfileobj(packed, plain)
    return target
