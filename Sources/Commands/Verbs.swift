import ArgumentParser

/// Every verb of `aigc`, in the order of its help.
public let verbs: [any ParsableCommand.Type] = [
  Train.self, Generate.self, Chat.self, Sample.self, Next.self, Evaluate.self, Score.self,
  Tokenize.self, Detokenize.self, Inspect.self, Convert.self, Update.self, Finetune.self,
  Distill.self, Encode.self, Reconstruct.self, Translate.self, Models.self, Bench.self,
  Completion.self, Interpolate.self, Quantize.self, Merge.self, Classify.self, Sentiment.self,
  Rouge.self, Summarize.self, Play.self, Embed.self, Similar.self,
]
