import Autograd
import Files
import Kernels

/// The rows and columns of a part of an image.
public struct TileArea: Equatable, Sendable {
  /// Rows, from the top.
  public var rows: Range<Int>
  /// Columns, from the left.
  public var columns: Range<Int>

  /// - Parameters:
  ///   - rows: from the top.
  ///   - columns: from the left.
  public init(rows: Range<Int>, columns: Range<Int>) {
    (self.rows, self.columns) = (rows, columns)
  }

  /// The areas of `side` by `side` pixels, and smaller ones at the right and at the bottom, that make up an
  /// image.
  public static func tiles(height: Int, width: Int, side: Int) -> [TileArea] {
    stride(from: 0, to: height, by: side).flatMap { top in
      stride(from: 0, to: width, by: side).map { left in
        TileArea(rows: top..<min(top + side, height), columns: left..<min(left + side, width))
      }
    }
  }
}

/// Values of a whole map of an image, [height, width, channels], in memory or, where they are many, in a temporary
/// file, written and read part by part.
final class TileStore {
  let height: Int
  let width: Int
  let channels: Int
  private let values: SpilledTable
  /// Mean and sum of squared differences from it, channel by channel, of what was written.
  private(set) var means: [Double]
  private var squares: [Double]
  private var count = 0.0

  /// Bytes from which on a map lies in a file.
  static let largestInMemory = 192 << 20

  init(height: Int, width: Int, channels: Int) throws(AIGCError) {
    (self.height, self.width, self.channels) = (height, width, channels)
    values = try SpilledTable(
      count: height * width * channels, largestInMemory: Self.largestInMemory)
    means = [Double](repeating: 0, count: channels)
    squares = means
  }

  /// The variances of all that was written, channel by channel.
  var variances: [Double] { squares.map { $0 / max(count, 1) } }

  private func lines(_ area: TileArea) -> SpilledTable.Lines {
    SpilledTable.Lines(
      start: (area.rows.lowerBound * width + area.columns.lowerBound) * channels,
      stride: width * channels, length: area.columns.count * channels, count: area.rows.count)
  }

  /// - Returns: [1, rows, columns, channels].
  func read(_ area: TileArea) throws(AIGCError) -> Tensor {
    var outcome = Result<Void, AIGCError>.success(())
    let tensor = Tensor([1, area.rows.count, area.columns.count, channels]) { memory in
      outcome = Result { () throws(AIGCError) in try values.read(lines(area), into: memory) }
    }
    try outcome.get()
    return tensor
  }

  /// - Parameter tensor: [1, rows, columns, channels].
  func write(_ tensor: Tensor, to area: TileArea) throws(AIGCError) {
    try values.write(lines(area), of: tensor.values)
    observe(tensor)
  }

  /// Takes a part's means and variances into those of the whole (Chan et al. 1983).
  private func observe(_ tensor: Tensor) {
    let statistics = batchNorm2d(
      tensor, Tensor(repeating: 1, [channels]), Tensor(repeating: 0, [channels]), epsilon: 1,
      slope: 1)
    let size = Double(tensor.count / channels)
    let total = count + size
    for channel in 0..<channels {
      let difference = Double(statistics.mean[channel]) - means[channel]
      means[channel] += difference * size / total
      squares[channel] +=
        Double(statistics.variance[channel]) * size + difference * difference * count * size / total
    }
    count = total
  }
}
