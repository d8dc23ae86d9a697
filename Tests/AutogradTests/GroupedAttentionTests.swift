import Kernels
import Testing

@testable import Autograd

/// Attention of grouped heads and of windows beside its definition.
@Suite struct GroupedAttentionTests {
  struct Sizes: Sendable {
    var heads: Int
    var keyValueHeads: Int
    var size: Int
    var window: Int?
  }

  /// The definition: all scores, a mask, softmax.
  private static func naive(_ inputs: [Tensor], _ sizes: Sizes, scale: Float) -> Tensor {
    let (batch, steps, size) = (inputs[0].shape[0], inputs[0].shape[1], sizes.size)
    let group = sizes.heads / sizes.keyValueHeads
    func part(_ x: Tensor, _ heads: Int) -> Tensor {
      x.reshaped([batch, steps, heads, size]).permuted([0, 2, 1, 3])
    }
    func repeated(_ x: Tensor) -> Tensor {
      part(x, sizes.keyValueHeads).reshaped([batch, sizes.keyValueHeads, 1, steps, size])
        .broadcast(to: [batch, sizes.keyValueHeads, group, steps, size])
        .reshaped([batch * sizes.heads, steps, size])
    }
    let queries = part(inputs[0], sizes.heads).reshaped([batch * sizes.heads, steps, size])
    let window = sizes.window ?? steps
    let mask = Tensor([1, steps, steps]) { memory in
      for index in memory.indices {
        let (query, key) = (index / steps, index % steps)
        memory[index] = key > query || query - key >= window ? -1e9 : 0
      }
    }
    let scores = matmul(queries, repeated(inputs[1]), transposeB: true) * scale
    let result = matmul(softmax(scores + mask), repeated(inputs[2]))
    return result.reshaped([batch, sizes.heads, steps, size]).permuted([0, 2, 1, 3])
      .reshaped([batch, steps, sizes.heads * size])
  }

  private static func run(_ inputs: [Tensor], _ operation: ([Tensor]) -> Tensor) -> [Tensor] {
    let x = inputs.map { $0.watchedCopy() }
    let y = operation(x)
    let loss = (y * Samples.normal(y.shape, 3, scale: 1)).sum()
    return [y.detached] + gradients(of: loss, at: x)
  }

  private static func inputs(_ steps: Int, _ sizes: Sizes) -> [Tensor] {
    let wide: Shape = [2, steps, sizes.heads * sizes.size]
    let narrow: Shape = [2, steps, sizes.keyValueHeads * sizes.size]
    return [
      Samples.normal(wide, 1, scale: 1.5), Samples.normal(narrow, 2, scale: 1.5),
      Samples.normal(narrow, 4, scale: 1.5),
    ]
  }

  static let cases = [
    Sizes(heads: 4, keyValueHeads: 2, size: 5), Sizes(heads: 3, keyValueHeads: 1, size: 70),
    Sizes(heads: 2, keyValueHeads: 2, size: 7, window: 1),
    Sizes(heads: 4, keyValueHeads: 2, size: 9, window: 5),
    Sizes(heads: 2, keyValueHeads: 1, size: 32, window: 33),
    Sizes(heads: 2, keyValueHeads: 1, size: 6, window: 64),
    Sizes(heads: 2, keyValueHeads: 1, size: 6, window: 100),
  ]

  @Test(arguments: [1, 31, 64, 65, 200], cases)
  func equalsItsDefinition(_ steps: Int, _ sizes: Sizes) {
    let inputs = Self.inputs(steps, sizes)
    let found = Self.run(inputs) {
      attention($0[0], $0[1], $0[2], headSize: sizes.size, scale: 0.3, window: sizes.window)
    }
    let expected = Self.run(inputs) { Self.naive($0, sizes, scale: 0.3) }
    for (name, pair) in zip(["value", "queries", "keys", "values"], zip(found, expected)) {
      #expect(pair.0.shape == pair.1.shape)
      let worst = zip(pair.0.values, pair.1.values).reduce(Float(0)) {
        abs($1.0 - $1.1) <= 3e-5 * max(1, abs($1.1)) ? $0 : max($0, abs($1.0 - $1.1))
      }
      #expect(worst == 0, "\(name) of \(steps) steps, \(sizes): differs by \(worst)")
    }
  }

  /// Heads that are not grouped give the fused operation's bytes, gradients included.
  @Test func equalsTheFusedOperation() {
    let parts = Self.inputs(70, Sizes(heads: 3, keyValueHeads: 3, size: 8))
    let apart = Self.run(parts) { attention($0[0], $0[1], $0[2], headSize: 8) }
    let fused = Self.run(parts) { attention(concatenated($0, axis: 2), heads: 3) }
    for (a, b) in zip(apart, fused) { #expect(a.values == b.values) }
  }

  /// What lies outside of the window may be anything.
  @Test func windowsHideWhatIsBefore() {
    let sizes = Sizes(heads: 2, keyValueHeads: 1, size: 4, window: 40)
    let inputs = Self.inputs(150, sizes)
    var broken = inputs
    for index in 1...2 {
      var values = inputs[index].values
      // The first 50 positions of the first sequence.
      for place in 0..<50 * 4 { values[place] = index == 1 ? 3e38 : 0 }
      broken[index] = Tensor(values, inputs[index].shape)
    }
    let (sound, other) = (
      attention(inputs[0], inputs[1], inputs[2], headSize: 4, window: 40),
      attention(broken[0], broken[1], broken[2], headSize: 4, window: 40)
    )
    #expect(
      sound.sliced(89..<150, axis: 1).values == other.sliced(89..<150, axis: 1).values)
    #expect(sound.sliced(88..<89, axis: 1).values != other.sliced(88..<89, axis: 1).values)
  }
}
