/// Tokens of one sequence that go through a decoder together: rows that follow each other.
struct DecoderRun {
  let cache: KeyValueCache
  /// Of the pass.
  let firstRow: Int
  let count: Int
  /// Of the first token.
  let position: Int
}

/// By what the queries and keys of some rows are turned; by nothing for learned positions.
struct DecoderRotary: Sendable {
  /// For layers that see all tokens, and for those with a window where these have frequencies of their own.
  private let whole: RotaryTable?
  private let windowed: RotaryTable?

  /// - Parameter runs: of the rows, in their order.
  init(_ shape: TransformerShape, _ runs: [DecoderRun]) {
    guard case .rotary(let rotary) = shape.positions else {
      (whole, windowed) = (nil, nil)
      return
    }
    let positions = runs.flatMap { $0.position..<$0.position + $0.count }
    func table(_ layer: Int?) -> RotaryTable? {
      layer.map {
        RotaryTable(frequencies: shape.rotaryFrequencies(ofLayer: $0), positions: positions)
      }
    }
    let isAlike = rotary.localBase == nil
    let layers = 0..<shape.layers
    whole = table(isAlike ? 0 : layers.first { shape.window(ofLayer: $0) == nil })
    windowed = table(isAlike ? nil : layers.first { shape.window(ofLayer: $0) != nil })
  }

  /// Turns the values of some heads of one row.
  /// - Parameters:
  ///   - hasWindow: whether the layer has a window.
  ///   - lines: [heads, head size].
  func turn(_ row: Int, hasWindow: Bool, heads: Int, _ lines: UnsafeMutablePointer<Float>) {
    (hasWindow ? windowed ?? whole : whole)?.turn(row, heads: heads, lines, lines)
  }
}
