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
  let answer = Answer.ofFinishedWork()
  if json {
    var members: [JSONValue.Member] = [
      .init("model", .string(folder)), .init("steps", .int(summary.steps)),
      .init("loss", JSONValue(summary.loss)),
    ]
    // Of networks that train against each other, each.
    for loss in summary.losses where loss.name != "loss" {
      members.append(.init("\(loss.name)_loss", .double(loss.value)))
    }
    members += [
      .init(score.name, JSONValue(summary.bestValidationLoss)),
      .init("seconds", .double(summary.seconds)), .init(items, .int(summary.items)),
    ]
    try answer.write(json: members)
  } else {
    let one = summary.loss.map { [(name: "loss", value: $0)] } ?? []
    let loss = (summary.losses.isEmpty ? one : summary.losses).map {
      ", \($0.name) \(Format.fixed($0.value, 4))"
    }.joined()
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
