#!/usr/bin/env python3
"""Measures language models that were tuned by rewards (`aigc finetune PROMPTS --reward`), and their speed beside TRL's.

    Scripts/benchmarks/rewards.py prompts OUT
    PYTHON Scripts/benchmarks/rewards.py measure RUN --prompts OUT/held-out.txt [--start MODEL] [--second MODEL] [--json]
    Scripts/benchmarks/rewards.py speed --python PYTHON [--steps N] [--runs N] [--settings THREADS:ATTENTION...] [--json]
    Scripts/benchmarks/rewards.py smoke

prompts: first words of the stories in AIGC_TEST_DATA/text/tinystories, as `Scripts/bundle-stories` cuts them: train.txt of
the stories that the bundled model learned from, held-out.txt of 200 others, and stories-held-out.txt, these stories whole.
measure: four texts behind each prompt by the model that RUN began with (the bundled stories) and by the one in it, with
the same chance: a format (the text ends with a sentence), the length in words, the probability of positive sentiment by the
bundled classifier and by --second, one that was not rewarded; distinct-2; the mean of each and of its rise, with intervals
of 95% over prompts. The divergence, the perplexity of the texts under the first model, and that of held-out stories
under both are PyTorch's with transformers, which PYTHON has: an authority that had no part in the tuning.
speed: tokens a second of rollouts and updates by GRPO, 64 texts of at most 64 tokens a step, of a GPT-2 with random
weights (4 layers, width 256, 4 heads, 4096 tokens: the bundled model's), float32, in turns with TRL's GRPOTrainer in each of --settings.
"""
import argparse, gzip, json, math, os, re, statistics, subprocess, sys, tempfile

sys.dont_write_bytecode = True
# In place of this folder, in which a torch.py stands.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
from benchmarks.measure import ROOT, Report, Run, aigc

SAMPLES, TOKENS, ENDS, WORDS = 4, 64, re.compile(r'[.!?]"?\Z'), (20, 40)


def stories():
    """The stories that are learned from, and those that are held out."""
    straight = str.maketrans({"“": '"', "”": '"', "’": "'", "‘": "'", "—": "-", "–": "-"})
    path = os.path.join(os.environ["AIGC_TEST_DATA"], "text/tinystories/tinystories-excerpt.txt.gz")
    train, held = [], []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = file.read().translate(straight).split("<|endoftext|>")
    for number, story in enumerate(map(str.strip, texts), 1):
        if story.isascii() and story.endswith((".", "!", "?", '"')) and len(story) > 100:
            (held if number % 20 == 0 else train).append(story)
    return train, held


def beginnings(texts, count, known):
    """The first words of each, eight or as many more as make them new."""
    found = []
    for text in texts:
        words = text.split()
        start = next((" ".join(words[:n]) for n in range(8, 20) if " ".join(words[:n]) not in known), None)
        if start and len(found) < count:
            known.add(start)
            found.append(start)
    return found


def prompts(options):
    os.makedirs(options.out, exist_ok=True)
    train, held = stories()
    held_out = beginnings(held, 200, set())
    for name, lines in [("held-out.txt", held_out), ("train.txt", beginnings(train, 2000, set(held_out)))]:
        with open(os.path.join(options.out, name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    with open(os.path.join(options.out, "stories-held-out.txt"), "w", encoding="utf-8") as file:
        file.write("".join(story + "<|endoftext|>" for story in held))


def completions(program, model, lines):
    """Texts behind each prompt with their tokens: [prompts][samples]."""
    found = []
    for number, prompt in enumerate(lines):
        run = Run([program, "generate", "text", "--model", model, "--prompt", prompt, "-n", str(TOKENS), "--num", str(SAMPLES),
                   "--seed", str(1000 + number), "--temperature", "1", "--top-k", "0", "--top-p", "1", "--min-p", "0",
                   "--json", "--logprobs", "0"], None)
        found.append(json.loads(run.output)["samples"])
    return found


def positive(program, model, texts):
    """The probability of the class positive of each text."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "texts.txt")
        with open(path, "w", encoding="utf-8") as file:
            # An empty line would be passed over.
            file.write("".join((" ".join(text.split()) or "-") + "\n" for text in texts))
        results = json.loads(Run([program, "classify", path, "--model", model, "--top", "2", "--json"], None).output)["results"]
    assert len(results) == len(texts)
    return [next(entry["probability"] for entry in result["labels"] if entry["label"].startswith("pos")) for result in results]


def length(text):
    count, (low, high) = len(text.split()), WORDS
    return count / low if count < low else 1.0 if count <= high else max(0.0, 2 - count / high)


def distinct(texts):
    """Different pairs of words among all pairs."""
    pairs = [pair for words in map(str.split, texts) for pair in zip(words, words[1:])]
    return len(set(pairs)) / max(len(pairs), 1)


def interval(values):
    """Of the mean over prompts, 95%: the mean, and half the width."""
    return statistics.fmean(values), 1.96 * statistics.stdev(values) / math.sqrt(len(values))


class Torch:
    """Log-probabilities by transformers."""

    def __init__(self, start, tuned):
        import torch
        import transformers
        torch.set_num_threads(1)
        self.torch = torch
        self.models = [transformers.GPT2LMHeadModel.from_pretrained(path, dtype=torch.float32).eval() for path in (start, tuned)]
        self.tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=os.path.join(start, "tokenizer.json"))

    def log_probabilities(self, model, prompt, tokens):
        ids = self.torch.tensor([prompt + tokens])
        with self.torch.no_grad():
            scores = self.torch.log_softmax(self.models[model](ids).logits[0, :-1], -1)
        return scores.gather(1, ids[0, 1:, None])[len(prompt) - 1:, 0]

    def divergence(self, lines, samples, is_tuned):
        """Of the second model's texts nats a text, plain and by k3; of any the perplexity under the first model; and how far
        our own log-probabilities are from these."""
        plain, k3, loss, count, worst = [], [], 0.0, 0, 0.0
        for prompt, texts in zip(lines, samples):
            ids = self.tokenizer.encode(prompt, add_special_tokens=False)
            for text in texts:
                tokens = [token["id"] for token in text["logprobs"]]
                if not tokens:
                    continue
                start = self.log_probabilities(0, ids, tokens)
                loss, count = loss - start.sum().item(), count + len(tokens)
                if not is_tuned:
                    continue
                tuned = self.log_probabilities(1, ids, tokens)
                worst = max(worst, (tuned - self.torch.tensor([token["logprob"] for token in text["logprobs"]])).abs().max().item())
                plain.append((tuned - start).sum().item())
                k3.append((self.torch.exp(start - tuned) - (start - tuned) - 1).sum().item())
        means = (statistics.fmean(plain), statistics.fmean(k3)) if is_tuned else (0.0, 0.0)
        return *means, math.exp(loss / max(count, 1)), worst


def perplexity(program, model, path):
    return json.loads(Run([program, "evaluate", model, path, "--json"], None).output)["perplexity"]


def measure(options):
    program = aigc(options)
    with open(options.prompts, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if line.strip()][:options.num]
    start, tuned = os.path.realpath(options.start), os.path.realpath(options.run)
    samples = [completions(program, model, lines) for model in (start, tuned)]
    texts = [[text["text"] for group in each for text in group] for each in samples]
    measures = {"format": [[float(bool(ENDS.search(text))) for text in each] for each in texts],
                "length": [list(map(length, each)) for each in texts]}
    measures["format_and_length"] = [[a + b for a, b in zip(*each)] for each in zip(measures["format"], measures["length"])]
    for name, model in [("positive", options.classifier), ("second", options.second)]:
        if model:
            measures[name] = [positive(program, model, each) for each in texts]
    found = {"schema": 1, "run": options.run, "prompts": len(lines), "samples": SAMPLES}
    for name, (before, after) in measures.items():
        def means(values):
            return [statistics.fmean(values[place:place + SAMPLES]) for place in range(0, len(values), SAMPLES)]
        rise, half = interval([b - a for a, b in zip(means(before), means(after))])
        found[name] = {"before": statistics.fmean(before), "after": statistics.fmean(after), "rise": rise,
                       "low": rise - half, "high": rise + half}
    found["distinct2"] = dict(zip(("before", "after"), map(distinct, texts)))
    found["distinct2"]["ratio"] = found["distinct2"]["after"] / found["distinct2"]["before"]
    if options.torch:
        torch = Torch(start, tuned)
        kl, k3, samples_perplexity, worst = torch.divergence(lines, samples[1], True)
        found.update({"kl": kl, "kl_k3": k3, "samples_perplexity": samples_perplexity, "largest_difference": worst,
                      "samples_perplexity_before": torch.divergence(lines, samples[0], False)[2]})
    held = os.path.join(os.path.dirname(options.prompts), "stories-held-out.txt")
    if os.path.exists(held):
        before, after = (perplexity(program, model, held) for model in (start, tuned))
        found["held_out_perplexity"] = {"before": before, "after": after, "ratio": after / before}
    found["texts"] = [{"prompt": lines[place], "before": samples[0][place][0]["text"], "after": samples[1][place][0]["text"]}
                      for place in range(0, len(lines), max(1, len(lines) // 8))]
    show(found, options.json)
    return found


def show(found, as_json):
    if as_json:
        return print(json.dumps(found))
    for name, value in found.items():
        if name == "texts":
            for text in value:
                print("\nbefore: %s\nafter:  %s" % tuple(
                    " / ".join((text["prompt"] + text[key]).split("\n")) for key in ("before", "after")))
        elif isinstance(value, dict):
            print("%-22s %s" % (name, "  ".join("%s %.3f" % pair for pair in value.items())))
        else:
            print("%-22s %s" % (name, "%.4g" % value if isinstance(value, float) else value))


def speed(options):
    """Both sides learn from the same prompts and the same reward, the number of words."""
    program, report = aigc(options), Report(options.json)
    peer = os.path.join(ROOT, "Scripts/peers/trl_bench.py")
    with tempfile.TemporaryDirectory() as folder:
        model, prompts = os.path.join(folder, "model"), os.path.join(folder, "prompts.txt")
        Run([options.python, peer, "model", model, os.path.join(ROOT, "Models/stories")], folder)
        with open(prompts, "w", encoding="utf-8") as file:
            file.write("".join("Once upon a time, there was a %s named\n" % word for word in [
                "%s %s" % (a, b) for a in "big small old young red blue shy brave".split()
                for b in "dog cat bird fish girl boy tree frog".split()]))
        ours, theirs = [], {}
        for _ in range(options.runs):
            out = os.path.join(folder, "run")
            Run([program, "finetune", prompts, "--model", model, "--reward", "length:1000", "--steps", str(options.steps + 1), "--lr",
                 "5e-5", "--num-generations", "8", "--batch-size", "8", "--max-tokens", str(TOKENS), "--val-split", "0.02", "--eval-every",
                 "0", "--seed", "1", "--out", out, "--force"] + (["--threads", str(options.threads)] if options.threads else []), folder)
            with open(os.path.join(out, "log.jsonl"), encoding="utf-8") as file:
                # The first step brings memory into place.
                rates = [row["items_per_second"] for row in map(json.loads, file) if 1 < row["step"] <= options.steps]
            ours.append(statistics.fmean(rates))
            for setting in options.settings:
                threads, attention = setting.split(":")
                run = Run([options.python, peer, "train", model, prompts, str(options.steps + 1), threads, attention], folder)
                theirs.setdefault(setting, []).append(json.loads(run.output.splitlines()[-1])["tokens_per_second"])
        for setting, rates in sorted(theirs.items(), key=lambda pair: -statistics.median(pair[1])):
            report.add("grpo-step", "tokens/s", "higher", ours, rates, "TRL, threads and attention %s" % setting)


def smoke(options):
    """The arithmetic of the measures; the rest needs the peers."""
    assert length("a " * 10) == 0.5 and length("a " * 30) == 1 and length("a " * 60) == 0.5 and length("a " * 99) == 0
    assert abs(distinct(["a b a b", "a b"]) - 0.5) < 1e-9 and interval([1.0, 1.0, 1.0]) == (1.0, 0.0)
    assert ENDS.search('He said, "Yes."') and not ENDS.search("and so") and beginnings(["a " * 9] * 2, 5, set()) == [
        "a a a a a a a a", "a a a a a a a a a"]
    print("smoke: the measures of rewards")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aigc", metavar="FILE", type=os.path.realpath, help="another program than this clone's")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("prompts").add_argument("out")
    verb = verbs.add_parser("measure")
    verb.add_argument("run")
    verb.add_argument("--prompts", required=True, type=os.path.realpath)
    verb.add_argument("--start", default=os.path.join(ROOT, "Models/stories"))
    verb.add_argument("--classifier", default=os.path.join(ROOT, "Models/sentiment"))
    verb.add_argument("--second", help="a classifier that was not rewarded")
    verb.add_argument("--num", type=int, default=200, help="prompts")
    verb.add_argument("--no-torch", dest="torch", action="store_false", help="leave out what transformers measures")
    verb.add_argument("--json", action="store_true")
    verb = verbs.add_parser("speed")
    verb.add_argument("--python", required=True, help="an interpreter that has trl")
    verb.add_argument("--steps", type=int, default=5)
    verb.add_argument("--runs", type=int, default=1)
    verb.add_argument("--threads", type=int, help="ours (default: all)")
    verb.add_argument("--settings", nargs="+", default=["1:eager", "2:eager", "2:sdpa"], help="the peer's threads and attention")
    verb.add_argument("--json", action="store_true")
    verbs.add_parser("smoke")
    options = parser.parse_args()
    {"prompts": prompts, "measure": measure, "speed": speed, "smoke": smoke}[options.verb](options)


main()
