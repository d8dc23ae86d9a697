import Datasets
import Files

/// Brings images to whole numbers, as many for each, those to bytes, and back.
protocol LatentCoder {
  /// Numbers of an image.
  var symbolCount: Int { get }

  /// - Parameters:
  ///   - values: [images, height, width, channels], from -1 to 1.
  ///   - labels: the class of each; empty for a model without classes.
  /// - Returns: ``symbolCount`` numbers for each image.
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  func symbols(_ values: [Float], labels: [Int32]) throws(AIGCError) -> [Int32]

  /// - Returns: [images, height, width, channels], from -1 to 1.
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  func images(_ symbols: [Int32]) throws(AIGCError) -> [Float]

  /// The numbers of all images of a file, entropy-coded.
  func packed(_ symbols: [Int32]) -> [UInt8]

  /// - Throws: ``/Files/AIGCError``: badInput for what ``packed(_:)`` did not give for so many images,
  ///   interrupted.
  func unpacked(
    _ bytes: Table<UInt8>, images: Int, name: String
  ) throws(AIGCError) -> [Int32]
}

/// Means of latents, rounded to multiples of a step and coded by normal distributions. The class of an image,
/// where the model knows classes, stands before its latent.
struct GaussianCoder: LatentCoder {
  private let model: VAEModel
  private let numbers: [GaussianSymbols]
  /// All classes alike; nil without.
  private let classes: FrequencyTable?

  /// - Parameter step: above 0, in units of the prior's deviation.
  /// - Throws: ``/Files/AIGCError`` (usage) for a step that is too small.
  init(_ model: VAEModel, step: Float) throws(AIGCError) {
    self.model = model
    let statistics = model.configuration.latents ?? .standard(model.latentCount)
    var numbers: [GaussianSymbols] = []
    for (mean, deviation) in zip(statistics.means, statistics.deviations) {
      guard
        let symbols = GaussianSymbols(mean: mean, deviation: deviation, step: Double(step))
      else {
        throw .usage("`step` \(step): too small for numbers of deviation \(deviation)")
      }
      numbers.append(symbols)
    }
    self.numbers = numbers
    let count = model.classes.count
    classes = count == 0 ? nil : FrequencyTable([Double](repeating: 1, count: count))
  }

  var symbolCount: Int { (classes == nil ? 0 : 1) + numbers.count }

  func symbols(_ values: [Float], labels: [Int32]) throws(AIGCError) -> [Int32] {
    let means = try model.posterior(values, labels: labels).means
    var result: [Int32] = []
    for image in 0..<means.count / numbers.count {
      if classes != nil { result.append(labels[image]) }
      for (index, number) in numbers.enumerated() {
        result.append(Int32(number.symbol(means[image * numbers.count + index])))
      }
    }
    return result
  }

  func images(_ symbols: [Int32]) throws(AIGCError) -> [Float] {
    var (latents, labels): ([Float], [Int32]) = ([], [])
    for first in stride(from: 0, to: symbols.count, by: symbolCount) {
      if classes != nil { labels.append(symbols[first]) }
      let start = first + (classes == nil ? 0 : 1)
      for (index, number) in numbers.enumerated() {
        latents.append(number.value(Int(symbols[start + index])))
      }
    }
    return try model.images(latents: latents, labels: labels)
  }

  /// Tables of the numbers of an image, in order.
  private var tables: [FrequencyTable] { (classes.map { [$0] } ?? []) + numbers.map { $0.table } }

  func packed(_ symbols: [Int32]) -> [UInt8] {
    let tables = tables
    var encoder = ANSEncoder()
    for (index, symbol) in symbols.enumerated() {
      encoder.append(Int(symbol), tables[index % tables.count])
    }
    return encoder.finished()
  }

  func unpacked(
    _ bytes: Table<UInt8>, images: Int, name: String
  ) throws(AIGCError) -> [Int32] {
    let tables = tables
    var decoder = try ANSDecoder(bytes, name: name)
    var symbols: [Int32] = []
    for image in 0..<images {
      for table in tables { symbols.append(Int32(try decoder.next(table))) }
      if image % 1024 == 0 { try Interruption.check() }
    }
    try decoder.finish()
    return symbols
  }
}

/// Codes of a VQ-VAE, coded by its prior.
struct GridCoder: LatentCoder {
  private let model: VQVAEModel
  private let prior: CodeGridModel

  /// A model whose training has not ended has all codes alike.
  init(_ model: VQVAEModel) {
    self.model = model
    let sizes = model.configuration
    prior =
      model.prior
      ?? CodeGridModel(
        entries: model.codebook.entries, height: sizes.mapHeight, width: sizes.mapWidth, codes: [])
  }

  var symbolCount: Int { model.latentCount }

  func symbols(_ values: [Float], labels: [Int32]) throws(AIGCError) -> [Int32] {
    try model.codes(values)
  }

  func images(_ symbols: [Int32]) throws(AIGCError) -> [Float] {
    try model.images(codes: symbols)
  }

  func packed(_ symbols: [Int32]) -> [UInt8] { prior.encoded(symbols) }

  func unpacked(
    _ bytes: Table<UInt8>, images: Int, name: String
  ) throws(AIGCError) -> [Int32] {
    try prior.decoded(bytes, grids: images, name: name)
  }
}
