import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of two translators between two sets of images, or of one on pairs.
final class CycleGANTask: TrainingTask {
  private var configuration: CycleGANConfiguration
  private let step: CycleGANStep
  private var images: TranslationImages
  private var seen = 0
  /// The translators that are shown, measured and saved: of averaged weights where there are such.
  private let shown: [(name: String, module: TranslationGenerator)]
  private let averages: [WeightAverage]
  private let model: CycleGANModel
  /// Watch each translator for a collapse, by the names of the domains that they make.
  private let monitors: [(name: String, monitor: AdversarialMonitor)]
  private var notes: [JSONValue.Member] = []
  /// Is told what the user should know.
  var warn: (String) -> Void = { _ in }

  let itemName = "images"

  init(
    _ configuration: CycleGANConfiguration, _ step: CycleGANStep, _ images: TranslationImages
  ) throws(AIGCError) {
    (self.configuration, self.step, self.images) = (configuration, step, images)
    (shown, averages) = Self.shown(configuration, step.networks)
    let directions: [TranslationDirection] = [.forward, .back]
    model = CycleGANModel(
      configuration,
      Dictionary(uniqueKeysWithValues: zip(directions, shown.map { $0.module })))
    var monitors: [(name: String, monitor: AdversarialMonitor)] = []
    for direction in model.directions {
      let (from, to) = direction == .forward ? (images.a, images.b) : (images.b, images.a)
      let middle = TranslatedImages(try model.translator(direction), images, of: from)
      // Only sets of the model's size can be compared with what is made.
      guard to.size == images.size else { continue }
      monitors.append((direction == .forward ? "b" : "a", AdversarialMonitor(middle, to)))
    }
    self.monitors = monitors
  }

  /// The translators themselves, or networks of the same shapes for the averages of their weights.
  private static func shown(
    _ configuration: CycleGANConfiguration, _ networks: TranslationNetworks
  ) -> ([(name: String, module: TranslationGenerator)], [WeightAverage]) {
    guard let decay = configuration.training?.average else { return (networks.translators, []) }
    var averages: [WeightAverage] = []
    let shown = networks.translators.map { part in
      let copy = ParameterPlan.shapes { TranslationGenerator(configuration, using: &$0) }
      let (source, copies) = (
        part.module.namedParameters.map { $0.parameter },
        copy.namedParameters.map { $0.parameter }
      )
      averages.append(WeightAverage(of: source, in: copies, decay: decay))
      return (part.name, copy)
    }
    return (shown, averages)
  }

  var parameters: NamedParameters {
    let averaged =
      averages.isEmpty ? [] : shown.map { ("average.\($0.name)", $0.module as any Module) }
    return (step.networks.generators + step.networks.discriminators + averaged).flatMap {
      $0.1.namedParameters(below: $0.0)
    }
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] {
    [("generators", step.generatorOptimizer), ("discriminators", step.discriminatorOptimizer)]
  }

  func step(_ number: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let batch = try images.next(using: &context.random)
    let shape: Shape = [
      batch.count, configuration.height, configuration.width, configuration.channels,
    ]
    let losses = try step(
      Tensor(batch.a, shape), Tensor(batch.b, shape), number, rate: rate, context)
    averages.forEach { $0.update(step: number) }
    let count = (configuration.isPaired ? 1 : 2) * batch.count
    seen += count
    let outcome = AdversarialOutcome(
      realAccuracy: losses.realAccuracy, fakeAccuracy: losses.fakeAccuracy, margin: losses.margin)
    if let problem = monitors.first?.monitor.observe(outcome) {
      say("step \(number + 1): \(problem)")
    }
    return StepResult(metrics: losses.metrics(isPaired: configuration.isPaired), items: count)
  }

  func validate() throws(AIGCError) -> Double? {
    for (name, monitor) in monitors {
      let health = try monitor.evaluate()
      notes += [
        .init("sliced_wasserstein_\(name)", .double(health.distance)),
        .init("diversity_\(name)", .double(health.diversity)),
        .init("spread_\(name)", .double(health.spread)),
      ]
      if let problem = health.problem { say("translations to \(name.uppercased()): \(problem)") }
    }
    return nil
  }

  /// Tells the user, and the log.
  private func say(_ text: String) {
    warn(text)
    notes.append(.init("warning", .string(text)))
  }

  func takeNotes() -> [JSONValue.Member] {
    defer { notes = [] }
    return notes
  }

  func progress() throws(AIGCError) -> [NewTensor] {
    images.progress(seen: seen) + [
      try step.pools.a.tensor(name: "pool_a"), try step.pools.b.tensor(name: "pool_b"),
    ] + (monitors.first?.monitor.progress() ?? [])
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    seen = try images.restore(progress, prefix: prefix)
    try step.pools.a.restore(progress, "\(prefix)pool_a")
    try step.pools.b.restore(progress, "\(prefix)pool_b")
    try monitors.first?.monitor.restore(progress, prefix: prefix)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingImages = items
    let translators = shown.map { ($0.name, $0.module as any Module) }
    for part in translators + step.networks.discriminators {
      try StateDictionary.write(
        part.1.namedParameters, to: path("\(part.0).safetensors"))
    }
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }

  func show(in folder: String) throws(AIGCError) {
    try TranslationSheet(images, model).write(to: folder)
  }
}
