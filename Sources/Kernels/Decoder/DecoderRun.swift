import CKernels
import Glibc

/// Tokens of one sequence that go through a decoder together: rows that follow each other.
struct DecoderRun {
  let cache: KeyValueCache
  /// Of the pass.
  let firstRow: Int
  let count: Int
  /// Of the first token.
  let position: Int
}

/// Cosines and sines by which the queries and keys of some rows are turned (Su et al. 2021).
struct RotaryTable: @unchecked Sendable {
  // For layers without a window and for those with one: [rows, size / 2], cosines and sines.
  private let values: [[Float]]
  private let half: Int

  /// The table of the tokens of some runs; empty for learned positions.
  init(_ shape: TransformerShape, _ runs: [DecoderRun], rows: Int) {
    half = shape.headSize / 2
    guard case .rotary(let rotary) = shape.positions else {
      values = []
      return
    }
    // A layer of each kind, where there is one.
    let layers = [
      (0..<shape.layers).first { shape.window(ofLayer: $0) == nil },
      rotary.localBase == nil ? nil : (0..<shape.layers).first { shape.window(ofLayer: $0) != nil },
    ]
    let half = half
    values = layers.map { layer in
      guard let layer = layer ?? (rotary.localBase == nil ? 0 : nil) else { return [] }
      let frequencies = shape.rotaryFrequencies(ofLayer: layer)
      var table = [Float](repeating: 0, count: 2 * rows * half)
      for run in runs {
        for index in 0..<run.count {
          let start = 2 * (run.firstRow + index) * half
          for (i, frequency) in frequencies.enumerated() {
            let angle = Double(run.position + index) * frequency
            table[start + i] = Float(cos(angle))
            table[start + half + i] = Float(sin(angle))
          }
        }
      }
      return table
    }
  }

  /// Turns the values of some heads of one row; nothing for learned positions.
  /// - Parameters:
  ///   - hasWindow: whether the layer has a window.
  ///   - lines: [heads, head size].
  func turn(_ row: Int, hasWindow: Bool, heads: Int, _ lines: UnsafeMutablePointer<Float>) {
    guard !values.isEmpty else { return }
    let kind = hasWindow && !values[1].isEmpty ? 1 : 0
    values[kind].withUnsafeBufferPointer { table in
      guard let base = table.baseAddress else { return }
      aigc_rotary(heads, half, 1, lines, base + 2 * row * half, base + (2 * row + 1) * half, lines)
    }
  }
}
