import Glibc
import Kernels
import Testing

@testable import Autograd

/// The same bytes for any number of threads. That number belongs to the process, so each test has a
/// process of its own.
@Suite(.serialized) struct ThreadTests {
  /// Runs `body` with 1, 2 and 3 threads and ends the process with whether all results are the same.
  private static func compare(_ body: () -> [Tensor]) {
    var expected: [[UInt32]] = []
    var isSame = true
    for threads in 1...3 {
      Threads.count = threads
      let found = body().map { $0.values.map { $0.bitPattern } }
      if threads == 1 { expected = found }
      for (index, (a, b)) in zip(expected, found).enumerated() where a != b {
        Issue.record("result \(index) differs with \(threads) threads")
        isSame = false
      }
    }
    exit(isSame && !expected.isEmpty ? EXIT_SUCCESS : EXIT_FAILURE)
  }

  private static func values(_ shape: Shape, _ seed: UInt64) -> Tensor {
    // A plain generator: millions of normal numbers take seconds in debug builds.
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return Tensor(shape) { memory in
      for index in memory.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        memory[index] = Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
      }
    }
  }

  /// The shape of the language models in the benchmarks, smaller: embedding, layer, projection, loss,
  /// clipping by norm and one step of Adam.
  private static func trainingStep(_ kind: Int) -> [Tensor] {
    let (steps, batch, hidden, tokens) = (12, 8, 192, 300)
    let gates = [4, 3, 1][kind]
    let parameters = [
      values([tokens, 64], 1), values([gates * hidden, 64], 2),
      values([gates * hidden, hidden], 3),
      values([gates * hidden], 4), values([gates * hidden], 5), values([tokens, hidden], 6),
      values([tokens], 7),
    ].map { Parameter($0 * 0.1) }
    let ids = (0..<steps * batch).map { Int32($0 * 37 % tokens) }
    let (loss, found) = valueAndGradients(for: parameters) {
      let value = parameters.map { $0.value }
      let input = linear(value[0].gathered(Indices(ids, [steps, batch])), value[1])
      let weights = RecurrentWeights(
        hidden: value[2], inputBias: value[3], hiddenBias: value[4])
      let states: Tensor
      switch kind {
      case 0: states = lstm(.sequence(input), weights).states
      case 1: states = gru(.sequence(input), weights)
      default: states = rnn(.sequence(input), weights, .tanh)
      }
      return linearCrossEntropy(
        states.reshaped([steps * batch, hidden]), value[5], value[6],
        ids.map { ($0 * 7 + 1) % Int32(tokens) })
    }
    let norm = found.reduce(0.0) { $0 + $1.squareSum() }.squareRoot()
    for (parameter, gradient) in zip(parameters, found) {
      let (mean, square) = (
        Parameter(.zeros(parameter.shape)), Parameter(.zeros(parameter.shape))
      )
      adamStep(
        parameter, gradient, mean: mean, square: square,
        AdamStep(
          rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.01, isDecoupled: true,
          scale: Float(1 / norm), correction1: 0.1, correction2: 0.001))
    }
    return [loss] + found + parameters.map { $0.value }
  }

  @Test func lstmStep() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare { ThreadTests.trainingStep(0) }
    }
  }
  @Test func gruStep() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare { ThreadTests.trainingStep(1) }
    }
  }
  @Test func rnnStep() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare { ThreadTests.trainingStep(2) }
    }
  }

  /// Loops above the size from which threads are used, which is not a whole number of blocks.
  @Test func largeElementwise() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare {
        let rows = 515
        let x = ThreadTests.values([rows, 611], 1).watchedCopy()
        let b = ThreadTests.values([611], 2).watchedCopy()
        let y = tanh(x * b + 0.5) / (square(x) + 1)
        let z = softmax(y) + logSoftmax(y) + layerNorm(x, b, b, epsilon: 1e-5)
        let loss = z.sum() + z.sum(axis: 0).mean() + square(z.sum(axis: 1)).mean()
        return [y, z, loss] + gradients(of: loss, at: [x, b])
      }
    }
  }

  /// Many heads, and few, whose queries are cut into parts.
  @Test func attentionOfManyAndFewHeads() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare {
        [(3, 70, 4, 16), (1, 330, 1, 32)].flatMap { batch, steps, heads, size in
          let x = ThreadTests.values([batch, steps, 3 * heads * size], 1).watchedCopy()
          let y = gelu(attention(x, heads: heads), approximation: .tanh)
          return [y] + gradients(of: square(y).sum(), at: [x])
        }
      }
    }
  }

  @Test func largeProducts() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare {
        let x = ThreadTests.values([260, 300], 1).watchedCopy()
        let w = ThreadTests.values([280, 300], 2).watchedCopy()
        let y = linear(x, w)
        let table = ThreadTests.values([700, 280], 3).watchedCopy()
        let rows = table.gathered(Indices((0..<900).map { Int32($0 * 31 % 700) }, [900]))
        let loss = square(y).mean() + square(rows).mean()
        let b = ThreadTests.values([300], 4).watchedCopy()
        let z = conv1D(table, w, b.sliced(0..<300))
        return [y, loss, z] + gradients(of: loss + square(z).mean(), at: [x, w, table, b])
      }
    }
  }

  /// Images large enough for several blocks of rows, with an odd number of them.
  @Test func images() async {
    await #expect(processExitsWith: .success) {
      ThreadTests.compare {
        let x = ThreadTests.values([5, 33, 31, 20], 1).watchedCopy()
        let weight = ThreadTests.values([3, 3, 20, 24], 2).watchedCopy()
        let back = ThreadTests.values([4, 4, 6, 24], 3).watchedCopy()
        let (scale, bias) = (
          ThreadTests.values([24], 4).watchedCopy(), ThreadTests.values([24], 5).watchedCopy()
        )
        let map = conv2d(x, weight, bias, padding: 1, mode: .fast)
        let (y, mean, variance) = batchNorm2d(map, scale, bias, epsilon: 1e-5, slope: 0.2)
        let small = maxPool2d(y, size: 2) + averagePool2d(y, size: 2)
        let large = convTranspose2d(small, back, stride: 2, padding: 1, mode: .fast)
        let z = upsampleBilinear(instanceNorm2d(large, epsilon: 1e-5), factor: 2)
        let loss = square(upsampleNearest(z, factor: 2)).mean()
        let statistics = Tensor(mean + variance, [48])
        return [y, statistics, z, loss] + gradients(of: loss, at: [x, weight, back, scale, bias])
      }
    }
  }
}
