import CKernels
import Glibc
import Kernels

/// How far the pairs of a head's values turn at each position: the cosines and sines of position · frequency.
public struct RotaryTable: Sendable {
  /// Positions that there are.
  public let steps: Int
  /// Values of a head that make pairs: twice the frequencies.
  public let headSize: Int
  /// [steps, headSize / 2] cosines, and as many sines.
  let turns: Storage

  /// - Parameters:
  ///   - frequencies: radians from one position to the next, for each pair.
  ///   - steps: positions, from 0 on.
  public init(frequencies: [Double], steps: Int) {
    (self.steps, headSize) = (steps, 2 * frequencies.count)
    let half = frequencies.count
    turns = Storage(count: 2 * steps * half)
    for step in 0..<steps {
      for (index, frequency) in frequencies.enumerated() {
        let (angle, place) = (Double(step) * frequency, step * half + index)
        turns.base[place] = Float(cos(angle))
        turns.base[steps * half + place] = Float(sin(angle))
      }
    }
  }
}

/// Rotary position embedding (Su et al. 2021): in each head value i and value i + headSize / 2 are a point that is
/// turned by position · frequency i; Hugging Face's order.
/// - Parameters:
///   - x: [batch, steps, heads · headSize].
///   - table: of at least as many positions.
public func rotary(_ x: Tensor, _ table: RotaryTable) -> Tensor {
  turned(x, table, direction: 1)
}

/// Forwards (1) or back (-1), which is the derivative of the other.
private func turned(_ x: Tensor, _ table: RotaryTable, direction: Float) -> Tensor {
  require(
    x.rank == 3 && x.shape[1] <= table.steps && table.headSize > 0
      && x.shape[2] % table.headSize == 0,
    "rotary: \(x.shape) with heads of \(table.headSize) and \(table.steps) positions")
  let (steps, width, half) = (x.shape[1], x.shape[2], table.headSize / 2)
  let (output, heads) = (Storage(count: x.count), x.shape[2] / table.headSize)
  let (source, target) = (x.base, output.base)
  let cosines = table.turns.base
  let sines = cosines + table.steps * half
  parallelRows(x.shape[0] * steps, width) { row in
    let (first, turn) = (row * width, row % steps * half)
    aigc_rotary(
      heads, half, direction, source + first, cosines + turn, sines + turn, target + first)
  }
  return Tensor(output, x.shape).recordedLinear(from: x) { dy, _ in
    turned(dy, table, direction: -direction)
  }
}
