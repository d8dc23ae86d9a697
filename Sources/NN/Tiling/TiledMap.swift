import Autograd
import Files

/// A map of an image that is never in memory as a whole: parts of it are computed when they are asked for, from
/// parts of maps before it.
///
/// Networks that are too large for memory are computed layer by layer: a convolution reads the parts that its
/// windows see and writes a map of its own, and what stands between convolutions is computed as maps are read.
public struct TiledMap {
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int
  /// Values of a pixel.
  public let channels: Int
  /// How parts are computed, and what is told of the work.
  public let work: TiledWork
  private let compute: (TileArea) throws(AIGCError) -> Tensor
  /// What holds the values, where they are those of a layer that was computed as a whole.
  private let store: TileStore?

  init(
    height: Int, width: Int, channels: Int, _ work: TiledWork, store: TileStore? = nil,
    _ compute: @escaping (TileArea) throws(AIGCError) -> Tensor
  ) {
    (self.height, self.width, self.channels, self.work) = (height, width, channels, work)
    (self.store, self.compute) = (store, compute)
  }

  /// An image.
  /// - Parameters:
  ///   - width: of the image in pixels.
  ///   - height: of the image in pixels.
  ///   - channels: values of a pixel.
  ///   - work: how parts are computed.
  ///   - part: gives the values of an area, [1, rows, columns, channels].
  public init(
    width: Int, height: Int, channels: Int, _ work: TiledWork,
    part: @escaping (TileArea) throws(AIGCError) -> Tensor
  ) {
    self.init(height: height, width: width, channels: channels, work, part)
  }

  /// Values of an area.
  /// - Returns: [1, rows, columns, channels].
  /// - Throws: ``/Files/AIGCError``: failed when a temporary file cannot be read or written.
  public func callAsFunction(_ area: TileArea) throws(AIGCError) -> Tensor { try compute(area) }

  /// Values of an area that may reach beyond the map, where they are 0.
  func withZeros(_ area: TileArea) throws(AIGCError) -> Tensor {
    let (rows, columns) = (
      area.rows.clamped(to: 0..<height), area.columns.clamped(to: 0..<width)
    )
    guard !rows.isEmpty, !columns.isEmpty else {
      return Tensor(repeating: 0, [1, area.rows.count, area.columns.count, channels])
    }
    let inner = try compute(TileArea(rows: rows, columns: columns))
    func zeros(_ height: Int, _ width: Int) -> Tensor {
      Tensor(repeating: 0, [1, height, width, channels])
    }
    let left = columns.lowerBound - area.columns.lowerBound
    let right = area.columns.upperBound - columns.upperBound
    let wide =
      left + right == 0
      ? inner
      : concatenated([zeros(rows.count, left), inner, zeros(rows.count, right)], axis: 2)
    let top = rows.lowerBound - area.rows.lowerBound
    let bottom = area.rows.upperBound - rows.upperBound
    guard top + bottom > 0 else { return wide }
    return concatenated(
      [zeros(top, area.columns.count), wide, zeros(bottom, area.columns.count)], axis: 1)
  }

  /// A map whose values are computed from parts of the same area of this one.
  func mapped(_ function: @escaping (Tensor) -> Tensor) -> TiledMap {
    TiledMap(height: height, width: width, channels: channels, work) {
      [compute] (area) throws(AIGCError) in
      function(try compute(area))
    }
  }

  /// This map and another one, value by value or channel by channel.
  public func joined(
    _ other: TiledMap, channels: Int, _ function: @escaping (Tensor, Tensor) -> Tensor
  ) -> TiledMap {
    TiledMap(height: height, width: width, channels: channels, work) {
      [compute] (area) throws(AIGCError) in
      function(try compute(area), try other(area))
    }
  }

  /// The same map, computed once and kept.
  /// - Throws: ``/Files/AIGCError``: failed when there is no room on the disk, interrupted; and what the
  ///   work's progress throws.
  public func stored() throws(AIGCError) -> TiledMap {
    if store != nil { return self }
    let store = try TileStore(height: height, width: width, channels: channels)
    for area in TileArea.tiles(height: height, width: width, side: work.side(of: height)) {
      try work.check()
      try store.write(compute(area), to: area)
    }
    return TiledMap(height: height, width: width, channels: channels, work, store: store) {
      (area) throws(AIGCError) in try store.read(area)
    }
  }

  /// Mean and variance of each channel over the whole map, and the map that they are of.
  func statistics() throws(AIGCError) -> (map: TiledMap, means: [Double], variances: [Double]) {
    let map = try stored()
    guard let store = map.store else { return (map, [], []) }
    return (map, store.means, store.variances)
  }
}

/// How the parts of maps are computed.
public struct TiledWork {
  /// Rows and columns of a part of the image; of smaller maps, which have more channels, in proportion fewer.
  public let side: Int
  private let height: Int
  /// Is asked before each part; what it throws ends the work.
  public let check: () throws(AIGCError) -> Void

  /// - Parameters:
  ///   - side: rows and columns of a part, 1 or more.
  ///   - height: of the image.
  ///   - check: is called before each part.
  public init(side: Int, height: Int, check: @escaping () throws(AIGCError) -> Void) {
    (self.side, self.height, self.check) = (side, max(height, 1), check)
  }

  /// Rows and columns of a part of a map.
  /// - Parameter height: of the map.
  func side(of height: Int) -> Int {
    max((side * height + self.height - 1) / self.height, 8)
  }
}
