/// The flags of how a transformer computes.
/// - Parameters:
///   - base: with a model of blocks of few bits.
///   - other: with one that is no transformer.
func loading(_ base: String, other: String) -> FlagTable {
  [
    "activations": [
      .acts("--activations f32", base), .same("--activations int8", base),
      .refused("--activations f32", "of transformers", other),
    ],
    "cache-type": [
      .acts("--cache-type q8_0", base), .same("--cache-type f16", base),
      .refused("--cache-type f16", "of transformers", other),
    ],
    "adapter": [
      .acts("--adapter lora", base), .acts("--adapter lora:-2", base + " --adapter lora"),
      .same("--adapter lora:0", base), .refused("--adapter lora", "of transformers", other),
      .refused("--adapter a.txt", "no adapter", base),
    ],
  ]
}

/// The flags of what a text must be.
/// - Parameter base: with a model of bytes or characters.
func form(_ base: String) -> FlagTable {
  [
    "json-schema": [
      .acts("--json-schema form.json", base),
      .refused("--json-schema form.gbnf", "JSON schema", base),
      .refused("--json-schema form.json --choice a", "not both", base),
    ],
    "grammar": [
      .acts("--grammar form.gbnf", base), .refused("--grammar form.json", "grammar, line", base),
    ],
    "choice": [.acts("--choice a,b", base), .refused("--choice a,,b", "none of them empty", base)],
  ]
}

/// The flags of drafts, which leave the text as it is.
/// - Parameter base: with the model `little.gguf`.
func drafts(_ base: String) -> FlagTable {
  [
    "draft": [
      .same("--draft prompt", base), .same("--draft little.gguf", base),
      .refused("--draft ngram", "of words drafts nothing", base),
      .refused("--draft lstm", "a smaller transformer drafts", base),
      .refused("--draft gpt2byte", "not those of the model", base),
    ],
    "draft-tokens": [
      .same("--draft-tokens 3", base + " --draft prompt"),
      .refused("--draft-tokens 0 --draft prompt", "1 to 64", base),
      .refused("--draft-tokens -1 --draft prompt", "1 to 64", base),
      .refused("--draft-tokens 9223372036854775807 --draft prompt", "1 to 64", base),
      .refused("--draft-tokens 3", "goes with --draft", base),
    ],
  ]
}

/// The flags of the sampling chain that any text is drawn by.
/// - Parameters:
///   - base: with a model of bytes or characters.
///   - soft: where penalties on repetition change the likeliest tokens.
func sampling(_ base: String, soft: String) -> FlagTable {
  let dry = base + " --dry-multiplier 5"
  return [
    "temperature": [.acts("--temperature 0")], "top-k": [.acts("--top-k 1")],
    "top-p": [.acts("--top-p 0.01")], "min-p": [.acts("--min-p 0.99")],
    "typical": [.acts("--typical 0.01")],
    "repeat-penalty": [.acts("--repeat-penalty 9")],
    "repeat-last-n": [
      .acts("--repeat-last-n 1", base + " --repeat-penalty 9"),
      .refused("--repeat-last-n 1", "--repeat-penalty"),
    ],
    "presence-penalty": [.acts("--presence-penalty 9")],
    "frequency-penalty": [.acts("--frequency-penalty 9")],
    "no-repeat-ngram": [.acts("--no-repeat-ngram 1")],
    "top-nsigma": [.acts("--top-nsigma 0.01")],
    "samplers": [
      .acts("--samplers temperature"),
      .refused("--samplers top_k --sampler-seq k", "not both"),
    ],
    "sampler-seq": [.acts("--sampler-seq t")],
    "dry-multiplier": [.acts("--dry-multiplier 9 --dry-allowed-length 0")],
    "dry-base": [
      .acts("--dry-base 99", soft),
      .refused("--dry-base 2", "--dry-multiplier"),
    ],
    "dry-allowed-length": [
      .acts("--dry-allowed-length 0", dry),
      .refused("--dry-allowed-length 1", "--dry-multiplier"),
    ],
    "dry-penalty-last-n": [
      .acts("--dry-penalty-last-n 0", dry + " --dry-allowed-length 0"),
      .refused("--dry-penalty-last-n 9", "--dry-multiplier"),
    ],
    "dry-sequence-breaker": [
      .acts(
        "--dry-sequence-breaker none --dry-sequence-breaker a --dry-sequence-breaker e",
        dry + " --dry-allowed-length 0"),
      .refused("--dry-sequence-breaker a", "--dry-multiplier"),
    ],
    "xtc-probability": [.acts("--xtc-probability 1 --xtc-threshold 0.01")],
    "xtc-threshold": [
      .acts("--xtc-threshold 0.01", base + " --xtc-probability 1"),
      .refused("--xtc-threshold 0.2", "--xtc-probability"),
    ],
    "mirostat": [.acts("--mirostat 2"), .refused("--mirostat 3", "1 or 2")],
    "mirostat-ent": [
      .acts("--mirostat-ent 0", base + " --mirostat 2"),
      .refused("--mirostat-ent 3", "--mirostat"),
    ],
    "mirostat-lr": [
      .acts("--mirostat-lr 9", base + " --mirostat 2 --mirostat-ent 1"),
      .refused("--mirostat-lr 3", "--mirostat"),
    ],
  ]
}

/// What is expected of the flags of `aigc generate text`.
let generateText: VerbFlags = {
  let base = "--model lstm --prompt the --seed 1 -n 40"
  let words = "--model ngram --prompt the --seed 3 -n 60"
  let soft = base + " --dry-multiplier 0.5 --dry-allowed-length 0"
  let search = "--model lstm --prompt the -n 5 --beams 2"
  func refusedBySearch(_ flag: String) -> FlagCheck { .refused(flag, "searches", search) }
  let searched = sampling(base, soft: soft).merging([
    "temperature": [refusedBySearch("--temperature 0.5")], "top-k": [refusedBySearch("--top-k 3")],
    "top-p": [refusedBySearch("--top-p 0.5")], "min-p": [refusedBySearch("--min-p 0.5")],
    "typical": [refusedBySearch("--typical 0.5")],
    "top-nsigma": [refusedBySearch("--top-nsigma 1")],
    "samplers": [refusedBySearch("--samplers top_k")],
    "sampler-seq": [refusedBySearch("--sampler-seq k")],
    "xtc-probability": [refusedBySearch("--xtc-probability 1")],
    "mirostat": [refusedBySearch("--mirostat 1")],
  ]) { $0 + $1 }
  return VerbFlags(
    verb: "generate text", base: base,
    flags: [
      "model": [.acts("--model gpt2")], "prompt": [.acts("--prompt of")],
      "file": [.acts("--file b.txt", "--model lstm --seed 1 -n 5")],
      "max-tokens": [.acts("--max-tokens 5")], "max-length": [.acts("--max-length 8")],
      "num": [.acts("--num 2")], "stop": [.acts("--stop e")],
      "chat": [
        .acts("--chat", "--model talk --prompt cat --seed 1"),
        .refused("--chat", "answers to --prompt", "--model talk"), .refused("--chat", "template"),
      ],
      "system": [
        .acts("--system dog", "--model talk --prompt cat --seed 1 --chat"),
        .refused("--system dog", "--chat"),
      ],
      "chat-template": [
        .acts("--chat-template t2.jinja", "--model talk --prompt cat --seed 1 --chat"),
        .refused("--chat-template t2.jinja", "--chat"),
      ],
      "until-sentence": [.acts("--until-sentence", words)],
      "ignore-eos": [.acts("--ignore-eos", words)], "echo": [.acts("--echo")],
      "beams": [
        .acts(
          "--beams 2", "--model lstm --prompt the -n 9 --temp 1".replacing(" --temp 1", with: ""))
      ],
      "length-penalty": [
        .refused("--length-penalty 2", "--beams"),
        .same("--length-penalty 1", "--model ngram --prompt the -n 12 --beams 2"),
      ],
      "logprobs": [.acts("--logprobs 2", base + " --json"), .refused("--logprobs 2", "--json")],
      "backoff": [
        .acts("--backoff 1", "--model ngram --seed 1 -n 40"),
        .refused("--backoff 1", "n-gram", "--model lstm --seed 1 -n 5"),
      ],
      "prompt-cache": [
        .acts("--prompt-cache $OUT", "--model gpt2 --prompt the --seed 1 -n 5"),
        .refused("--prompt-cache $OUT", "prompt-cache"),
        .refused("--prompt-cache -", "a file is needed", "--model gpt2 --prompt the -n 5"),
      ],
      "logit-bias": [.acts("--logit-bias 3=90")],
      "seed": [.acts("--seed 2"), refusedBySearch("--seed 2")],
      "copy-report": [.acts("--copy-report a.txt --json", base + " --json")],
      "copy-length": [
        .refused("--copy-length 3", "--copy-report"),
        .acts("--copy-length 1", base + " --json --copy-report a.txt"),
      ],
      "ctx-size": [
        .acts("--ctx-size 2", "--model gpt2 --prompt t --seed 1 -n 40"),
        .refused("--ctx-size 2", "--ctx-size"),
      ],
      "out": [.acts("--out $OUT")],
    ].merging(
      loading("--model little.gguf --prompt the --seed 1 -n 3 --json --logprobs 1", other: base)
    ) { $1 }.merging(form("--model gpt2byte --prompt the --seed 1 -n 40")) { $1 }
      .merging(searched) { $0 + $1 }
      .merging(drafts("--model little.gguf --prompt the --seed 1 -n 40")) { $1 }
      .merging(
        [
          "draft": [
            .refused("--draft prompt", "of transformers"),
            .refused("--draft prompt", "searches", "--model lstm --prompt the -n 5 --beams 2"),
          ]
        ]
      ) { $0 + $1 })
}()
