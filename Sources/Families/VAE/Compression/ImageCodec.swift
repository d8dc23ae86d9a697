import Checkpoints
import Datasets
import Files
import Kernels

/// An autoencoder that compresses images: rounded latents of a VAE or VAE-GAN, codes of a VQ-VAE.
public struct ImageCodec: Sendable {
  /// The model that compresses, by what its latents are.
  public enum Model: Sendable {
    case latents(VAEModel)
    case codes(VQVAEModel)
  }

  /// The path of the model folder, for messages.
  public let path: String
  /// The model that was opened.
  public let model: Model
  /// Tells the model, and all that its files' coding depends on: a sum over its weights, and over the
  /// statistics of latents or the prior of codes.
  public let fingerprint: UInt64

  /// Opens the model at a path: a folder of one of the families of autoencoders.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch for another model.
  public init(_ path: String) throws(AIGCError) {
    self.path = path
    let configuration = try VAEConfiguration.read(folder: path)
    guard configuration.table == nil else {
      throw .mismatch("\(path): a model of tables, which compresses no images")
    }
    let weights = try Checksum.of(MappedFile(path: "\(path)/\(VAEFolder.weights)").bytes())
    if configuration.codebook != nil {
      let model = try VQVAEModel(folder: path)
      self.model = .codes(model)
      let prior = "\(path)/\(VQVAEModel.priorName)"
      let sum = model.prior == nil ? 0 : try Checksum.of(MappedFile(path: prior).bytes())
      fingerprint = try Checksum.of(Table([weights, sum]))
    } else {
      let model = try VAEModel(folder: path)
      self.model = .latents(model)
      let statistics = configuration.latents ?? .standard(configuration.latent)
      let sum = try Checksum.of(Table(statistics.means + statistics.deviations))
      fingerprint = try Checksum.of(Table([weights, sum]))
    }
  }

  /// The configuration of the model, of either kind.
  public var configuration: VAEConfiguration {
    switch model {
    case .latents(let model): model.configuration
    case .codes(let model): model.configuration
    }
  }

  /// The size of the images that are compressed, in pixels.
  public var size: ImageSize {
    ImageSize(width: configuration.width, height: configuration.height)
  }

  private func coder(step: Float) throws(AIGCError) -> any LatentCoder {
    switch model {
    case .latents(let model): try GaussianCoder(model, step: step)
    case .codes(let model): GridCoder(model)
    }
  }

  /// Images that are computed before they are written.
  private static let block = 256

  /// The images of all sets in one file.
  /// - Parameters:
  ///   - sets: in the model's form, with labels where it knows classes.
  ///   - step: of rounding latents; without meaning for codes.
  /// - Throws: ``/Files/AIGCError``: usage for a step that is too small or too many images, badInput when an
  ///   image cannot be read, interrupted.
  public func encode(_ sets: [ImageSet], step: Float) throws(AIGCError) -> LatentFile {
    let coder = try coder(step: step)
    var symbols: [Int32] = []
    let count = sets.reduce(0) { $0 + $1.count }
    try check(count, coder)
    try Self.forBlocks(of: sets) { values, labels throws(AIGCError) in
      symbols += try coder.symbols(values, labels: configuration.classes.isEmpty ? [] : labels)
    }
    let isCodes = if case .codes = model { true } else { false }
    let payload = coder.packed(symbols)
    return LatentFile(
      kind: isCodes ? .codes : .latents, fingerprint: fingerprint, step: isCodes ? 0 : step,
      width: configuration.width, height: configuration.height, channels: configuration.channels,
      count: count, payload: try Table(payload))
  }

  private func check(_ count: Int, _ coder: any LatentCoder) throws(AIGCError) {
    guard count <= LatentFile.largestCount, count <= LatentFile.largestNumbers / coder.symbolCount
    else { throw .usage("\(counted(count, "image")): too many for one file") }
  }

  /// What a file holds, all of it read.
  public struct Symbols {
    fileprivate let coder: any LatentCoder
    fileprivate let values: [Int32]
  }

  /// Reads what a file holds before an image of it is computed.
  /// - Parameters:
  ///   - file: what was read of it.
  ///   - name: of the file, for errors.
  /// - Throws: ``/Files/AIGCError``: mismatch for a file of another model, badInput for a damaged one.
  public func symbols(of file: LatentFile, name: String) throws(AIGCError) -> Symbols {
    let isCodes = if case .codes = model { true } else { false }
    guard file.fingerprint == fingerprint, (file.kind == .codes) == isCodes,
      file.width == size.width, file.height == size.height,
      file.channels == configuration.channels
    else {
      throw .mismatch("\(name): written with another model than \(path), or another state of it")
    }
    // A file that was written has a step that could be used.
    guard let coder = try? coder(step: file.step),
      file.count <= LatentFile.largestNumbers / coder.symbolCount
    else {
      throw .badInput("\(name): damaged: \(counted(file.count, "image")), a step of \(file.step)")
    }
    return Symbols(
      coder: coder, values: try coder.unpacked(file.payload, images: file.count, name: name))
  }

  /// Hands out images, in blocks.
  /// - Parameters:
  ///   - symbols: what ``symbols(of:name:)`` gave.
  ///   - limit: the most images that are wanted.
  ///   - body: gets values, [images, height, width, channels], from -1 to 1.
  /// - Throws: ``/Files/AIGCError``: what `body` throws.
  public func decode(
    _ symbols: Symbols, limit: Int = .max, _ body: (_ values: [Float]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let (coder, values) = (symbols.coder, symbols.values)
    let end = min(values.count / coder.symbolCount, limit) * coder.symbolCount
    for first in stride(from: 0, to: end, by: Self.block * coder.symbolCount) {
      try body(
        coder.images(Array(values[first..<min(first + Self.block * coder.symbolCount, end)])))
    }
  }

  /// Goes through the images of all sets; labels are 0 where there are none.
  public static func forBlocks(
    of sets: [ImageSet],
    _ body: (_ values: [Float], _ labels: [Int32]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    for set in sets {
      for first in stride(from: 0, to: set.count, by: block) {
        let rows = Array(first..<min(first + block, set.count))
        try body(try set.values(rows), rows.map { set.labels?[$0] ?? 0 })
        try Interruption.check()
      }
    }
  }

  /// Writes what other programs may want: `mean` and `log_variance`, [images, latent], or `codes`,
  /// [images, rows, columns]; and `labels` of a model that knows classes.
  /// - Throws: ``/Files/AIGCError``: as ``encode(_:step:)``, failed when the disk refuses.
  public func writeTensors(_ sets: [ImageSet], to path: String) throws(AIGCError) {
    var (means, logVariances, codes, classes) = ([Float](), [Float](), [Int64](), [Int64]())
    try Self.forBlocks(of: sets) { values, labels throws(AIGCError) in
      switch model {
      case .latents(let model):
        let labels = model.classes.isEmpty ? [] : labels
        let found = try model.posterior(values, labels: labels)
        means += found.means
        logVariances += found.logVariances
        classes += labels.map { Int64($0) }
      case .codes(let model): codes += try model.codes(values).map { Int64($0) }
      }
    }
    let count = sets.reduce(0) { $0 + $1.count }
    var tensors: [NewTensor] = []
    if case .codes = model {
      let shape = [count, configuration.mapHeight, configuration.mapWidth]
      tensors.append(NewTensor(name: "codes", shape: shape, integers: codes))
    } else {
      let shape = [count, configuration.latent]
      tensors.append(NewTensor(name: "mean", shape: shape, floats: means))
      tensors.append(NewTensor(name: "log_variance", shape: shape, floats: logVariances))
    }
    if !classes.isEmpty {
      tensors.append(NewTensor(name: "labels", shape: [count], integers: classes))
    }
    try SafetensorsWriter.write(tensors, to: path, sync: false)
  }
}
