import Glibc
import Kernels
import Testing

@testable import Autograd

@Suite struct AttentionTests {
  /// The definition: all scores, a mask, softmax.
  private static func naive(_ qkv: Tensor, heads: Int) -> Tensor {
    let (batch, steps, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
    let size = width / heads
    let parts = qkv.reshaped([batch, steps, 3, heads, size]).permuted([2, 0, 3, 1, 4])
    func part(_ index: Int) -> Tensor {
      parts.sliced(index..<index + 1).reshaped([batch * heads, steps, size])
    }
    let mask = Tensor([1, steps, steps]) { memory in
      for index in memory.indices { memory[index] = index % steps > index / steps ? -1e9 : 0 }
    }
    let scores = matmul(part(0), part(1), transposeB: true) / Float(size).squareRoot()
    let result = matmul(softmax(scores + mask), part(2))
    return result.reshaped([batch, heads, steps, size]).permuted([0, 2, 1, 3])
      .reshaped([batch, steps, width])
  }

  private static func run(_ qkv: Tensor, _ operation: (Tensor) -> Tensor) -> [Tensor] {
    let x = qkv.watchedCopy()
    let y = operation(x)
    let loss = (y * Samples.normal(y.shape, 3, scale: 1)).sum()
    return [y.detached, gradients(of: loss, at: [x])[0]]
  }

  /// Sizes beside whole blocks, heads that fill a panel, half of one, more than one.
  @Test(arguments: [1, 7, 64, 65, 130], [(2, 2, 5), (2, 1, 32), (1, 3, 64), (1, 1, 70)])
  func equalsItsDefinition(_ steps: Int, _ sizes: (batch: Int, heads: Int, size: Int)) {
    let qkv = Samples.normal(
      [sizes.batch, steps, 3 * sizes.heads * sizes.size], 1, scale: 1.5)
    let found = Self.run(qkv) { attention($0, heads: sizes.heads) }
    let expected = Self.run(qkv) { Self.naive($0, heads: sizes.heads) }
    for (name, pair) in zip(["value", "gradient"], zip(found, expected)) {
      #expect(pair.0.shape == pair.1.shape)
      let worst = zip(pair.0.values, pair.1.values).reduce(Float(0)) {
        abs($1.0 - $1.1) <= 2e-5 * max(1, abs($1.1)) ? $0 : max($0, abs($1.0 - $1.1))
      }
      #expect(worst == 0, "\(name) of \(steps) steps, \(sizes): differs by \(worst)")
    }
  }

  /// Scores that overflow where no maximum is taken off, and ones that are not numbers.
  @Test func extremeScores() {
    let qkv = Samples.normal([1, 70, 24], 4, scale: 60)
    let found = Self.run(qkv) { attention($0, heads: 2) }
    #expect(found.allSatisfy { $0.isFinite })
    var values = qkv.values
    values[69 * 24] = .nan
    let broken = attention(Tensor(values, [1, 70, 24]), heads: 2)
    #expect(broken.sliced(0..<69, axis: 1).isFinite)
    #expect(broken.values[69 * 8].isNaN)
    #expect(attention(Tensor([], [0, 3, 24]), heads: 2).shape == [0, 3, 8])
    #expect(attention(Tensor([], [2, 0, 24]), heads: 2).shape == [2, 0, 8])
  }

  /// The scores of 2048 steps would take 16 MiB a head, those of one task are 16 KiB. In a process of its
  /// own, beside which no other test takes memory.
  @Test func longContextsTakeLittleMemory() async {
    await #expect(processExitsWith: .success) {
      Threads.count = 2
      let qkv = Samples.normal([1, 2048, 3 * 2 * 32], 5)
      let before = MemoryPool.byteCounts
      let found = AttentionTests.run(qkv) { attention($0, heads: 2) }
      let after = MemoryPool.byteCounts
      let grown = after.inUse + after.kept - before.inUse - before.kept
      // Output and gradient, the loss's own tensors, and five packed operands a thread.
      if grown > 12 << 20 { Issue.record("\(grown) bytes") }
      // The last position sees all: its own mean of all values.
      let row = AttentionTests.lastRow(qkv)
      let last = found[0].sliced(2047..<2048, axis: 1).values.prefix(32)
      let isRight = zip(last, row).allSatisfy { abs(Double($0) - $1) < 1e-5 }
      exit(grown <= 12 << 20 && isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  /// The first head's output at the last position, in double precision.
  private static func lastRow(_ qkv: Tensor) -> [Double] {
    let values = qkv.values.map { Double($0) }
    let (steps, width) = (qkv.shape[1], qkv.shape[2])
    let (query, keys, size) = ((steps - 1) * width, width / 3, 32)
    var (sums, total) = ([Double](repeating: 0, count: size), 0.0)
    for step in 0..<steps {
      var score = 0.0
      for index in 0..<size {
        score += values[query + index] * values[step * width + keys + index]
      }
      let weight = exp(score / Double(size).squareRoot())
      total += weight
      for index in 0..<size { sums[index] += weight * values[step * width + 2 * keys + index] }
    }
    return sums.map { $0 / total }
  }

  /// A second derivative is not promised, and asking for one says so.
  @Test func secondDerivativeStops() async {
    await #expect(processExitsWith: .failure) {
      let x = Samples.normal([1, 3, 6], 6).watchedCopy()
      _ = gradients(of: attention(x, heads: 1).sum(), at: [x], createGraph: true)
    }
  }
}
