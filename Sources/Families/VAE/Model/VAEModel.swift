import Autograd
import Checkpoints
import Files
import Kernels
import NN
import Training

/// A trained autoencoder: images to latents and back.
///
/// Nothing of it changes after it was opened, so that many callers may use it at once.
public final class VAEModel: ImageEncoder, @unchecked Sendable {
  /// What `config.json` says of the model: sizes, classes, likelihood and how it was trained.
  public let configuration: VAEConfiguration
  let networks: VAENetworks
  /// The file of its weights; nil for a model in memory.
  let path: String?

  /// Images that are computed at once. Always as many, so that the sums of an image are the same
  /// whatever stands beside it.
  private static let batch = 16

  init(_ configuration: VAEConfiguration, _ networks: VAENetworks, path: String? = nil) {
    self.configuration = configuration
    self.networks = networks
    self.path = path
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its
  ///   files do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try VAEConfiguration.read(folder: folder)
    guard configuration.codebook == nil else {
      throw .mismatch("\(folder): a VQ-VAE: its latents are codes, which have no distribution")
    }
    let checkpoint = try Checkpoint.open("\(folder)/\(VAEFolder.weights)")
    self.init(
      configuration, try VAEFolder.networks(checkpoint, configuration), path: checkpoint.path)
  }

  /// The latent dimension.
  public var latentCount: Int { configuration.latent }
  /// Columns of an image in pixels; numbers of a row for a model of tables.
  public var width: Int { configuration.width }
  /// Rows of an image in pixels; 1 for a model of tables.
  public var height: Int { configuration.height }
  /// The channels of an image: 1, 3 or 4; 1 for a model of tables.
  public var channels: Int { configuration.channels }
  /// The names of the classes; empty for a model that knows of none.
  public var classes: [String] { configuration.classes }
  /// Whether the images were learned as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool { configuration.ignoresOrientation == true }
  var imageCount: Int { configuration.imageCount }

  var likelihood: VAELikelihood { networks.likelihood }

  /// The distribution of the latents of images.
  /// - Parameters:
  ///   - values: [images, height, width, channels], from -1 to 1.
  ///   - labels: the class of each; empty for a model without classes.
  /// - Returns: mean and logarithm of the variance, ``latentCount`` numbers for each image.
  /// - Throws: ``/Files/AIGCError``: usage for a label that is no class, interrupted after Ctrl-C.
  func posterior(
    _ values: [Float], labels: [Int32]
  ) throws(AIGCError) -> (means: [Float], logVariances: [Float]) {
    let count = values.count / imageCount
    try AIGCError.check(
      values.count == count * imageCount,
      "\(values.count) values are no images of \(imageCount)")
    var (means, logVariances): ([Float], [Float]) = ([], [])
    try forBatches(count, labels) { (rows, labels, context) throws(AIGCError) in
      let x = imagesTensor(values, rows)
      let (mean, logVariance) = networks.encode(x, labels: labels, context)
      try check(mean, "latents")
      try check(logVariance, "latents")
      means += mean.sliced(0..<rows.count).values
      logVariances += logVariance.sliced(0..<rows.count).values
    }
    return (means, logVariances)
  }

  /// The means of their distributions.
  public func latents(of values: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    try posterior(values, labels: labels).means
  }

  /// The mean of the pixels.
  public func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    let count = latents.count / latentCount
    try AIGCError.check(
      latents.count == count * latentCount,
      "\(latents.count) numbers are no latents of \(latentCount)")
    var images: [Float] = []
    images.reserveCapacity(count * imageCount)
    try forBatches(count, labels) { (rows, labels, context) throws(AIGCError) in
      let logits = networks.decode(latentsTensor(latents, rows), labels: labels, context)
      try check(logits, "images")
      let mean = likelihood.mean(logits: logits.sliced(0..<rows.count))
      images += (configuration.table == nil ? mean * 2 - 1 : mean).values
    }
    return images
  }

  /// How likely images are, given latents.
  /// - Parameters:
  ///   - values: as in ``posterior(_:labels:)``.
  ///   - latents: ``latentCount`` numbers for each image.
  /// - Returns: log p(image | latent) in nats, for each image.
  func logLikelihoods(
    _ values: [Float], latents: [Float], labels: [Int32]
  ) throws(AIGCError) -> [Double] {
    let count = values.count / imageCount
    try AIGCError.check(
      values.count == count * imageCount && latents.count == count * latentCount,
      "\(values.count) values and \(latents.count) numbers are no images with their latents")
    var result: [Double] = []
    result.reserveCapacity(count)
    try forBatches(count, labels) { (rows, labels, context) throws(AIGCError) in
      let logits = networks.decode(latentsTensor(latents, rows), labels: labels, context)
      let losses = likelihood.losses(imagesTensor(values, rows), logits: logits)
      try check(losses, "likelihoods")
      result += losses.values.prefix(rows.count).map { -Double($0) }
    }
    return result
  }

  /// The guard of scores: one that is not finite is damage where weights are not, else an overflow of
  /// what is far from all that was learned.
  /// - Throws: ``/Files/AIGCError`` (badInput) that names the tensor.
  func check(scores: [Double]) throws(AIGCError) {
    guard !scores.allSatisfy({ $0.isFinite }) else { return }
    if let damage = DamagedWeights.find(in: networks.namedParameters, of: path) { throw damage }
  }

  private func check(_ output: Tensor, _ name: String) throws(AIGCError) {
    try DamagedWeights.check(output, name, of: path, networks.namedParameters)
  }

  /// Calls `body` for batches of all rows, with labels for a whole batch.
  private func forBatches(
    _ count: Int, _ labels: [Int32],
    _ body: (_ rows: Range<Int>, _ labels: [Int32], _ context: Context) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    if !classes.isEmpty {
      guard labels.count == count, labels.allSatisfy({ classes.indices.contains(Int($0)) }) else {
        throw .usage("a class for each of \(count) images, 0 to \(classes.count - 1), is needed")
      }
    }
    for first in stride(from: 0, to: count, by: Self.batch) {
      let rows = first..<min(first + Self.batch, count)
      var part = classes.isEmpty ? [] : Array(labels[rows])
      if !part.isEmpty { part += [Int32](repeating: 0, count: Self.batch - rows.count) }
      try body(rows, part, .inference)
      try Interruption.check()
    }
  }

  /// Rows of latents, zeros behind them up to a whole batch.
  private func latentsTensor(_ latents: [Float], _ rows: Range<Int>) -> Tensor {
    let part = latents[rows.lowerBound * latentCount..<rows.upperBound * latentCount]
    let rest = [Float](repeating: 0, count: (Self.batch - rows.count) * latentCount)
    return Tensor(part + rest, [Self.batch, latentCount])
  }

  /// Images of -1…1 as networks see them, zeros behind them up to a whole batch.
  private func imagesTensor(_ values: [Float], _ rows: Range<Int>) -> Tensor {
    let part = values[rows.lowerBound * imageCount..<rows.upperBound * imageCount]
    let rest = [Float](repeating: -1, count: (Self.batch - rows.count) * imageCount)
    return configuration.input(part + rest)
  }
}
