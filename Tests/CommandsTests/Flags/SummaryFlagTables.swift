/// What is expected of the flags of the verbs that compare and write summaries.
let summaryVerbs: [VerbFlags] = [
  VerbFlags(
    verb: "rouge", base: "sums.jsonl refs.jsonl",
    flags: [
      "mode": [.acts("--mode rouge155")], "stem": [.acts("--stem")],
    ])
]
