#!/usr/bin/env python3
"""Summaries: every method of `aigc summarize` beside the same method of sumy, and both by `aigc rouge` and by rouge-score.

    VENV/bin/python Scripts/benchmarks/summaries.py --data DIR [--speed] [--json]
    Scripts/benchmarks/summaries.py --smoke

DIR holds summarisation/scitldr-{train.jsonl.gz,test.jsonl} and summarisation/qmsum-{valid.jsonl.gz,test.jsonl}. Of an
abstract of SciTLDR one sentence is taken (stemmed, the best of several references for each measure apart), of a passage of QMSum
three (not stemmed, the question not read; a last row reads it). The learned models are those of the training texts of their own
set, and the bundled one is that of both. sumy gets our sentences, since its own need a download, and the words of
NLTK's Treebank tokenizer. The last column is the largest difference between our ROUGE and rouge-score's over all
texts, measures, precision, recall and F1.

--speed adds articles a second: ours by the whole process over the file's articles written 20 times, sumy's by its calls alone,
sentences and words not counted; in turns, the medians of three. One thread each.

Without sumy, rouge-score and nltk (Scripts/fixtures/requirements.txt; sumy==0.13.0) the peer's columns stay empty.
"""
import argparse
import gzip
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
METHODS = ["lead", "position", "cue", "luhn", "textrank", "lexrank", "lsa", "sumbasic", "kl"]
MEASURES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]


def has(*modules):
    return all(importlib.util.find_spec(name) for name in modules)


def lines(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def run(self, *arguments):
        done = subprocess.run([self.path, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit("summaries: aigc %s: %s" % (" ".join(arguments), done.stderr))
        return done.stdout

    def summaries(self, path, count, *flags):
        """The chosen sentences of each article."""
        output = self.run("summarize", path, "--length", str(count), "--json", "--quiet", *flags)
        return [[one["text"] for one in json.loads(line)["sentences"]] for line in output.splitlines()]

    def rouge(self, chosen, path, stem):
        """F1 of the means."""
        name = os.path.join(self.folder, "chosen.jsonl")
        with open(name, "w", encoding="utf-8") as file:
            for sentences in chosen:
                file.write(json.dumps({"summary": "\n".join(sentences)}) + "\n")
        return json.loads(self.run("rouge", name, path, "--json", "--quiet", *(["--stem"] if stem else [])))


class Sumy:
    """sumy's methods over sentences that are given."""
    WORD = re.compile(r"^[^\W\d_](?:[^\W\d_]|['-])*$", re.UNICODE)

    def __init__(self):
        from nltk.tokenize import TreebankWordTokenizer
        from sumy.nlp.stemmers import Stemmer
        from sumy.summarizers.edmundson import EdmundsonSummarizer
        from sumy.summarizers.kl import KLSummarizer
        from sumy.summarizers.lex_rank import LexRankSummarizer
        from sumy.summarizers.lsa import LsaSummarizer
        from sumy.summarizers.luhn import LuhnSummarizer
        from sumy.summarizers.sum_basic import SumBasicSummarizer
        from sumy.summarizers.text_rank import TextRankSummarizer
        from sumy.utils import get_stop_words
        self.words = TreebankWordTokenizer()
        kinds = {"luhn": LuhnSummarizer, "textrank": TextRankSummarizer, "lexrank": LexRankSummarizer, "lsa": LsaSummarizer,
                 "sumbasic": SumBasicSummarizer, "kl": KLSummarizer, "cue": EdmundsonSummarizer}
        self.summarizers = {}
        for name, kind in kinds.items():
            summarizer = kind(Stemmer("english"))
            summarizer.stop_words = get_stop_words("english") if name != "cue" else ()
            if name == "cue":
                summarizer.bonus_words = "paper propose present introduce develop show study investigate conclude".split()
                summarizer.stigma_words = "example instance hardly impossible".split()
                summarizer.null_words = get_stop_words("english")
            self.summarizers[name] = summarizer

    def to_words(self, sentence):
        return tuple(word for word in self.words.tokenize(sentence) if self.WORD.match(word))

    def document(self, sentences):
        from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
        return ObjectDocumentModel([Paragraph([Sentence(text, self) for text in sentences])])

    def summary(self, name, document, count):
        summarizer = self.summarizers[name]
        found = summarizer.cue_method(document, count, 1, 1) if name == "cue" else summarizer(document, count)
        return [str(sentence) for sentence in found]


def largest_difference(program, chosen, path, stem):
    """Between `aigc rouge` and rouge-score, of each text by itself."""
    from rouge_score.rouge_scorer import RougeScorer
    scorer = RougeScorer(MEASURES, use_stemmer=stem)
    sums = dict.fromkeys(MEASURES, 0)
    worst = 0
    for number, (sentences, article) in enumerate(zip(chosen, lines(path))):
        references = article.get("references") or [article["summary"]]
        theirs = scorer.score_multi(references, "\n".join(sentences))
        alone = os.path.join(program.folder, "alone.jsonl")
        with open(alone, "w", encoding="utf-8") as file:
            file.write(json.dumps({"references": references}) + "\n")
        ours = program.rouge([sentences], alone, stem)
        for name in MEASURES:
            sums[name] += theirs[name].fmeasure
            for ours_key, key in [("precision", "precision"), ("recall", "recall"), ("f1", "fmeasure")]:
                worst = max(worst, abs(ours[name][ours_key] - getattr(theirs[name], key)))
    return worst, {name: sums[name] / len(chosen) for name in MEASURES}


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.program = Program(options.aigc, folder)
        self.folder = folder
        self.sumy = Sumy() if has("sumy", "nltk", "numpy") else None
        self.rows = []

    def show(self, row):
        self.rows.append(row)
        if self.options.json:
            return print(json.dumps(row), flush=True)
        def three(scores):
            return " ".join("%5.2f" % (100 * scores[name]) for name in MEASURES[:3]) if scores else " " * 17
        cells = [row["set"], row["method"], three(row["ours"]), three(row["sumy"])]
        speed = "".join("%10.0f" % row[key] if row.get(key) else " " * 10 for key in ("ours_per_second", "sumy_per_second"))
        worst = "" if row["largest_difference"] is None else "%.1e" % row["largest_difference"]
        print("%-8s %-14s %s   %s %s  %s" % (*cells, speed, worst), flush=True)

    def measured(self, chosen, path, stem):
        found = self.program.rouge(chosen, path, stem)
        return {name: found[name]["f1"] for name in MEASURES}

    def row(self, name, path, method, flags, count, stem):
        chosen = self.program.summaries(path, count, *flags)
        row = {"schema": 1, "benchmark": "summaries", "set": name, "method": method, "ours": self.measured(chosen, path, stem),
               "sumy": None, "largest_difference": None}
        if has("rouge_score"):
            row["largest_difference"], _ = largest_difference(self.program, chosen, path, stem)
        if self.sumy and method in self.sumy.summarizers:
            documents = [self.sumy.document(sentences) for sentences in self.program.summaries(path, "100%", "--method", "lead")]
            found = [self.sumy.summary(method, document, count) for document in documents]
            row["sumy"] = self.measured(found, path, stem)
            if has("rouge_score"):
                worst, _ = largest_difference(self.program, found, path, stem)
                row["largest_difference"] = max(row["largest_difference"], worst)
        if self.options.speed:
            self.time(row, path, flags, count)
        self.show(row)

    def time(self, row, path, flags, count):
        many = os.path.join(self.folder, "many.jsonl")
        with open(path, encoding="utf-8") as file, open(many, "w", encoding="utf-8") as out:
            text = file.read()
            out.write(text * 20)
        articles = text.count("\n")
        documents = None
        if row["sumy"]:
            splits = self.program.summaries(path, "100%", "--method", "lead")
        ours, theirs = [], []
        for _ in range(3):
            start = time.perf_counter()
            self.program.run("summarize", many, "--length", str(count), "--quiet", "--threads", "1", *flags)
            ours.append(20 * articles / (time.perf_counter() - start))
            if row["sumy"]:
                documents = [self.sumy.document(sentences) for sentences in splits]
                start = time.perf_counter()
                for document in documents:
                    self.sumy.summary(row["method"], document, count)
                theirs.append(articles / (time.perf_counter() - start))
        row["ours_per_second"] = statistics.median(ours)
        if theirs:
            row["sumy_per_second"] = statistics.median(theirs)

    def run(self, data):
        if not self.options.json:
            print("%-8s %-14s %-17s   %-17s %10s%10s  %s" % (
                "", "F1 x 100", "ours R-1  R-2  R-L", "sumy R-1 R-2 R-L", "ours/s", "sumy/s", "from rouge-score"))
        for name, train, test, count, stem in [
                ("scitldr", "scitldr-train.jsonl.gz", "scitldr-test.jsonl", 1, True),
                ("qmsum", "qmsum-valid.jsonl.gz", "qmsum-test.jsonl", 3, False)]:
            train, test = os.path.join(data, train), os.path.join(data, test)
            model = os.path.join(self.folder, name)
            self.program.run("train", "summarizer", train, *([] if stem else ["--no-stem"]), "--out", model, "--quiet")
            for method in METHODS:
                self.row(name, test, method, ["--method", method], count, stem)
            self.row(name, test, "learned", ["--model", model], count, stem)
            if self.options.bundled:
                self.row(name, test, "bundled", [], count, stem)
            if name == "qmsum":
                self.row(name, test, "learned, asked", ["--model", model, "--queries"], count, stem)


def tiny(folder):
    """Both sets in small: what is there of them for a trial."""
    words = "rivers carry fish water to the sea and nets catch them where hills end we propose count method".split()
    for name, count in [("scitldr-train.jsonl.gz", 30), ("scitldr-test.jsonl", 5), ("qmsum-valid.jsonl.gz", 30), ("qmsum-test.jsonl", 5)]:
        opener = gzip.open if name.endswith(".gz") else open
        with opener(os.path.join(folder, name), "wt", encoding="utf-8") as file:
            for number in range(count):
                sentences = [" ".join(words[(number * 7 + place * (3 + k)) % len(words)] for k in range(8)).capitalize() + "."
                             for place in range(6)]
                file.write(json.dumps({"article": " ".join(sentences), "summary": sentences[number % 6], "query": words[number % 9]}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="DIR", help="holds summarisation/")
    parser.add_argument("--speed", action="store_true", help="articles a second too")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--smoke", action="store_true", help="a trial on a tiny text")
    parser.add_argument("--aigc", metavar="FILE", type=os.path.realpath, default=os.path.join(ROOT, ".build/release/aigc"))
    options = parser.parse_args()
    if not os.access(options.aigc, os.X_OK):
        sys.exit("summaries: no %s: run Scripts/aigc --version first" % options.aigc)
    if not options.data and not options.smoke:
        parser.error("--data is needed")
    with tempfile.TemporaryDirectory() as folder:
        options.bundled = not options.smoke
        bench = Bench(options, folder)
        if options.smoke:
            tiny(folder)
            options.speed = True
            bench.run(folder)
            if len(bench.rows) != 2 * len(METHODS) + 3 or not all(row["ours_per_second"] > 0 for row in bench.rows):
                sys.exit("summaries: unexpected rows")
            print("smoke: summaries run")
        else:
            bench.run(os.path.join(os.path.realpath(options.data), "summarisation"))


main()
