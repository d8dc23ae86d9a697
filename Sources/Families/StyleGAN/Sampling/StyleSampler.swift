import Datasets
import Files
import Inference
import Kernels

/// Sheets of images whose layers have styles of several latents, or styles that are moved.
public struct StyleSampler {
  private let model: StyleGANModel
  private let sampler: ImageSampler
  private let scale: Int

  /// - Parameters:
  ///   - model: makes the images.
  ///   - labels: the classes that seeds have in turn; empty: each draws its own, where the model has
  ///     classes.
  ///   - scale: the side of the square of pixels that is drawn for each pixel, 1 or more.
  public init(_ model: StyleGANModel, labels: [Int32], scale: Int) {
    (self.model, self.scale) = (model, scale)
    sampler = ImageSampler(model, labels: labels, scale: scale)
  }

  /// A sheet of images that take some layers' styles of another: the first column are the images of `rows`, the
  /// first row those of `columns`, and each other image is that of its row with the styles of its column in
  /// `layers`.
  /// - Throws: ``/Files/AIGCError``: usage for layers that the model has not, and what the model throws.
  public func mixed(
    rows: [UInt64], columns: [UInt64], layers: Set<Int>
  ) throws(AIGCError) -> [Image] {
    if let wrong = layers.sorted().first(where: { !(0..<model.styleCount).contains($0) }) {
      throw .usage(
        "`styles` \(wrong): the model's layers are 0 to \(model.styleCount - 1): \(layerNames)")
    }
    try sampler.check(images: (rows.count + 1) * (columns.count + 1))
    let (a, b) = (try styles(rows), try styles(columns))
    var images = try self.images([a.joined(), b.joined()].flatMap { $0 })
    let top = Array(images[rows.count...])
    images = Array(images[..<rows.count])
    var sheet = [Self.blank(of: top[0])] + top
    for (index, row) in a.enumerated() {
      sheet.append(images[index])
      sheet += try self.images(b.flatMap { mixed(row, $0, layers) })
    }
    return [Image.grid(sheet, columns: columns.count + 1)]
  }

  /// One image's styles with those of another in some layers.
  func mixed(_ a: [Float], _ b: [Float], _ layers: Set<Int>) -> [Float] {
    let width = model.styleWidth
    return a.indices.map { layers.contains($0 / width) ? b[$0] : a[$0] }
  }

  /// A sheet with a row for each seed, along which its style moves in one direction.
  /// - Parameters:
  ///   - seeds: one a row.
  ///   - direction: its index, from 0: see ``LatentDirections``.
  ///   - strengths: one a column, in standard deviations.
  /// - Throws: ``/Files/AIGCError``: usage for a direction that is none, and what the model throws.
  public func moved(
    _ seeds: [UInt64], direction: Int, strengths: [Float]
  ) throws(AIGCError) -> [Image] {
    try sampler.check(images: seeds.count * strengths.count)
    let directions = try LatentDirections(of: model)
    var shifts: [[Float]] = []
    for strength in strengths {
      shifts.append(try directions.shift(direction, strength: strength))
    }
    var sheet: [Image] = []
    let width = model.styleWidth
    for row in try styles(seeds) {
      sheet += try images(
        shifts.flatMap { shift in row.indices.map { row[$0] + shift[$0 % width] } })
    }
    return [Image.grid(sheet, columns: strengths.count)]
  }

  /// The image of styles, ``StyleGANModel/styleCount`` for each image.
  public func images(_ styles: [Float]) throws(AIGCError) -> [Image] {
    Image.images(
      values: try model.images(styles: styles), size: model.size, channels: model.channels
    ).map { $0.enlarged(by: scale) }
  }

  /// Which layer is of which size, for messages.
  private var layerNames: String {
    (0..<model.styleCount).map { "\($0): \(model.configuration.side(ofLayer: $0)) px" }
      .joined(separator: ", ")
  }

  private func styles(_ seeds: [UInt64]) throws(AIGCError) -> [[Float]] {
    let drawn = try sampler.draws(seeds)
    let (latents, classes) = (drawn.flatMap { $0.latent }, drawn.flatMap { $0.labels })
    let all = model.truncated(try model.styles(latents: latents, labels: classes))
    let size = model.styleCount * model.styleWidth
    return seeds.indices.map { Array(all[$0 * size..<($0 + 1) * size]) }
  }

  /// The corner of a sheet.
  private static func blank(of image: Image) -> Image {
    Image(
      width: image.width, height: image.height,
      color: [UInt8](repeating: 255, count: image.channels))
  }
}
