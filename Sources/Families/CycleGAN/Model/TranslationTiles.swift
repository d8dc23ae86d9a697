import Autograd
import Datasets
import Files
import Inference
import NN

/// How an image that is too large for memory is translated part by part.
public struct TranslationTiles: Equatable, Sendable {
  /// Rows and columns of a part.
  public var side: Int
  /// Pixels around a part that are computed with it, of networks without instance norms; nil: as many as
  /// have an influence, so that the result is that of the whole image.
  public var overlap: Int?

  /// - Parameters:
  ///   - side: rows and columns of a part, 1 or more.
  ///   - overlap: pixels around a part; nil: as many as have an influence.
  public init(side: Int, overlap: Int? = nil) { (self.side, self.overlap) = (side, overlap) }

  /// The parts of an image whose maps would take more than a gigabyte; nil for a smaller one.
  static func needed(
    _ configuration: CycleGANConfiguration, _ size: ImageSize
  ) -> TranslationTiles? {
    // Four maps of the first layer's width are in memory at once: input, output, border and sum.
    let bytes =
      16.0 * Double(size.width) * Double(size.height)
      * Double(configuration.generatorWidth)
    guard bytes > Double(1 << 30) else { return nil }
    // The article's parts are computed with a border, the others' maps stay in the cache when they are small.
    return TranslationTiles(side: configuration.generator == .article ? 512 : 256)
  }
}

/// One image that is translated part by part.
struct TiledTranslation {
  private let configuration: CycleGANConfiguration
  private let generator: TranslationGenerator
  private let tiles: TranslationTiles
  /// Finds damaged weights by what they make.
  private let check: (Tensor) throws(AIGCError) -> Void

  init(
    _ configuration: CycleGANConfiguration, _ generator: TranslationGenerator,
    _ tiles: TranslationTiles, _ check: @escaping (Tensor) throws(AIGCError) -> Void
  ) {
    (self.configuration, self.generator) = (configuration, generator)
    (self.tiles, self.check) = (tiles, check)
  }

  /// - Parameters:
  ///   - values: [height, width, channels].
  ///   - size: of the image, sides that the network takes.
  /// - Returns: as many values.
  func run(_ values: [Float], _ size: ImageSize) throws(AIGCError) -> [Float] {
    let channels = configuration.channels
    let map = TiledMap(
      width: size.width, height: size.height, channels: channels,
      TiledWork(side: max(tiles.side, 1), height: size.height) { () throws(AIGCError) in
        try Interruption.check()
      }
    ) { (area) throws(AIGCError) in Self.part(of: values, size, channels, area) }
    // Where no norm sees the whole image, parts are computed by all layers at once.
    let output =
      configuration.generator == .article ? local(map) : try generator.model(map, .inference)
    return try collected(output, size)
  }

  /// Pixels that have an influence on a pixel, to each side: of both outer convolutions three, of each block
  /// two.
  private var radius: Int { 6 + 2 * configuration.blocks }

  private func local(_ map: TiledMap) -> TiledMap {
    let overlap = tiles.overlap ?? radius
    let generator = generator
    func wider(_ range: Range<Int>, _ size: Int) -> Range<Int> {
      max(range.lowerBound - overlap, 0)..<min(range.upperBound + overlap, size)
    }
    return TiledMap(
      width: map.width, height: map.height, channels: map.channels, map.work
    ) { (area) throws(AIGCError) in
      let (rows, columns) = (wider(area.rows, map.height), wider(area.columns, map.width))
      let y = generator(try map(TileArea(rows: rows, columns: columns)), .inference)
      let (top, left) = (
        area.rows.lowerBound - rows.lowerBound, area.columns.lowerBound - columns.lowerBound
      )
      return y.sliced(top..<top + area.rows.count, axis: 1)
        .sliced(left..<left + area.columns.count, axis: 2)
    }
  }

  private func collected(_ map: TiledMap, _ size: ImageSize) throws(AIGCError) -> [Float] {
    let channels = map.channels
    var result = [Float](repeating: 0, count: size.width * size.height * channels)
    for area in TileArea.tiles(height: size.height, width: size.width, side: map.work.side) {
      try Interruption.check()
      let part = try map(area)
      try check(part)
      let values = part.values
      let length = area.columns.count * channels
      for (index, row) in area.rows.enumerated() {
        let start = (row * size.width + area.columns.lowerBound) * channels
        result.replaceSubrange(
          start..<start + length, with: values[index * length..<(index + 1) * length])
      }
    }
    return result
  }

  private static func part(
    of values: [Float], _ size: ImageSize, _ channels: Int, _ area: TileArea
  ) -> Tensor {
    var part: [Float] = []
    part.reserveCapacity(area.rows.count * area.columns.count * channels)
    for row in area.rows {
      let start = (row * size.width + area.columns.lowerBound) * channels
      part += values[start..<start + area.columns.count * channels]
    }
    return Tensor(part, [1, area.rows.count, area.columns.count, channels])
  }
}
