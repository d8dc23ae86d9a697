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
      "\(counted(summary.steps, "step")) in \(Format.time(seconds: summary.seconds))\(loss)\(best)")
    try answer.write("\(folder)\n")
    Diagnostics.note("use it: aigc \(usage ?? "\(command) --model \(folder)")")
  }
  try answer.finish()
}

/// What `aigc update --json` says of a model that learns by steps.
func updateMembers(_ summary: TrainingSummary) -> [JSONValue.Member] {
  [
    .init("steps", .int(summary.steps)), .init("loss", JSONValue(summary.loss)),
    .init("seconds", .double(summary.seconds)), .init("tokens", .int(summary.items)),
  ]
}

extension TrainerConfiguration {
  /// What `--dry-run` says of a run, the same for every family.
  /// - Parameter steps: null where passes over the data say how many, and these are not read.
  func planMembers(steps isKnown: Bool = true, epochs: Double? = nil) -> [JSONValue.Member] {
    let hasEnd = [.cosine, .linear].contains(schedule.shape)
    var members: [JSONValue.Member] = [
      .init("steps", isKnown ? .int(steps) : .null),
      .init("epochs", epochs.map { .double($0) } ?? .null),
      .init("batch_size", .int(batchSize)), .init("lr", .float(schedule.peak)),
      .init("schedule", .string(schedule.shape.rawValue)), .init("warmup", .int(schedule.warmup)),
      .init("min_lr", hasEnd ? .float(schedule.peak * schedule.endShare) : .null),
      .init("optimizer", .string(optimizer.kind.rawValue)),
    ]
    members +=
      optimizer.kind == .sgd
      ? [.init("momentum", .float(optimizer.momentum))]
      : [.init("beta1", .float(optimizer.beta1)), .init("beta2", .float(optimizer.beta2))]
    return members + [
      .init("weight_decay", .float(optimizer.weightDecay)),
      .init("grad_clip", optimizer.gradClip.map { .double($0) } ?? .null),
      .init("log_every", .int(logEvery)), .init("eval_every", .int(evalEvery)),
      .init("save_every", .int(saveEvery)), .init("early_stop", JSONValue(earlyStop)),
      .init("tensorboard", .bool(tensorboard)), .init("seed", .int(Int(clamping: seed))),
    ]
  }
}

extension TrainerConfiguration {
  /// What holds without flags, for the help of a command.
  /// - Parameters:
  ///   - title: of what.
  ///   - epochs: passes over the data, in place of steps.
  ///   - share: of the data that is held out; nil: none can be.
  func defaultsText(
    _ title: String = "Defaults", epochs: Double? = nil, heldOut share: Double?
  ) -> String {
    var flags = [
      epochs.map { "--epochs \(Format.short($0))" } ?? "--steps \(steps)",
      "--batch-size \(batchSize)", "--lr \(Double("\(schedule.peak)") ?? 0)",
      "--schedule \(schedule.shape.rawValue)", "--warmup \(schedule.warmup)",
      "--optimizer \(optimizer.kind.rawValue)", "--weight-decay \(optimizer.weightDecay)",
      "--grad-clip \(optimizer.gradClip ?? 0)", "--beta1 \(optimizer.beta1)",
      "--beta2 \(optimizer.beta2)", "--log-every \(logEvery)",
      evalEvery > 0 ? "--eval-every \(evalEvery)" : "--eval-every a pass over the data",
    ]
    if let share { flags.append("--val-split \(share)") }
    return "\(title): " + flags.joined(separator: ", ") + "."
  }
}
