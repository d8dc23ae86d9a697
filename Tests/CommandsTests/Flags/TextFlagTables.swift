/// What is expected of the flags of `aigc train sentiment`.
let sentimentTraining: VerbFlags = {
  let base = "s.tsv --method cnn --seed 1 --dry-run --out $OUT"
  let counted = "s.tsv --dry-run --out $OUT"
  let linear = "s.tsv --method linear --dry-run --out $OUT"
  let recurrent = "s.tsv --method lstm --dry-run --out $OUT"
  var table = trainingFlags(base, trained: "sent", heldOut: "s.tsv")
  table["force"] = [.allows("--force", "s.tsv --dry-run --out sent")]
  table["resume"] = [.allows("--resume", "s.tsv --dry-run --out sent")]
  for flag in ["steps 5", "lr 0.01", "batch-size 3", "optimizer sgd", "early-stop 2"] {
    let name = String(flag.prefix { $0 != " " })
    table[name, default: []].append(.refused("--\(flag)", "of --method", counted))
  }
  table.merge(
    [
      "method": [.acts("--method lstm", "s.tsv --dry-run --seed 1 --out $OUT")],
      "backbone": [
        .acts("--backbone lstm", counted), .acts("--backbone bert", counted),
        .refused("--backbone lstm", "--method transfer"),
      ],
      "prompt": [
        .acts("--prompt 'It is {}'", "s.tsv --backbone lstm --dry-run --out $OUT"),
        .refused("--prompt 'It is {}'", "of --method", counted),
      ],
      "ngrams": [.acts("--ngrams 3", counted), .refused("--ngrams 3", "of --method")],
      "negation": [.acts("--negation 0", counted), .refused("--negation 0", "of --method")],
      "min-count": [.acts("--min-count 2")],
      "l2": [.acts("--l2 2", counted), .refused("--l2 2", "of --method")],
      "l2-norm": [.acts("--l2-norm", counted), .refused("--l2-norm", "of --method")],
      "dim": [.acts("--dim 5", linear), .refused("--dim 5", "of --method")],
      "balanced": [.acts("--balanced")], "embedding": [.acts("--embedding 5")],
      "vectors": [.acts("--vectors v.vec"), .refused("--vectors v.vec", "of --method", counted)],
      "static-vectors": [
        .acts("--static-vectors", base + " --vectors v.vec"),
        .refused("--static-vectors", "--vectors"),
      ],
      "widths": [.acts("--widths 2,3"), .refused("--widths 2", "of --method", recurrent)],
      "maps": [.acts("--maps 5"), .refused("--maps 5", "of --method", recurrent)],
      "hidden": [.acts("--hidden 5", recurrent), .refused("--hidden 5", "of --method")],
      "dropout": [.acts("--dropout 0.1")], "vocab-size": [.acts("--vocab-size 9")],
      "text-column": [
        .acts("--text-column 2 --label-column 1"), .refused("--text-column nope", "no column"),
      ],
      "label-column": [
        .acts("--label-column 1"),
        .refused("--label-column 1 --text-column 1", "columns of their own"),
      ],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train sentiment", base: base, flags: table, json: "s.tsv --ngrams 1 --out $OUT")
}()

/// The same of `aigc train text-classifier`, whose classes may be any.
let textClassifierTraining = VerbFlags(
  verb: "train text-classifier", base: sentimentTraining.base, flags: sentimentTraining.flags,
  json: sentimentTraining.json, sameAs: "train sentiment")

/// What is expected of the flags of `aigc sentiment`.
let sentiment = VerbFlags(
  verb: "sentiment", base: "yucky s.tsv --model sent",
  flags: [
    "model": [.isInBase, .refused("--model lstm", "classifier of texts")],
    "text": [.acts("--text")], "explain": [.acts("--explain")],
    "lexicon": [.acts("--lexicon lexicon.txt")],
  ])

/// What is expected of the flags of `aigc classify`.
let classify = VerbFlags(
  verb: "classify", base: "imgs --model cls",
  flags: [
    "model": [.isInBase, .refused("--model lstm", "classifier")],
    "top": [.acts("--top 2"), .acts("--top 2", "good --model sent")],
    "bad-pictures": [
      .allows("--bad-pictures skip", "broken --model cls"),
      .refused("--bad-pictures skip", "of images", "good --model sent"),
    ],
    "ignore-orientation": [.same("--ignore-orientation")],
    "text": [.acts("--text", "s.tsv --model sent"), .refused("--text", "of texts")],
    "explain": [.acts("--explain", "good --model sent"), .refused("--explain", "of texts")],
    "lexicon": [
      .acts("--lexicon lexicon.txt", "yucky --model sent"),
      .refused("--lexicon lexicon.txt", "of texts"),
    ],
    "most-uncertain": [
      .acts("--most-uncertain 2"), .acts("--most-uncertain 2", "s.tsv --model sent"),
    ],
  ])

/// What is expected of the flags of `aigc embed`.
let embed: VerbFlags = {
  let base = "\"the model reads\" --model bert"
  return VerbFlags(
    verb: "embed", base: base,
    flags: vectors(base, blocks: "\"the model reads\" --model bert.gguf").merging([
      "file": [
        .allows("--file b.txt", "--model bert"), .refused("--file b.txt", "not both"),
        .refused("--file nope.txt", "nope.txt", "--model bert"),
      ],
      "normalize": [.same("--normalize"), .acts("--normalize", "the --model gpt2")],
      "no-normalize": [.acts("--no-normalize"), .same("--no-normalize", "the --model gpt2")],
      "jsonl": [.acts("--jsonl"), .refused("--jsonl --json", "not both")],
    ]) { $1 })
}()

/// What is expected of the flags of `aigc similar`.
let similar: VerbFlags = {
  let base = "\"the model reads\" a.txt --model bert"
  return VerbFlags(
    verb: "similar", base: base,
    flags: vectors(base, blocks: "\"the model reads\" a.txt --model bert.gguf").merging([
      "num": [.acts("--num 2"), .acts("-k 2"), .refused("--num 0", "1 or more")]
    ]) { $1 })
}()

/// The flags of models that make vectors of texts.
/// - Parameter blocks: the same command with a model of blocks of few bits.
private func vectors(_ base: String, blocks: String) -> FlagTable {
  [
    "model": [
      .isInBase, .acts("--model gpt2byte"), .refused("--model cls", "is needed here"),
      .refused("--model ngram", "without states"),
    ],
    "pooling": [.acts("--pooling cls"), .same("--pooling mean")],
    "context": [.acts("--context 4"), .refused("--context 73", "72 positions")],
    "activations": [.acts("--activations int8", blocks), .same("--activations f32", blocks)],
    "batch-size": [.same("--batch-size 1"), .refused("--batch-size 0", "from 1")],
    "out": [.acts("--out $OUT")],
  ]
}
