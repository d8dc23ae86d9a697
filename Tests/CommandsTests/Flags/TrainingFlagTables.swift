/// What is expected of the flags of `aigc train` and what is like it.
let trainingVerbs: [VerbFlags] = [
  ngram, recurrent("lstm"), recurrent("rnn"), recurrent("gru"), gpt2,
  rotary("llama", preset: "smollm2"), rotary("qwen3", preset: "0.6b"),
  rotary("gemma3", preset: "270m"), classifier, gan("dcgan"),
  gan("gan"), vae, vaegan, vqvae, cyclegan, stylegan, finetune, distill,
  sentimentTraining, textClassifierTraining,
]

private let ngram = VerbFlags(
  verb: "train ngram", base: "a.txt --out $OUT",
  flags: [
    "order": [.acts("--order 2")], "context": [.acts("--context 1")],
    "tokens": [.acts("--tokens char")], "estimator": [.acts("--estimator witten-bell")],
    "tokenizer": [
      .acts("--tokenizer gpt2"), .refused("--tokenizer gpt2 --tokens char", "--tokens is of words"),
      .refused("--tokenizer gan", "a text model is needed"),
    ],
    "preset": [.acts("--preset article")], "prune": [.acts("--prune 0,1")],
    "vocab": [.acts("--vocab words.txt")], "vocab-size": [.acts("--vocab-size 5")],
    "memory": [.same("--memory 100M"), .refused("--memory much", "--memory much")],
    "tmp": [.same("--tmp .")], "quantize": [.acts("--quantize")],
    "no-counts": [.acts("--no-counts")], "strict": [.refused("--strict", "--strict")],
    "arpa": [.acts("--arpa $OUT.arpa")],
    "val": [.acts("--val b.txt --json", "a.txt --out $OUT --json")],
    "out": [.isInBase], "force": [.allows("--force", "a.txt --out ngram")],
  ])

private func recurrent(_ kind: String) -> VerbFlags {
  let base = "a.txt --hidden 8 --context 8 --seed 1 --dry-run --out $OUT"
  let series = "t.csv --task forecast --hidden 4 --seed 1 --dry-run --out $OUT"
  var table = trainingFlags(base, trained: "lstm", heldOut: "b.txt")
  table.merge(
    [
      "task": [.acts("--task forecast", "t.csv --seed 1 --dry-run --out $OUT")],
      "tokens": [.acts("--tokens byte")],
      "vocab-size": [
        .acts("--vocab-size 5", base + " --tokens word"),
        .refused("--vocab-size 5", "--tokens char"),
        .refused("--vocab-size 5 --tokens byte", "--tokens byte"),
        .refused("--vocab-size 5 --task forecast", "of text"),
      ],
      "layers": [.acts("--layers 3")], "hidden": [.acts("--hidden 9")],
      "embedding": [.acts("--embedding 5")],
      "dropout": [
        .acts("--dropout 0.5"), .refused("--dropout 0.5 --layers 1", "between layers"),
        .refused("--dropout 0.5", "between layers", series),
      ],
      "tied": [.acts("--tied")], "context": [.acts("--context 9")],
      "preset": kind == "lstm"
        ? [.acts("--preset article")] : [.refused("--preset article", "train lstm")],
      "half": [.acts("--half")], "column": [.acts("--column b", series)],
      "horizon": [.acts("--horizon 3", series), .refused("--horizon 3", "--task forecast")],
      "period": [.acts("--period 3", series)], "difference": [.acts("--difference none", series)],
      "log": [.acts("--log", series + " --no-log")],
      "no-log": [.acts("--no-log", series + " --log")],
      "interpolate": [.allows("--interpolate", series.replacing("t.csv", with: "gaps.csv"))],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train \(kind)", base: base, flags: table,
    json: "a.txt --hidden 4 --layers 1 --context 8 --steps 1 --batch-size 2 --out $OUT",
    sameAs: kind == "lstm" ? nil : "train lstm")
}

private let gpt2: VerbFlags = {
  var result = transformer("gpt2")
  result.flags["dropout"] = [.acts("--dropout 0.5")]
  return result
}()

private func rotary(_ name: String, preset: String) -> VerbFlags {
  var result = transformer(name)
  result.flags["preset"] = [
    .acts("--preset small"), .acts("--preset \(preset)"), .refused("--preset gpt2", "'gpt2'"),
  ]
  result.flags["kv-heads"] = [
    .acts("--kv-heads 1"), .refused("--kv-heads 3", "no divisor of --heads"),
    .refused("--kv-heads 0", "--kv-heads 0"),
  ]
  result.flags["resume"] = [
    .allows(
      "--resume", "a.txt --layers 2 --heads 2 --kv-heads 1 --width 8 --dry-run --out \(name)")
  ]
  result.flags["rope-base"] = [
    .acts("--rope-base 500"), .refused("--rope-base -1", "--rope-base -1"),
  ]
  result.flags["width"] = [
    .acts("--width 16"), .refused("--width 6", "rotary positions need heads of an even size"),
  ]
  return result
}

private func transformer(_ name: String) -> VerbFlags {
  let base = "a.txt --layers 1 --heads 2 --width 8 --seed 1 --dry-run --out $OUT"
  var table = trainingFlags(base, trained: name, heldOut: "b.txt")
  table.merge(
    [
      "preset": [.acts("--preset small")], "tokens": [.acts("--tokens byte")],
      "vocab-size": [
        .acts("--vocab-size 300", base + " --tokens bpe"),
        .refused("--vocab-size 300", "--tokens char"),
      ],
      "tokenizer": [.acts("--tokenizer bpe")], "layers": [.acts("--layers 3")],
      "heads": [.acts("--heads 4")], "width": [.acts("--width 16")],
      "context": [.acts("--context 9")], "storage": [.acts("--storage f16")],
      "grad-accum": [.acts("--grad-accum 2")],
      "checkpoint-activations": [.acts("--checkpoint-activations")],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train \(name)", base: base, flags: table,
    json: "a.txt --layers 1 --heads 1 --width 8 --context 8 --steps 1 --batch-size 2 --out $OUT")
}

private let classifier: VerbFlags = {
  let base = "imgs --stages 4 --hidden 8 --seed 1 --dry-run --out $OUT"
  let labels = "p.idx --stages 4 --hidden 8 --steps 1 --batch-size 4 --seed 1 --out $OUT"
  var table = trainingFlags(base, trained: "cls", heldOut: "imgs")
  table.merge(imageFlags(isConvolutional: true, labels: labels)) { $1 }
  // One class by itself is none to tell apart.
  table["only"] = [.acts("--only cats,dogs")]
  table["without"] = [.refused("--without cats", "tells 2 to 65536 apart")]
  table.merge(
    [
      "stages": [.acts("--stages 8")], "hidden": [.acts("--hidden 9")],
      "dropout": [.acts("--dropout 0.1")], "augment": [.acts("--augment 0")],
      "mirror": [.acts("--mirror")],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train classifier", base: base, flags: table,
    json: "imgs --stages 4 --hidden 8 --steps 1 --batch-size 4 --out $OUT")
}()

private func gan(_ kind: String) -> VerbFlags {
  let base = "imgs --width 8 --latent 4 --seed 1 --dry-run --out $OUT"
  let labels = "p.idx --width 8 --latent 4 --seed 1 --conditional --dry-run --out $OUT"
  var table = trainingFlags(base, trained: kind, heldOut: nil)
  table.merge(imageFlags(isConvolutional: kind == "dcgan", labels: labels)) { $1 }
  table.merge(
    [
      "latent": [.acts("--latent 5")], "width": [.acts("--width 16")],
      "conditional": [.acts("--conditional")],
      "d-norm": kind == "dcgan"
        ? [.acts("--d-norm instance")] : [.refused("--d-norm instance", "train dcgan")],
      "spectral-norm": [.acts("--spectral-norm")], "loss": [.acts("--loss hinge")],
      "r1": [.acts("--r1 2")], "r2": [.acts("--r2 2")],
      "gradient-penalty": [
        .acts("--gradient-penalty 3", base + " --loss wgan-gp"),
        .refused("--gradient-penalty 3", "--loss wgan-gp"),
      ],
      "label-smoothing": [
        .acts("--label-smoothing 0.1"),
        .refused("--label-smoothing 0.1 --loss hinge", "original and lsgan"),
      ],
      "ema": [.acts("--ema 0.9")], "d-steps": [.acts("--d-steps 2")],
      "augment": [.acts("--augment color")], "mirror": [.acts("--mirror")],
      "animate": [.acts("--animate")], "rollback": [.acts("--rollback")],
      "features": [.acts("--features cls")], "kimg": [.acts("--kimg 1")],
      "early-stop": [
        .refused("--early-stop 2", "--features"),
        .acts("--early-stop 2", base + " --features cls"),
      ],
      "val": [.refused("--val imgs", "not of GANs")],
      "val-split": [.refused("--val-split 0.1", "not of GANs")],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train \(kind)", base: base, flags: table,
    json: "imgs --width 8 --latent 4 --steps 1 --batch-size 4 --out $OUT")
}

private let vaeBase = "imgs --layers 8 --latent 3 --batch-size 4 --seed 1 --dry-run --out $OUT"

/// What `train vae` and `train vaegan` share.
private func autoencoder(_ kind: String) -> FlagTable {
  let labels = "p.idx --layers 8 --latent 3 --seed 1 --conditional --dry-run --out $OUT"
  let convolutional = "imgs --network convolutional --layers 4,4 --seed 1 --dry-run --out $OUT"
  var table = trainingFlags(vaeBase, trained: kind, heldOut: "imgs")
  table.merge(imageFlags(isConvolutional: false, labels: labels)) { $1 }
  table.merge(
    [
      "batch-size": [.acts("--batch-size 3")], "latent": [.acts("--latent 4")],
      "network": [.acts("--network convolutional --layers 4,4", vaeBase + " --layers 4,4")],
      "layers": [.acts("--layers 9")],
      "hidden": [
        .acts("--hidden 9", convolutional), .refused("--hidden 9", "--network convolutional"),
      ],
      "likelihood": [.acts("--likelihood gaussian")], "conditional": [.acts("--conditional")],
      "beta": [.acts("--beta 2")], "kl-anneal": [.acts("--kl-anneal 9")],
      "free-bits": [.acts("--free-bits 0.1")], "mirror": [.acts("--mirror")],
    ]
  ) { $1 }
  table["convolution"]?.append(.acts("--convolution exact", convolutional))
  return table
}

private let vae: VerbFlags = {
  var table = autoencoder("vae")
  let quantized = "imgs --vq --layers 4,4 --seed 1 --dry-run --out $OUT"
  let rows = "r.csv --task tabular --layers 4 --seed 1 --dry-run --out $OUT"
  for flag in [
    "reconstruction pixels", "judge-samples", "feature-weight 2", "adversarial-weight 2", "r1 1",
    "d-lr 0.1",
  ] {
    table[String(flag.prefix { $0 != " " })] = [.refused("--\(flag)", "train vaegan")]
  }
  table.merge(
    [
      "vq": [.acts("--vq", "imgs --layers 4,4 --seed 1 --dry-run --out $OUT")],
      "codes": [.acts("--codes 9", quantized), .refused("--codes 9", "--vq")],
      "code-dim": [.acts("--code-dim 9", quantized), .refused("--code-dim 9", "--vq")],
      "codebook": [.acts("--codebook gradient", quantized)],
      "commitment": [.acts("--commitment 2", quantized)],
      "task": [.allows("--task tabular", "r.csv --layers 4 --seed 1 --dry-run --out $OUT")],
      "columns": [.acts("--columns x", rows), .refused("--columns x", "--task tabular")],
      "label": [.acts("--label bad", rows)],
      "normal": [.refused("--normal 7", "no row is normal", rows + " --label bad")],
    ]
  ) { $1 }
  table["latent"]?.append(.refused("--latent 3", "--vq", quantized))
  table["hidden"]?.append(.refused("--hidden 3", "--vq", quantized))
  table["network"]?.append(.refused("--network linear", "--vq", quantized))
  table["beta"]?.append(.refused("--beta 2", "--vq", quantized))
  for flag in [
    "conditional", "ignore-orientation", "image-size 8", "limit 3", "mirror", "channels 1",
    "fit crop",
  ] {
    table[String(flag.prefix { $0 != " " })]?.append(.refused("--\(flag)", "not of tables", rows))
  }
  return VerbFlags(
    verb: "train vae", base: vaeBase, flags: table,
    json: "imgs --layers 8 --latent 3 --steps 1 --batch-size 4 --out $OUT")
}()

private let vaegan: VerbFlags = {
  var table = autoencoder("vaegan")
  table.merge(
    [
      "vq": [.refused("--vq", "train vae")], "codes": [.refused("--codes 3", "--vq")],
      "code-dim": [.refused("--code-dim 3", "--vq")],
      "codebook": [.refused("--codebook gradient", "--vq")],
      "commitment": [.refused("--commitment 3", "--vq")],
      "task": [.refused("--task tabular", "train vae")],
      "columns": [.refused("--columns x", "--task tabular")],
      "label": [.refused("--label x", "--task tabular")],
      "normal": [.refused("--normal x", "--task tabular")],
      "reconstruction": [.acts("--reconstruction features")],
      "judge-samples": [.acts("--judge-samples")],
      "feature-weight": [
        .acts("--feature-weight 2", vaeBase + " --reconstruction features"),
        .refused("--feature-weight 2", "--reconstruction features"),
      ],
      "adversarial-weight": [.acts("--adversarial-weight 2")], "r1": [.acts("--r1 1")],
      "d-lr": [.acts("--d-lr 0.1")],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train vaegan", base: vaeBase, flags: table,
    json: "imgs --layers 8 --latent 3 --steps 1 --batch-size 4 --out $OUT")
}()

private let vqvae: VerbFlags = {
  let base = "imgs --layers 4,4 --batch-size 4 --seed 1 --dry-run --out $OUT"
  var table = trainingFlags(base, trained: "vqvae", heldOut: "imgs")
  let labels = "p.idx --layers 4 --only 1 --seed 1 --dry-run --out $OUT"
  table.merge(imageFlags(isConvolutional: true, labels: labels)) { $1 }
  table.merge(
    [
      "layers": [.acts("--layers 4"), .refused("--layers 4,x", "numbers such as")],
      "likelihood": [.acts("--likelihood gaussian")], "codes": [.acts("--codes 9")],
      "code-dim": [.acts("--code-dim 9")], "codebook": [.acts("--codebook gradient")],
      "commitment": [.acts("--commitment 2")], "mirror": [.acts("--mirror")],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train vqvae", base: base, flags: table,
    json: "imgs --layers 4,4 --steps 1 --batch-size 4 --out $OUT")
}()

let rewarded =
  "words.txt --model gpt2 --reward length:2 --max-tokens 8 --seed 1 --dry-run --out $OUT"

/// Of `aigc finetune PROMPTS --reward`.
private let rewardFlags: FlagTable = [
  "reward": [
    .acts("--reward format:a", rewarded), .refused("--reward joy:1", "no such reward"),
    .refused("--reward length:0", "number of words"), .refused("--reward 'format:('", "is missing"),
    .refused("--reward length:2", "of the family ngram", "words.txt --model ngram --out $OUT"),
    .refused("--reward length:2 --task summary", "of texts", rewarded),
    .refused("--context 8", "of texts", rewarded), .refused("--grad-accum 2", "of texts", rewarded),
  ],
  "reward-weights": [
    .acts("--reward-weights 2", rewarded),
    .refused("--reward-weights 1,2", "for 1 reward", rewarded),
    .refused("--reward-weights x", "numbers", rewarded),
    .refused("--reward-weights 1", "with --reward"),
  ],
  "algorithm": [
    .acts("--algorithm ppo", rewarded), .refused("--algorithm ppo", "with --reward"),
  ],
  "num-generations": [
    .acts("--num-generations 4", rewarded),
    .refused("--num-generations 1", "--num-generations 1: 2 to", rewarded),
    .refused("--num-generations 4", "with --reward"),
  ],
  "max-tokens": [
    .acts("--max-tokens 9", rewarded), .refused("--max-tokens 64", "do not fit", rewarded),
    .refused("--max-tokens 9", "with --reward"),
  ],
  "temperature": [
    .acts("--temperature 0.5", rewarded), .refused("--temperature 0", "above 0", rewarded),
    .refused("--temperature 1", "with --reward"),
  ],
  "beta": [
    .acts("--beta 0.5", rewarded), .refused("--beta -1", "--beta -1", rewarded),
    .refused("--beta 1", "with --reward"),
  ],
  "max-kl": [
    .acts("--max-kl 5", rewarded), .refused("--max-kl 0", "--max-kl 0", rewarded),
    .refused("--max-kl 5", "with --reward"),
  ],
  "epsilon": [
    .acts("--epsilon 0.3", rewarded), .refused("--epsilon 1", "--epsilon 1", rewarded),
    .refused("--epsilon 0.3", "with --reward"),
  ],
  "num-iterations": [
    .acts("--num-iterations 3", rewarded),
    .refused("--num-iterations 0", "--num-iterations 0", rewarded),
    .refused("--num-iterations 3", "with --reward"),
  ],
]

private let finetune: VerbFlags = {
  let base = "b.txt --model gpt2 --seed 1 --dry-run --out $OUT"
  var table = trainingFlags(base, trained: "spare", heldOut: "a.txt")
  table.merge(
    [
      "model": [.acts("--model lstm")],
      "task": [
        .allows(
          "--task summary",
          "sums.jsonl --model gpt2byte --steps 1 --batch-size 1 --seed 1 --out $OUT")
      ],
      "context": [.acts("--context 5"), .refused("--context 900", "at most")],
      "grad-accum": [
        .acts("--grad-accum 2"), .refused("--grad-accum 2 --model lstm", "gpt2 models"),
      ],
      "checkpoint-activations": [
        .acts("--checkpoint-activations"), .acts("--checkpoint-activations", rewarded),
        .refused("--checkpoint-activations --model lstm", "gpt2 models", rewarded),
      ],
      "resume": [
        .refused("--resume", "no run stands"),
        .refused("--resume", "did not start", "a.txt --model gpt2 --dry-run --out gpt2"),
        .allows("--resume", "a.txt --model gpt2 --dry-run --out further"),
        .refused("--resume --context 9", "--context 9", "a.txt --model gpt2 --out further"),
        .allows("--resume", "words.txt --model gpt2 --dry-run --out tuned"),
      ],
    ]
  ) { $1 }
  table.merge(rewardFlags) { $0 + $1 }
  table.merge(adapterFlags) { $0 + $1 }
  return VerbFlags(
    verb: "finetune", base: base, flags: table,
    json: "b.txt --model gpt2 --steps 1 --batch-size 1 --out $OUT")
}()
