import Console
import Files
import Training

/// Prints what came of a run that made a language model.
func printSummary(_ summary: TrainingSummary, folder: String, json: Bool) throws(AIGCError) {
  let answer = try Answer(nil)
  if json {
    try answer.write(json: [
      .init("model", .string(folder)), .init("steps", .int(summary.steps)),
      .init("loss", JSONValue(summary.loss)),
      .init("val_loss", JSONValue(summary.bestValidationLoss)),
      .init("seconds", .double(summary.seconds)), .init("tokens", .int(summary.items)),
    ])
  } else {
    let loss = summary.loss.map { ", loss \(Format.fixed($0, 4))" } ?? ""
    let best =
      summary.bestValidationLoss.map {
        ", validation loss \(Format.fixed($0, 4)) at step \(summary.bestStep ?? 0)"
      } ?? ""
    Diagnostics.note(
      "\(summary.steps) steps in \(Format.time(seconds: summary.seconds))\(loss)\(best)")
    try answer.write("\(folder)\n")
    Diagnostics.note("use it: aigc generate text --model \(folder)")
  }
  try answer.finish()
}
