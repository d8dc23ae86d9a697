import Console
import Files
import NN
import Training

extension GPT2Family: FinetunableFamily {
  func finetune(
    _ path: String, on data: [String], _ arguments: FinetuneArguments, json: Bool
  ) throws(AIGCError) {
    let (training, memory) = (arguments.training, arguments.memory)
    let folder = try training.folder(family: name, data: data[0])
    let configuration = try GPT2Configuration.read(folder: path)
    var trainer = Self.further(configuration)
    trainer.texts.paths = data
    if let context = arguments.context {
      guard context <= configuration.context else {
        throw .usage(
          "--context \(context): the model sees \(counted(configuration.context, "token")) at most")
      }
      trainer.model.context = context
      trainer.trainer.batchSize = max(1, 1024 / context)
    }
    trainer.model.recomputesBlocks = memory.checkpointActivations
    trainer.trainer.gradAccumulation = memory.gradAccum
    try training.configure(&trainer, trainer.trainer, folder: folder)
    if training.steps == nil, training.epochs == nil { trainer.epochs = 3 }
    try runGPT2(trainer, training, folder: folder, json: json) { (trainer) throws(AIGCError) in
      try trainer.finetune(path, to: folder)
    }
  }

  var isUpdatable: Bool { true }

  @discardableResult
  func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions
  ) throws(AIGCError) -> [JSONValue.Member] {
    var trainer = Self.further(try GPT2Configuration.read(folder: path))
    trainer.texts.paths = data
    trainer.texts.heldOutShare = 0
    trainer.trainer.steps = options.steps ?? 1
    trainer.trainer.schedule.shape = .constant
    if let rate = options.rate { trainer.trainer.schedule.peak = rate }
    trainer.trainer.seed = options.seed ?? SeedOption.random()
    trainer.epochs = options.epochs ?? (options.steps == nil ? 1 : nil)
    let progress = TrainerProgressLine()
    trainer.report = { progress.show($0) }
    let summary = try trainer.finetune(path, to: output)
    progress.finish()
    Diagnostics.note(
      "\(counted(summary.steps, "step")), \(counted(summary.items, "token"))")
    return updateMembers(summary)
  }

  /// How a trained model learns further: in smaller steps, from windows that a CPU can take. A large
  /// model takes smaller steps than a small one.
  private static func further(_ configuration: GPT2Configuration) -> GPT2Trainer {
    var trainer = GPT2Trainer()
    trainer.model = GPT2ModelOptions(of: configuration)
    trainer.model.context = min(configuration.context, 256)
    trainer.trainer.batchSize = max(1, 1024 / trainer.model.context)
    trainer.trainer.schedule.peak = configuration.width < 512 ? 3e-4 : 5e-5
    trainer.trainer.schedule.warmup = 0
    trainer.trainer.optimizer.beta2 = 0.999
    trainer.trainer.optimizer.weightDecay = 0.01
    trainer.trainer.evalEvery = 100
    trainer.trainer.logEvery = 10
    return trainer
  }
}
