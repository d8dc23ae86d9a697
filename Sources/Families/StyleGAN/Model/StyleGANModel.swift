import Autograd
import Checkpoints
import Files
import Inference
import Kernels
import NN
import Training

/// How images are made of styles, beside their latents.
public struct StyleSettings: Equatable, Sendable {
  /// ψ: what is kept of a style's difference to the mean style. At 0 all images are the same one, at 1 styles stay
  /// as they are.
  public var truncation: Float = 1
  /// How many of the first layers get truncated styles; nil: all.
  public var cutoff: Int?
  /// What layers add to their maps.
  public var noise = StyleNoise.const
  /// What is added to the styles of all layers, w numbers; empty: nothing.
  public var shift: [Float] = []

  /// Creates the settings of a model as it was trained.
  public init() {}
}

/// A trained generator of any of the networks: latents in, images out.
///
/// Nothing of it changes after it was opened, so that many callers may use it at once.
public final class StyleGANModel: ImageGenerator, @unchecked Sendable {
  /// What `config.json` says of the model: sizes, classes and how it was trained.
  public let configuration: StyleGANConfiguration
  /// How styles become images.
  public let settings: StyleSettings
  let generator: StyleGenerator
  /// The file of its weights; nil for a model in memory.
  let path: String?

  init(
    _ configuration: StyleGANConfiguration, _ generator: StyleGenerator,
    _ settings: StyleSettings = StyleSettings(), path: String? = nil
  ) {
    self.configuration = configuration
    self.generator = generator
    self.settings = settings
    self.path = path
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its
  ///   files do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try StyleGANConfiguration.read(folder: folder)
    let checkpoint = try Checkpoint.open("\(folder)/\(StyleGANFolder.generator)")
    self.init(
      configuration, try StyleGANFolder.generator(checkpoint, configuration), path: checkpoint.path)
  }

  /// The same model with other settings.
  /// - Throws: ``/Files/AIGCError`` (usage) for a truncation of a model that keeps no mean style.
  public func with(_ settings: StyleSettings) throws(AIGCError) -> StyleGANModel {
    if settings.truncation != 1, generator.average == nil {
      throw .usage("`truncation`: this model keeps no mean style to lead to")
    }
    return StyleGANModel(configuration, generator, settings, path: path)
  }

  /// The latent dimension.
  public var latentCount: Int { configuration.latent }
  /// Columns of an image in pixels.
  public var width: Int { configuration.side }
  /// Rows of an image in pixels.
  public var height: Int { configuration.side }
  /// The channels of an image: 1, 3 or 4.
  public var channels: Int { configuration.channels }
  /// The names of the classes; empty for an unconditional model.
  public var classes: [String] { configuration.classes }
  /// Numbers of a style.
  public var styleWidth: Int { configuration.style }
  /// How many layers take a style.
  public var styleCount: Int { configuration.styleCount }
  /// Whether the images were learned as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool { configuration.ignoresOrientation == true }

  /// Images that are made at once. Always as many, so that the sums of an image are the same whatever stands
  /// beside it; one by one where maps are large.
  private var batch: Int {
    max(1, min(16, 16 * 64 * 64 / (configuration.side * configuration.side)))
  }

  /// Makes images of latents, whose styles are truncated and shifted as ``settings`` say.
  /// - Throws: ``/Files/AIGCError``: usage for a label that is no class, badInput when damaged weights
  ///   give values that are not numbers, interrupted after Ctrl-C.
  public func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    try images(styles: truncated(styles(latents: latents, labels: labels)))
  }

  /// Styles of latents, without truncation.
  /// - Returns: ``styleWidth`` numbers for each latent.
  /// - Throws: ``/Files/AIGCError``: as ``images(latents:labels:)``.
  public func styles(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    let count = latents.count / max(latentCount, 1)
    try AIGCError.check(
      latents.count == count * latentCount,
      "\(latents.count) numbers are no latents of \(latentCount)")
    if !classes.isEmpty {
      guard labels.count == count, labels.allSatisfy({ classes.indices.contains(Int($0)) }) else {
        throw .usage("a class for each of \(count) images, 0 to \(classes.count - 1), is needed")
      }
    }
    return try batched(count) { (range, size) throws(AIGCError) in
      let z = Tensor(Self.filled(latents, range, latentCount, size), [size, latentCount])
      let part = classes.isEmpty ? [] : Self.filled(labels, range, 1, size)
      let style = generator.style(z, labels: part, .inference)
      return try checked(style, "styles").sliced(0..<range.count).values
    }
  }

  /// Truncated and shifted styles for every layer.
  /// - Parameter styles: ``styleWidth`` numbers for each image.
  /// - Returns: for each image ``styleCount`` styles.
  public func truncated(_ styles: [Float]) -> [Float] {
    let mean = generator.average?.value.values ?? [Float](repeating: 0, count: styleWidth)
    let shift = settings.shift.isEmpty ? [Float](repeating: 0, count: styleWidth) : settings.shift
    var result: [Float] = []
    result.reserveCapacity(styles.count * styleCount)
    for first in stride(from: 0, to: styles.count, by: styleWidth) {
      for layer in 0..<styleCount {
        let isKept = layer >= settings.cutoff ?? styleCount
        let psi = isKept || settings.truncation == 1 ? nil : settings.truncation
        for i in 0..<styleWidth {
          let style = styles[first + i]
          result.append((psi.map { mean[i] + (style - mean[i]) * $0 } ?? style) + shift[i])
        }
      }
    }
    return result
  }

  /// Makes images of styles.
  /// - Parameter styles: ``styleCount`` styles for each image, as ``truncated(_:)`` gives them.
  /// - Returns: [images, side, side, channels], values from -1 to 1.
  /// - Throws: ``/Files/AIGCError``: as ``images(latents:labels:)``.
  public func images(styles: [Float]) throws(AIGCError) -> [Float] {
    let perImage = styleCount * styleWidth
    try AIGCError.check(
      styles.count % perImage == 0 && styles.allSatisfy { $0.isFinite },
      "\(styles.count) numbers are no styles of \(styleCount) layers of \(styleWidth)")
    return try batched(styles.count / perImage) { (range, size) throws(AIGCError) in
      let all = Tensor(
        Self.filled(styles, range, perImage, size), [size, styleCount, styleWidth])
      let layers = (0..<styleCount).map {
        all.sliced($0..<$0 + 1, axis: 1).reshaped([size, styleWidth])
      }
      let image = generator.image(layers, noise(of: all), .inference)
      let values = try checked(image, "images").sliced(0..<range.count).values
      try Interruption.check()
      return values.map { min(max($0, -1), 1) }
    }
  }

  /// Noise that is drawn follows from an image's own styles, so that the same styles give the same image.
  private func noise(of styles: Tensor) -> StyleNoiseSource {
    switch settings.noise {
    case .const: return .const
    case .none: return .none
    case .random:
      let (values, row) = (styles.values, styleCount * styleWidth)
      let sources = (0..<styles.shape[0]).map { image in
        let seed = values[image * row..<(image + 1) * row].reduce(into: UInt64(0x5374_796C_6531)) {
          $0 = ($0 ^ UInt64($1.bitPattern)) &* 0x0000_0100_0000_01B3
        }
        return RandomSource(seed: seed)
      }
      return .random(StyleNoiseDraws(sources))
    }
  }

  private func checked(_ output: Tensor, _ name: String) throws(AIGCError) -> Tensor {
    try DamagedWeights.check(output, name, of: path, generator.namedParameters)
  }

  /// `body` for parts of `count` rows, which it fills up to a fixed number.
  private func batched(
    _ count: Int, _ body: (Range<Int>, Int) throws(AIGCError) -> [Float]
  ) throws(AIGCError) -> [Float] {
    var result: [Float] = []
    for first in stride(from: 0, to: count, by: batch) {
      result += try body(first..<min(first + batch, count), batch)
    }
    return result
  }

  /// Rows of `width` values, and zeros up to `size` rows.
  private static func filled<Value: Numeric>(
    _ values: [Value], _ range: Range<Int>, _ width: Int, _ size: Int
  ) -> [Value] {
    Array(values[range.lowerBound * width..<range.upperBound * width])
      + [Value](repeating: 0, count: (size - range.count) * width)
  }
}
