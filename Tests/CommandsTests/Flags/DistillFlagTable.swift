/// Of `aigc distill`.
let distill: VerbFlags = {
  let base = "a.txt --teacher talk2 --student talk --seed 1 --dry-run --out $OUT"
  let writing = "a.txt --teacher little.gguf --student talk --seed 1 --dry-run --out $OUT"
  let run =
    "rows.jsonl --teacher talk2 --student talk --steps 1 --batch-size 1 --seed 1 --out $OUT"
  var table = trainingFlags(base, trained: "spare", heldOut: "b.txt")
  table.merge(
    [
      "teacher": [
        .acts("--teacher little.gguf"), .refused("--teacher gan", "a text model is needed"),
      ],
      "student": [
        .acts("--student gpt2byte --teacher little.gguf"),
        .refused("--student lstm", "the student is a folder"),
        .refused("--student little.gguf", "the student is a folder"),
      ],
      "cache": [.acts("--cache $OUT/../kept")],
      "context": [.acts("--context 5"), .refused("--context 900", "at most")],
      "samples": [
        .acts("--samples 5"), .refused("--samples -1", "--samples -1"),
        .refused("--samples 0 --teacher little.gguf", "not the student's"),
        .refused("--samples 2", "not of .jsonl", run),
      ],
      "max-tokens": [
        .acts("--max-tokens 5", writing), .refused("--max-tokens 0", "--max-tokens 0", writing),
        .refused("--max-tokens 5", "--samples is 0"),
      ],
      "prompt-tokens": [
        .acts("--prompt-tokens 5", writing), .refused("--prompt-tokens 5", "--samples is 0"),
      ],
      "temperature": [
        .acts("--temperature 0.5", writing),
        .refused("--temperature 0", "--temperature 0", writing),
        .refused("--temperature 0.5", "--samples is 0"),
      ],
      "top-p": [
        .acts("--top-p 0.5", writing), .refused("--top-p 0.5", "--samples is 0"),
      ],
      "keep": [
        .acts("--keep 0.5", writing), .refused("--keep 0", "--keep 0", writing),
        .refused("--keep 0.5", "--samples is 0"),
      ],
      "kd-ratio": [
        .acts("--kd-ratio 0.25"), .refused("--kd-ratio 2", "--kd-ratio 2"),
        .refused("--kd-ratio 0", "nothing is learned"),
        .refused("--kd-ratio 0.5", "not the student's", writing),
      ],
      "kd-temperature": [
        .acts("--kd-temperature 2"), .refused("--kd-temperature 0", "--kd-temperature 0"),
        .refused("--kd-temperature 2 --kd-ratio 0 --samples 5", "--kd-ratio is 0"),
      ],
      "kd-top-k": [
        .acts("--kd-top-k 2"), .refused("--kd-top-k 0", "--kd-top-k 0"),
        .refused("--kd-top-k 2", "not the student's", writing),
      ],
      "mask-prompt": [.acts("--mask-prompt", run)],
      "skip-bad-lines": [
        .allows("--skip-bad-lines", run.replacing("rows.jsonl", with: "bad.jsonl"))
      ],
      "grad-accum": [.acts("--grad-accum 2")],
      "checkpoint-activations": [.acts("--checkpoint-activations")],
      "resume": [
        .refused("--resume", "no run stands"),
        .refused("--resume", "none of 'aigc distill'", base.replacing("$OUT", with: "gpt2")),
        .allows(
          "--resume", base.replacing("$OUT", with: "distilled").replacing("--seed 1 ", with: "")),
      ],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "distill", base: base, flags: table,
    json: "b.txt --teacher talk2 --student talk --steps 1 --batch-size 1 --out $OUT")
}()
