/// What is expected of the flags of `aigc chat`.
let chat: VerbFlags = {
  let base = "--model talk --messages m.json --seed 1 -n 40"
  let little = "--model little.gguf --messages m.json --seed 1 -n 150"
  let dry = base + " --dry-multiplier 5"
  let soft = little + " --dry-multiplier 0.5 --dry-allowed-length 0"
  return VerbFlags(
    verb: "chat", base: base,
    flags: [
      "model": [.refused("--model gpt2byte", "no chat template")],
      "messages": [.acts("--messages m2.json"), .refused("--messages a.txt", "a.txt")],
      "system": [.acts("--system 'be brief'")],
      "chat-template": [
        .acts("--chat-template t2.jinja"),
        .allows("--chat-template t2.jinja", "--model gpt2byte --messages m2.json -n 1"),
      ],
      "print-prompt": [.acts("--print-prompt")], "max-tokens": [.acts("--max-tokens 5")],
      "stop": [.acts("--stop a --stop e --stop t")],
      "prompt-cache": [
        .acts("--prompt-cache $OUT"), .refused("--prompt-cache -", "a file is needed"),
      ],
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
      "logit-bias": [.acts("--logit-bias 65=90")], "seed": [.acts("--seed 2")],
      "ctx-size": [.acts("--ctx-size 32")],
      "activations": [
        .acts("--activations f32", little), .refused("--activations int8", "blocks of few bits"),
      ],
      "cache-type": [.acts("--cache-type q8_0", little), .same("--cache-type f16")],
    ].merging(form(base)) { $1 })
}()
