import Files

/// What a run would train: the answer of `--dry-run`.
public struct TrainingPlan: Sendable {
  /// The family's settings in force, and the model that follows from them and the data.
  public var members: [JSONValue.Member]
  /// What was found to learn from, where the plan reads it.
  public var found: [JSONValue.Member]
  /// How it would be trained.
  public var trainer: TrainerConfiguration
  /// Whether the number of steps is known: passes over data that the plan does not read leave it open.
  public var areStepsKnown: Bool

  /// Creates the plan of a run.
  /// - Parameters:
  ///   - members: the family's settings in force, and the model that follows from them and the
  ///     data.
  ///   - trainer: how the model would be trained.
  ///   - found: what was found to learn from, where the plan reads it.
  ///   - areStepsKnown: false where the run is counted in epochs of data that the plan does not
  ///     read.
  public init(
    _ members: [JSONValue.Member], _ trainer: TrainerConfiguration,
    found: [JSONValue.Member] = [], areStepsKnown: Bool = true
  ) {
    (self.members, self.trainer) = (members, trainer)
    (self.found, self.areStepsKnown) = (found, areStepsKnown)
  }

  /// The plan as JSON.
  /// - Parameters:
  ///   - recipe: whose plan it is.
  ///   - folder: of the run.
  public func json(_ recipe: some TrainingRecipe, folder: String) -> [JSONValue.Member] {
    let head: [JSONValue.Member] = [
      .init("model", .string(folder)), .init("family", .string(recipe.family)),
    ]
    return head + members + (recipe.run.heldOut?.members ?? [])
      + trainer.planMembers(steps: areStepsKnown, epochs: recipe.run.epochs) + found
  }
}

extension HeldOutData {
  /// What a plan says of held-out data.
  var members: [JSONValue.Member] {
    [.init("val", JSONValue(path)), .init("val_split", path == nil ? JSONValue(share) : .null)]
  }
}

extension TrainerConfiguration {
  /// What a plan says of a run, the same for every family.
  /// - Parameter steps: null where passes over the data say how many, and these are not read.
  fileprivate func planMembers(steps isKnown: Bool, epochs: Double?) -> [JSONValue.Member] {
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
