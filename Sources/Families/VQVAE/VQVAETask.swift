import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a VQ-VAE on images (van den Oord et al. 2017).
final class VQVAETask: TrainingTask {
  private var configuration: VAEConfiguration
  private let codebook: Codebook
  private let networks: VQVAENetworks
  private let optimizer: any Optimizer
  private let trained: [Parameter]
  private let update: GradientStep
  private let images: any ExampleSet
  /// To measure on; nil: none.
  private let heldOut: (any ExampleSet)?
  /// What shows how it goes: held out, or else the first images learned from.
  private let probe: any ExampleSet
  private var loader: ImageLoader
  private var seen = 0
  private var notes: [JSONValue.Member] = []
  private var isCollapsed = false
  /// Is told what the user should know.
  var warn: (String) -> Void = { _ in }

  let itemName = "images"
  let validationTitle = "loss on what was held out"
  private static let probeCount = 1000

  /// - Parameters:
  ///   - configuration: of the model, with the options of its training.
  ///   - networks: are changed.
  ///   - images: to learn from.
  ///   - heldOut: to measure on.
  ///   - trainer: batch size, seed and optimizer.
  init(
    _ configuration: VAEConfiguration, _ codebook: Codebook, _ networks: VQVAENetworks,
    _ images: any ExampleSet, heldOut: (any ExampleSet)?, _ trainer: TrainerConfiguration
  ) {
    self.configuration = configuration
    self.codebook = codebook
    self.networks = networks
    self.images = images
    self.heldOut = heldOut
    let shown = heldOut ?? images
    probe = shown.subset(Array(0..<min(Self.probeCount, shown.count)))
    trained = networks.trainableParameters
    optimizer = trainer.optimizer.make(trained)
    update = GradientStep(
      networks.trainableNamedParameters, optimizer, clip: trainer.optimizer.gradClip)
    // Streams of the seed: 0 draws the weights, 1 is that of the steps.
    loader = ImageLoader(
      images, batch: trainer.batchSize, random: RandomSource(seed: trainer.seed, stream: 2),
      isMirrored: configuration.training?.isMirrored ?? false)
  }

  var parameters: NamedParameters { networks.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let batch = try loader.next()
    let x = configuration.input(batch.values)
    var metrics: [(name: String, value: Double)] = []
    let (loss, gradients) = valueAndGradients(for: trained) {
      let found = networks.encode(x, context)
      let logits = networks.decode(found.vectors, context)
      let reconstruction =
        networks.likelihood.losses(x, logits: logits).sum() * (1 / Float(max(batch.count, 1)))
      // Sums of an image, as the pixels' are.
      let size = Float(configuration.codeCount * codebook.dimension)
      let commitment = found.commitmentLoss * size
      var loss = reconstruction + commitment * codebook.commitment
      if codebook.update == .gradient { loss = loss + found.codebookLoss * size }
      metrics = [
        ("loss", Double(loss.item)), ("reconstruction", Double(reconstruction.item)),
        ("commitment", Double(commitment.item)),
        ("perplexity", Quantized.perplexity(found.codes, entries: codebook.entries)),
      ]
      return loss
    }
    let norm = try update.apply(loss: Double(loss.item), gradients, step: step, rate: rate)
    seen += batch.count
    return StepResult(metrics: metrics + [("gradient_norm", norm)], items: batch.count)
  }

  /// The held-out loss, reconstruction and β times commitment.
  func validate() throws(AIGCError) -> Double? {
    let shown = try VQVAEMeasures(of: heldOut ?? probe, configuration, networks)
    if let problem = shown.problem, !isCollapsed { say(problem) }
    isCollapsed = shown.problem != nil
    let prefix = heldOut == nil ? "" : "val_"
    notes.append(.init("\(prefix)code_perplexity", .double(shown.perplexity)))
    guard heldOut != nil else { return nil }
    notes += [
      .init("val_reconstruction", .double(shown.reconstruction)),
      .init("val_commitment", .double(shown.commitment)),
    ]
    return shown.reconstruction + Double(codebook.commitment) * shown.commitment
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
    loader.progress(seen: seen, isCollapsed: isCollapsed)
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    (loader, seen, isCollapsed) = try loader.restored(progress, prefix: prefix)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingImages = items
    try VQVAEModel(configuration, codebook, networks, prior: nil).write(to: path)
  }

  func show(in folder: String) throws(AIGCError) {
    let values = try probe.values(Array(0..<min(Reconstructions.count, probe.count)))
    let model = VQVAEModel(configuration, codebook, networks, prior: nil)
    let again = try model.images(codes: model.codes(values))
    try Reconstructions(model, values, again).sheet
      .write(to: "\(folder)/\(Reconstructions.fileName)")
  }
}
