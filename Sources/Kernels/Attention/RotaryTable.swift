import CKernels
import Files
import Glibc

/// How far the pairs of a head's values turn at some positions (Su et al. 2021): the cosines and sines of
/// position · frequency. In each head value i and value i + headSize / 2 are a point; Hugging Face's order.
public struct RotaryTable: Sendable {
  /// Rows that there are, each of a position.
  public let rows: Int
  /// Values of a head that make pairs: twice the frequencies.
  public let headSize: Int
  /// [rows, headSize]: half a row of cosines, and as many sines.
  private let turns: [Float]

  /// - Parameters:
  ///   - frequencies: radians from one position to the next, for each pair.
  ///   - positions: of the rows.
  public init(frequencies: [Double], positions: some Collection<Int>) {
    (rows, headSize) = (positions.count, 2 * frequencies.count)
    var turns: [Float] = []
    turns.reserveCapacity(rows * headSize)
    for position in positions {
      turns += frequencies.lazy.map { Float(cos(Double(position) * $0)) }
      turns += frequencies.lazy.map { Float(sin(Double(position) * $0)) }
    }
    self.turns = turns
  }

  /// Turns the values of some heads.
  /// - Parameters:
  ///   - row: of the table.
  ///   - heads: how many.
  ///   - direction: 1 forwards, -1 back.
  ///   - source: [heads, ``headSize``].
  ///   - target: the same; may be `source`.
  public func turn(
    _ row: Int, heads: Int, direction: Float = 1, _ source: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    require((0..<rows).contains(row), "RotaryTable: no row \(row)")
    turns.withUnsafeBufferPointer { turns in
      guard let base = turns.baseAddress else { return }
      let (cosines, half) = (base + row * headSize, headSize / 2)
      aigc_rotary(heads, half, direction, source, cosines, cosines + half, target)
    }
  }
}
