/// What is expected of the flags of the verbs that compare and write summaries.
let summaryVerbs: [VerbFlags] = [
  VerbFlags(
    verb: "rouge", base: "sums.jsonl refs.jsonl",
    flags: [
      "mode": [.acts("--mode rouge155")], "stem": [.acts("--stem")],
    ]),
  VerbFlags(
    verb: "summarize", base: "story.txt",
    flags: [
      "method": [
        .acts("--method kl"), .acts("--method lead", "sums.jsonl"),
        .refused("--method lead --model sumr", "--method learned"),
      ],
      "length": [
        .acts("--length 10%"), .acts("--length 20w"), .refused("--length 0", "3, 20% or 100w"),
      ],
      "query": [.acts("--query \"bird 33\" --length 1", "story.txt --length 1")],
      "queries": [
        .acts("--queries --length 1", "sums.jsonl --length 1"),
        .refused("--queries", "of JSONL"),
        .refused("--queries --query x", "not both", "sums.jsonl"),
      ],
      "model": [
        .acts("--model sumr", "sums.jsonl --length 1"), .refused("--model cls", "is needed here"),
        .refused("--model gpt2byte", "too few"), .refused("--model lw --length 10%", "in percent"),
      ],
      "embeddings": [
        .acts(
          "--embeddings bert --method lexrank --length 1", "sums.jsonl --method lexrank --length 1"
        ),
        .refused("--embeddings bert --method kl", "learned and lexrank"),
        .refused("--embeddings bert", "learned without vectors"),
        .refused("--embeddings bert --model lw", "sentences that are chosen"),
      ],
      "no-chat": [.acts("--no-chat", "words.txt --model little.gguf --length 20w")],
      "chat": [
        .same("--chat", "words.txt --model little.gguf --length 20w"),
        .refused("--chat", "no chat template", "story.txt --model lw"),
        .refused("--chat", "language models"),
      ],
      "temperature": [
        .acts("--temperature 2 --seed 1", "story.txt --model lw"),
        .refused("--temperature 1", "language models"),
      ],
      "seed": [
        .acts("--seed 2", "story.txt --model lw --temperature 2"),
        .refused("--seed 1", "language models"),
      ],
      "activations": [
        .acts("--activations f32", "words.txt --model little.gguf --length 20w"),
        .refused("--activations f32", "language models"),
      ],
      "cache-type": [
        .acts("--cache-type q8_0", "words.txt --model little.gguf --length 20w"),
        .refused("--cache-type f16", "language models"),
      ],
      "adapter": [
        .acts("--adapter lora", "words.txt --model little.gguf --length 20w"),
        .refused("--adapter lora", "language models"),
      ],
      "out": [.acts("--out $OUT")],
    ]),
  VerbFlags(
    verb: "train summarizer", base: "sums.jsonl --out $OUT",
    flags: [
      "no-stem": [.acts("--no-stem")], "embeddings": [.acts("--embeddings bert")],
      "out": [.isInBase],
      "force": [
        .allows("--force", "sums.jsonl --out spare3"), .refused("--force", "--out", "sums.jsonl"),
      ],
    ]),
]
