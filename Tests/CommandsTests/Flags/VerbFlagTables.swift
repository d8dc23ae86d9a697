/// What is expected of the flags of the verbs that use models.
let otherVerbs: [VerbFlags] = [
  generateText, generateSeries, chat, sample("gan"), sample("dcgan"), sample("vae"),
  sample("vaegan"),
  sample("vqvae"), sample("stylegan"),
  VerbFlags(
    verb: "next", base: "ngram the",
    flags: ["num": [.acts("--num 2")]].merging(loading("little.gguf the", other: "ngram the")) {
      $1
    }),
  evaluate, score, tokenize,
  VerbFlags(
    verb: "detokenize", base: "1 2 --model lstm",
    flags: [
      "model": [.acts("--model gpt2byte")],
      "vocab": [.acts("--vocab bpe", "262 263"), .refused("--vocab bpe", "not both")],
      "out": [.acts("--out $OUT")],
    ]),
  VerbFlags(verb: "inspect", base: "lstm", flags: [:]), convert, update, encode, reconstruct,
  translate,
  VerbFlags(verb: "models", base: "", flags: [:]),
  VerbFlags(
    verb: "bench", base: "",
    flags: [
      "model": [.acts("--model gpt2byte --seconds 0")],
      "activations": [.refused("--activations f32", "go with --model")],
      "cache-type": [.refused("--cache-type f32", "go with --model")],
      "adapter": [.refused("--adapter lora", "go with --model")],
      "seconds": [
        .refused("--seconds 1", "names of benchmarks"),
        .refused("--seconds 1 --compare-threads gan-train", "measures nothing"),
      ],
      "compare-threads": [.refused("--compare-threads", "names of benchmarks")],
    ]),
  VerbFlags(verb: "completion", base: "bash", flags: [:]),
  VerbFlags(
    verb: "interpolate", base: "ngram ngram2 --weights 1,1 --out $OUT",
    flags: [
      "tune": [
        .allows("--tune b.txt", "ngram ngram2 --out $OUT"), .refused("--tune b.txt", "--weights"),
      ],
      "weights": [.acts("--weights 3,1")], "out": [.isInBase],
      "force": [.allows("--force", "ngram ngram2 --weights 1,1 --out spare2")],
    ]),
  VerbFlags(
    verb: "merge", base: "little.gguf $OUT --adapter lora",
    flags: [
      "adapter": [
        .acts("--adapter lora:-2"), .refused("--adapter a.txt", "no adapter"),
        .refused("--adapter loragpt2", "no such projection"),
      ],
      "type": [
        .acts("--type f16"),
        .refused("--type q8_0", "of few bits"),
      ],
      "force": [
        .allows("--force", "gpt2 spare4 --adapter loragpt2"),
        .refused("--force", "of folders", "little.gguf $OUT.gguf --adapter lora"),
      ],
    ]),
  VerbFlags(
    verb: "quantize", base: "ngram $OUT",
    flags: [
      "type": [.allows("--type q8_0", "lstm $OUT"), .refused("--type q8_0", "n-gram")],
      "eval": [.acts("--eval b.txt")], "force": [.allows("--force", "ngram ngram2")],
    ]),
  classify, sentiment, embed, similar,
]

private let generateSeries = VerbFlags(
  verb: "generate series", base: "--model series",
  flags: [
    "model": [.isInBase, .refused("--model lstm", "a series model")],
    "steps": [.acts("--steps 3")], "from": [.acts("--from t2.csv")],
    "interpolate": [
      .allows("--interpolate", "--model series --from gaps.csv"),
      .refused("--interpolate", "--from"),
    ],
    "num": [.acts("--num 2 --seed 1")], "out": [.acts("--out $OUT.png")],
    "csv": [
      .acts("--csv $OUT.csv"), .refused("--csv - --json", "standard output"),
      .refused("--csv /dev/stdout --json", "standard output"),
      .refused("--csv - --out -", "standard output"),
    ],
    "seed": [.acts("--seed 2", "--model series --num 2 --seed 1"), .refused("--seed 2", "--num")],
  ])

private func sample(_ kind: String) -> VerbFlags {
  let base = "--model \(kind) --seed 1 --num 4 --out $OUT.png"
  let map = "--model \(kind) --map --grid 2x2 --out $OUT.png"
  let encodes = kind.hasPrefix("vae")
  var table: FlagTable = [
    "model": [.isInBase, .refused("--model cls", "is needed here")], "num": [.acts("--num 2")],
    "grid": [.acts("--grid 1x4")],
    "seed": [.acts("--seed 2"), .refused("--seed 2", "drawn latents", map)],
    "seeds": [
      .acts("--seeds 3,4", "--model \(kind) --out $OUT.png --num 4".replacing(" --num 4", with: ""))
    ],
    "scale": [.acts("--scale 2")],
    "interpolate": [.acts("--interpolate", "--model \(kind) --seed 1 --num 2 --out $OUT.png")],
    "frames": [
      .acts("--frames 3", "--model \(kind) --seed 1 --num 2 --interpolate --out $OUT.png"),
      .refused("--frames 3", "--interpolate"),
    ],
    "map": [.acts("--map", "--model \(kind) --grid 2x2 --out $OUT.png")],
    "ignore-orientation": [.refused("--ignore-orientation", "two images")],
    "axes": [.acts("--axes 1,0", map), .refused("--axes 1,0", "--map")], "out": [.isInBase],
    "outdir": [
      .acts("--outdir $OUT", "--model \(kind) --seed 1 --num 4".replacing("$", with: "$"))
    ],
    "class": [.refused("--class 1", "no classes")],
  ]
  // A grid of codes that hardly learned is drawn alike at all places.
  if kind == "vqvae" { table["axes"] = [.refused("--axes 1,0", "--map")] }
  if kind == "gan" {
    table["class"]?.append(.acts("--class 1", "--model gancond --seed 1 --num 4 --out $OUT.png"))
  }
  table["outdir"] = [
    .refused("--outdir $OUT", "one of them"),
    .allows("--outdir $OUT", "--model \(kind) --seed 1 --num 2"),
  ]
  if encodes {
    table["interpolate"]?.append(
      .refused(
        "--interpolate imgs/cats/seed0001.png imgs/cats/seed0002.png", "drawn latents"))
  }
  if kind == "stylegan" { table.merge(styleFlags(base)) { $0 + $1 } }
  return VerbFlags(
    verb: "sample \(kind)", base: base, flags: table, json: nil)
}

private let evaluate = VerbFlags(
  verb: "evaluate", base: "gpt2 b.txt",
  flags: [
    "text-column": [
      .allows("--text-column 2 --label-column 1", "sent turned.tsv"),
      .refused("--text-column 2", "classifiers of texts"),
    ],
    "label-column": [.refused("--label-column 1", "classifiers of texts")],
    "context": [
      .acts("--context 5"), .refused("--context 5", "such as gpt2", "ngram b.txt"),
      .refused("--context 5", "of texts", "vae imgs --features cls --num 4"),
    ],
    "stride": [.acts("--stride 2"), .refused("--stride 2 --with gpt2", "not of mixtures")],
    "activations": [
      .acts("--activations f32", "little.gguf b.txt"),
      .refused("--activations f32", "of texts", "vae imgs --features cls --num 4"),
    ],
    "adapter": [
      .acts("--adapter lora", "little.gguf b.txt"),
      .refused("--adapter lora", "of texts", "vae imgs --features cls --num 4"),
      .refused("--adapter lora", "of transformers", "ngram b.txt"),
    ],
    "cache-type": [
      .acts("--cache-type q8_0"), .refused("--cache-type f16", "of transformers", "ngram b.txt"),
      .refused("--cache-type f16 --with gpt2", "not of mixtures"),
      .refused("--cache-type f16", "is an agent", "agent"),
    ],
    "with": [
      .acts("--with lstm", "gpt2 b.txt"),
      .refused("--with lstm", "of texts", "vae imgs --features cls --num 4"),
    ],
    "weights": [
      .acts("--weights 3,1", "ngram b.txt --with ngram2"), .refused("--weights 1,1", "--with"),
    ],
    "tune": [
      .acts("--tune a.txt", "ngram b.txt --with ngram2"), .refused("--tune a.txt", "--with"),
    ],
    "num": [
      .acts("--num 3", "imgs/cats imgs/dogs --features cls"), .refused("--num 3", "images"),
    ],
    "features": [
      .acts("--features cls", "imgs/cats imgs/dogs"), .refused("--features cls", "images"),
    ],
    "bad-pictures": [
      .allows("--bad-pictures skip", "imgs/cats broken --features cls"),
      .refused("--bad-pictures skip", "images"),
    ],
    "iw-samples": [
      .acts("--iw-samples 2", "vae imgs --features cls --num 4"),
      .refused("--iw-samples 2", "train vae", "gan imgs --features cls --num 4"),
      .refused("--iw-samples 2", "images"),
    ],
    "ignore-orientation": [
      .same("--ignore-orientation", "imgs/cats imgs/dogs --features cls"),
      .refused("--ignore-orientation", "images"),
    ],
    "input": [
      .allows("--input imgs/cats", "cycle imgs/dogs --features cls"),
      .refused("--input imgs/cats", "translate", "gan imgs --features cls"),
    ],
    "direction": [
      .acts("--direction BtoA", "cycle imgs/dogs --input imgs/cats --features cls"),
      .refused("--direction BtoA", "translate", "gan imgs --features cls"),
    ],
    "episodes": [
      .acts("--episodes 3", "agent --seed 1"), .refused("--episodes 3", "of agents"),
      .refused("--episodes 3", "is an agent", "agent b.txt"),
    ],
    "halves": [.allows("--halves", "imgs --features cls")],
    "seed": [
      .acts("--seed 2", "imgs/cats imgs/dogs --features cls --num 3"),
      .refused("--seed 0", "images"), .acts("--seed 2", "agent --seed 1 --episodes 2"),
    ],
  ])

private let score = VerbFlags(
  verb: "score", base: "gpt2 b.txt",
  flags: [
    "context": [.acts("--context 5"), .refused("--context 5", "of texts", "tab r.csv")],
    "stride": [.acts("--stride 1", "gpt2 b.txt --context 5")],
    "activations": [
      .acts("--activations f32", "little.gguf b.txt"),
      .refused("--activations f32", "of texts", "tab r.csv"),
    ],
    "adapter": [
      .acts("--adapter lora", "little.gguf b.txt"),
      .refused("--adapter lora", "of texts", "tab r.csv"),
      .refused("--adapter lora", "of transformers", "ngram b.txt"),
    ],
    "cache-type": [
      .acts("--cache-type q8_0"), .refused("--cache-type f16", "of transformers", "ngram b.txt"),
    ],
    "logits": [
      .acts("--logits $OUT.npy", "gpt2 words.txt"), .acts("--logits $OUT.npy", "lstm words.txt"),
      .refused("--logits $OUT.npy", "of texts", "tab r.csv"), .refused("--logits $OUT", ".npy"),
      .refused("--logits $OUT.npy --by-line", "not both"),
    ],
    "measure": [
      .acts("--measure deviance", "tab r.csv"), .refused("--measure elbo", "text model"),
      .acts("--measure elbo", "vq imgs"), .refused("--measure iw", "this model has", "vq imgs"),
    ],
    "draws": [.acts("--draws 2", "tab r.csv"), .refused("--draws 2", "are codes", "vq imgs")],
    "seed": [
      .acts("--seed 2", "tab r.csv --draws 2"), .refused("--seed 2", "--draws", "tab r.csv"),
      .refused("--seed 0", "--draws"),
    ],
    "fit": [.acts("--fit r.csv", "tab r.csv")],
    "quantile": [
      .acts("--quantile 0.1", "tab r.csv --fit r.csv"), .refused("--quantile 0.1", "--fit"),
    ],
    "threshold": [.acts("--threshold -100", "tab r.csv")],
    "anomaly": [
      .allows("--anomaly cats --roc $OUT.png", "vae imgs --roc $OUT.png"),
      .refused("--anomaly 1", "of images", "tab r.csv"),
    ],
    "normal": [
      .acts("--normal 1 --json", "tab r.csv --json"),
      .refused("--normal 1", "--label", "tab plain.csv"),
    ],
    "label": [
      .acts("--label other --json", "tab r2.csv --json"),
      .refused("--label x", "the label too", "tab r.csv"),
      .refused("--label x", "of tables", "vae imgs"),
    ],
    "roc": [.acts("--roc $OUT.png", "tab r.csv"), .refused("--roc x.gif", ".png", "tab r.csv")],
    "bad-pictures": [
      .allows("--bad-pictures skip", "vae broken"),
      .refused("--bad-pictures skip", "of images", "tab r.csv"),
    ],
    "ignore-orientation": [
      .same("--ignore-orientation", "vae imgs"),
      .refused("--ignore-orientation", "of images", "tab r.csv"),
    ],
    "by-line": [.acts("--by-line"), .refused("--by-line", "of texts", "tab r.csv")],
    "out": [.acts("--out $OUT")],
  ])

private let tokenize = VerbFlags(
  verb: "tokenize", base: "the --model lstm",
  flags: [
    "model": [.acts("--model gpt2byte")],
    "vocab": [.acts("--vocab bpe", "the"), .refused("--vocab bpe", "not both")],
    "pieces": [.acts("--pieces"), .refused("--pieces --json", "already")],
    "count": [.acts("--count")],
    "no-parse-special": [
      .refused("--no-parse-special", "BPE"),
      .acts("--no-parse-special", "\"a<|endoftext|>b\" --vocab bpe"),
    ],
    "no-special-tokens": [
      .refused("--no-special-tokens", "BPE"),
      .acts("--no-special-tokens", "a --vocab marks.json"),
      .acts("--no-special-tokens", "a --model bert"),
    ],
    "out": [.acts("--out $OUT")],
  ])

private let convert = VerbFlags(
  verb: "convert", base: "gpt2 $OUT",
  flags: [
    "tokens": [
      .acts("--tokens auto", "bare.arpa $OUT"), .refused("--tokens auto", "ARPA"),
      .refused("--tokens auto", "ARPA", "ngram $OUT.arpa"),
      .refused("--tokens auto", "as they are", "w.safetensors $OUT.safetensors"),
    ],
    "family": [.allows("--family lstm", "lstm.safetensors $OUT")],
    "model": [
      .same("--model little.gguf", "lora $OUT.gguf"), .refused("--model gpt2", "of adapters"),
    ],
    "vocab": [
      .refused("--vocab words.txt", "--family"),
      .refused("--vocab words.txt", "tokens", "lstm.safetensors $OUT --family lstm"),
    ],
    "direction": [
      .refused("--direction AtoB", "--family"),
      .refused("--direction AtoB", "translate", "lstm.safetensors $OUT --family lstm"),
      .acts(
        "--direction BtoA", "cycle/generator_a.safetensors $OUT --family cyclegan"),
    ],
    "part": [
      .acts("--part generator", "gan $OUT"), .refused("--part generator", "neural", "ngram $OUT"),
      .refused("--part generator", "--part", "cls $OUT"), .refused("--part generator", "--part"),
      .refused("--part generator", "--part", "lstm.safetensors $OUT --family lstm"),
    ],
    "type": [
      .acts("--type f16"), .refused("--type f16", "neural", "ngram $OUT"),
      .refused("--type f16", "as they are", "agent $OUT.safetensors"),
      .refused("--type f16", "--type", "lstm.safetensors $OUT --family lstm"),
    ],
    "force": [.allows("--force", "gpt2 spare")],
  ])

private let update = VerbFlags(
  verb: "update", base: "lstm b.txt --steps 1 --seed 1 --out $OUT",
  flags: [
    "out": [.isInBase],
    "force": [
      .allows("--force", "ngram b.txt --out spare2"), .refused("--force", "--out", "lstm b.txt"),
    ],
    "steps": [.acts("--steps 2"), .refused("--steps 2", "n-gram", "ngram b.txt --out $OUT")],
    "epochs": [
      .acts("--epochs 0.1", "lstm b.txt --seed 1 --out $OUT"),
      .refused("--epochs 2", "n-gram", "ngram b.txt --out $OUT"),
    ],
    "lr": [.acts("--lr 0.1"), .refused("--lr 0.1", "n-gram", "ngram b.txt --out $OUT")],
    "seed": [.acts("--seed 2"), .refused("--seed 2", "n-gram", "ngram b.txt --out $OUT")],
  ])

private let encode = VerbFlags(
  verb: "encode", base: "vae imgs --out $OUT",
  flags: [
    "out": [.isInBase],
    "step": [
      .acts("--step 0.1"), .refused("--step 0.1", "rounded", "vq imgs --out $OUT"),
      .refused("--step 0.1", "rounded", "vae imgs --out $OUT.safetensors"),
    ],
    "bad-pictures": [.allows("--bad-pictures skip", "vae imgs broken --out $OUT")],
    "limit": [.acts("--limit 1")], "ignore-orientation": [.same("--ignore-orientation")],
  ])

private let reconstruct = VerbFlags(
  verb: "reconstruct", base: "vae imgs --out $OUT.png",
  flags: [
    "out": [.isInBase],
    "outdir": [
      .allows("--outdir $OUT", "vae imgs"), .refused("--outdir $OUT", "one of them"),
    ],
    "step": [
      .acts("--step 9"), .refused("--step 9", "coded already", "vae i.aigl --out $OUT.png"),
      .refused("--step 9", "rounded", "vq imgs --out $OUT.png"),
    ],
    "bad-pictures": [
      .allows("--bad-pictures skip", "vae imgs broken --out $OUT.png"),
      .refused("--bad-pictures skip", "coded already", "vae i.aigl --out $OUT.png"),
    ],
    "limit": [.acts("--limit 1"), .acts("--limit 1", "vae i.aigl --out $OUT.png")],
    "ignore-orientation": [
      .same("--ignore-orientation"),
      .refused("--ignore-orientation", "coded already", "vae i.aigl --out $OUT.png"),
    ],
  ])
