import Console
import Files
import Training

/// Prints what came of a run.
/// - Parameters:
///   - items: what was learned from.
///   - score: what evaluations measure, and its name in JSON.
///   - command: uses the model, with `--model`.
///   - usage: uses it otherwise; nil: by `command`.
func printSummary(
  _ summary: TrainingSummary, folder: String, json: Bool, items: String = "tokens",
  score: (name: String, text: String) = ("val_loss", "validation loss"),
  command: String = "generate text", usage: String? = nil
) throws(AIGCError) {
  let answer = try Answer(nil)
  if json {
    try answer.write(json: [
      .init("model", .string(folder)), .init("steps", .int(summary.steps)),
      .init("loss", JSONValue(summary.loss)),
      .init(score.name, JSONValue(summary.bestValidationLoss)),
      .init("seconds", .double(summary.seconds)), .init(items, .int(summary.items)),
    ])
  } else {
    let loss = summary.loss.map { ", loss \(Format.fixed($0, 4))" } ?? ""
    let best =
      summary.bestValidationLoss.map {
        ", \(score.text) \(Format.fixed($0, 4)) at step \(summary.bestStep ?? 0)"
      } ?? ""
    Diagnostics.note(
      "\(summary.steps) steps in \(Format.time(seconds: summary.seconds))\(loss)\(best)")
    try answer.write("\(folder)\n")
    Diagnostics.note("use it: aigc \(usage ?? "\(command) --model \(folder)")")
  }
  try answer.finish()
}
