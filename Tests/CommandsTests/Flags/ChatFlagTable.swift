/// What is expected of the flags of `aigc chat`.
let chat: VerbFlags = {
  let base = "--model talk --messages m.json --seed 1 -n 40"
  let little = "--model little.gguf --messages m.json --seed 1 -n 150"
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
      "logit-bias": [.acts("--logit-bias 65=90")], "seed": [.acts("--seed 2")],
      "ctx-size": [.acts("--ctx-size 32")],
      "activations": [
        .acts("--activations f32", little), .refused("--activations int8", "blocks of few bits"),
      ],
      "cache-type": [.acts("--cache-type q8_0", little), .same("--cache-type f16")],
      "adapter": [.acts("--adapter lora", little), .refused("--adapter a.txt", "no adapter")],
    ].merging(form(base)) { $1 }.merging(sampling(base, soft: soft)) { $1 }
      .merging(drafts(little)) { $1 })
}()
