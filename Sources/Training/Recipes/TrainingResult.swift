import Files

/// The measures of families that have none beside the loop's.
public struct NoMeasures: Report {
  /// Always empty.
  public var members: [JSONValue.Member] { [] }
  /// Always empty.
  public var text: String { "" }
}

/// What came of a run.
public struct TrainingResult<Measures: Report>: Sendable {
  /// The model folder.
  public var folder: String
  /// The name in its `config.json`.
  public var family: String
  /// What was learned from: "tokens", "images".
  public var itemName: String
  /// What evaluations measure, in JSON and in words.
  public var validationName: String
  /// What evaluations measure in words, for people: "validation loss".
  public var validationTitle: String
  /// Steps, losses, time and items of the whole run.
  public var summary: TrainingSummary
  /// Of the finished model; nil where nothing was held out to measure on.
  public var measures: Measures?

  /// The result as JSON.
  public var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("model", .string(folder)), .init("steps", .int(summary.steps)),
      .init("loss", JSONValue(summary.loss)),
    ]
    // Of networks that train against each other, each.
    for loss in summary.losses where loss.name != "loss" {
      let name = loss.name.hasSuffix("reward") ? loss.name : "\(loss.name)_loss"
      members.append(.init(name, .double(loss.value)))
    }
    members += [
      .init(validationName, JSONValue(summary.bestValidationLoss)),
      .init("seconds", .double(summary.seconds)), .init(itemName, .int(summary.items)),
    ]
    return members + (measures?.members ?? [])
  }

  /// The result as a line for people: "400 steps in 0:12, loss 0.1200, validation loss 0.2000 at step 300".
  public var text: String {
    let one = summary.loss.map { [(name: "loss", value: $0)] } ?? []
    let loss = (summary.losses.isEmpty ? one : summary.losses).map {
      ", \($0.name) \(Format.fixed($0.value, 4))"
    }.joined()
    let best =
      summary.bestValidationLoss.map {
        ", \(validationTitle) \(Format.fixed($0, 4)) at step \(summary.bestStep ?? 0)"
      } ?? ""
    return
      "\(counted(summary.steps, "step")) in \(Format.time(seconds: summary.seconds))\(loss)\(best)"
  }
}
