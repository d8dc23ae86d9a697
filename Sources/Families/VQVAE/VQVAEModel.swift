import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// A trained VQ-VAE: images to codes and back, and images of codes drawn from its prior.
///
/// Nothing of it changes after it was opened, so that many callers may use it at once.
public final class VQVAEModel: ImageGenerator, @unchecked Sendable {
  /// What `config.json` says of the model: sizes, codebook, likelihood and how it was trained.
  public let configuration: VAEConfiguration
  let codebook: Codebook
  let networks: VQVAENetworks
  /// How likely grids of codes are; nil where training has not come to its end.
  let prior: CodeGridModel?
  /// The file of its weights; nil for a model in memory.
  let weightsPath: String?

  /// The prior's file, beside those of every autoencoder. It goes when the weights change.
  static let priorName = "codes.prior"

  /// Images that are computed at once: see ``VAEModel``.
  private static let batch = 16

  init(
    _ configuration: VAEConfiguration, _ codebook: Codebook, _ networks: VQVAENetworks,
    prior: CodeGridModel?, path: String? = nil
  ) {
    self.configuration = configuration
    self.codebook = codebook
    self.networks = networks
    self.prior = prior
    weightsPath = path
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its
  ///   files do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try VAEConfiguration.read(folder: folder)
    guard let codebook = configuration.codebook else {
      throw .mismatch("\(folder): an autoencoder without a codebook")
    }
    let checkpoint = try Checkpoint.open("\(folder)/\(VAEFolder.weights)")
    let networks = ParameterPlan.shapes { VQVAENetworks(configuration, codebook, using: &$0) }
    try StateDictionary.load(networks.namedParameters, from: checkpoint)
    let path = "\(folder)/\(Self.priorName)"
    let prior = fileExists(path) ? try CodeGridModel(path: path) : nil
    if let prior {
      guard prior.entries == codebook.entries, prior.height == configuration.mapHeight,
        prior.width == configuration.mapWidth
      else { throw .mismatch("\(path): does not fit the model: other codes or another grid") }
    }
    self.init(configuration, codebook, networks, prior: prior, path: checkpoint.path)
  }

  /// Writes configuration and weights; a prior of other weights is removed.
  /// - Parameters:
  ///   - type: of the weights.
  ///   - path: gives the path of a file's name.
  func write(type: ScalarType = .f32, to path: (String) -> String) throws(AIGCError) {
    removeTree(path(Self.priorName))
    try StateDictionary.write(networks.namedParameters, to: path(VAEFolder.weights), type: type)
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
    try prior?.write(to: path(Self.priorName))
  }

  /// A number for each place of the grid of codes.
  public var latentCount: Int { configuration.codeCount }
  /// Columns of an image in pixels.
  public var width: Int { configuration.width }
  /// Rows of an image in pixels.
  public var height: Int { configuration.height }
  /// The channels of an image: 1, 3 or 4.
  public var channels: Int { configuration.channels }
  /// Always empty: a VQ-VAE knows of no classes.
  public var classes: [String] { [] }
  /// Whether the images were learned as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool { configuration.ignoresOrientation == true }

  /// The codes of images.
  /// - Parameter values: [images, height, width, channels], from -1 to 1.
  /// - Returns: [images, map height, map width].
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  func codes(_ values: [Float]) throws(AIGCError) -> [Int32] {
    let size = configuration.imageCount
    try AIGCError.check(
      values.count % size == 0, "\(values.count) values are no images of \(size)")
    var codes: [Int32] = []
    for first in stride(from: 0, to: values.count, by: Self.batch * size) {
      let part = values[first..<min(first + Self.batch * size, values.count)]
      let rest = [Float](repeating: -1, count: Self.batch * size - part.count)
      let vectors = networks.encoder(configuration.input(part + rest), .inference)
      try check(vectors, "latents")
      let found = networks.quantizer(vectors, .inference).codes
      codes += found.prefix(part.count / size * latentCount)
      try Interruption.check()
    }
    return codes
  }

  /// The images of codes, the mean of their pixels.
  /// - Parameter codes: [images, map height, map width], each below the codebook's entries.
  /// - Returns: [images, height, width, channels], from -1 to 1.
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  func images(codes: [Int32]) throws(AIGCError) -> [Float] {
    let (rows, columns) = (configuration.mapHeight, configuration.mapWidth)
    try AIGCError.check(
      codes.count % latentCount == 0
        && codes.allSatisfy { (0..<codebook.entries).contains(Int($0)) },
      "\(codes.count) numbers are no grids of \(latentCount) codes below \(codebook.entries)")
    var images: [Float] = []
    for first in stride(from: 0, to: codes.count, by: Self.batch * latentCount) {
      let part = codes[first..<min(first + Self.batch * latentCount, codes.count)]
      let rest = [Int32](repeating: 0, count: Self.batch * latentCount - part.count)
      let vectors = networks.quantizer.vectors(Indices(part + rest, [Self.batch, rows, columns]))
      let logits = networks.decode(vectors, .inference).sliced(0..<part.count / latentCount)
      try check(logits, "images")
      images += (networks.likelihood.mean(logits: logits) * 2 - 1).values
      try Interruption.check()
    }
    return images
  }

  private func check(_ output: Tensor, _ name: String) throws(AIGCError) {
    try DamagedWeights.check(output, name, of: weightsPath, networks.namedParameters)
  }

  /// The images of codes that the prior draws by the numbers of each latent.
  /// - Throws: ``/Files/AIGCError``: badInput for a model without a prior, interrupted after Ctrl-C.
  public func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    guard let prior else {
      throw .badInput(
        "the model has no prior of codes: its training has not ended; see `resume(in:)`")
    }
    try AIGCError.check(
      latents.count % latentCount == 0,
      "\(latents.count) numbers are no latents of \(latentCount)")
    var codes: [Int32] = []
    for first in stride(from: 0, to: latents.count, by: latentCount) {
      codes += prior.drawn(latents[first..<first + latentCount])
    }
    return try images(codes: codes)
  }
}

extension VQVAEModel {
  /// `aigc inspect`.
  var description: [JSONValue.Member] {
    [
      .init("size", .string("\(width)x\(height)")), .init("channels", .int(channels)),
      .init("layers", .array(configuration.layers.map { .int($0) })),
      .init("grid", .string("\(configuration.mapWidth)x\(configuration.mapHeight)")),
      .init("codes", .int(codebook.entries)), .init("code_dim", .int(codebook.dimension)),
      .init("codebook", .string(codebook.update.rawValue)),
      .init("commitment_cost", .float(codebook.commitment)),
      .init("likelihood", .string(configuration.likelihood.rawValue)),
      .init("prior", .bool(prior != nil)), .init("parameters", .int(networks.parameterCount)),
      .init("training_pictures", JSONValue(configuration.trainingImages)),
    ]
  }
}
