import Testing

@testable import Kernels

@Suite struct EmbeddingBagTests {
  private static let batch: EmbeddingBag.Batch = {
    var random = RandomSource(seed: 4)
    var (rows, ranges, labels): ([Int32], [Range<Int>], [Int32]) = ([], [], [])
    for text in 0..<200 {
      let first = rows.count
      // Rows below 20 are of class 0, those up to 40 of class 1, the others of both.
      let own = text % 2 * 20
      for _ in 0..<Int(random.integer(below: 6)) {
        rows.append(Int32(own) + Int32(random.integer(below: 20)))
        rows.append(40 + Int32(random.integer(below: 20)))
      }
      if text % 5 == 0 { rows.append(-1 - Int32(20 - own)) }
      ranges.append(first..<rows.count)
      labels.append(Int32(text % 2))
    }
    return EmbeddingBag.Batch(
      rows: rows, ranges: ranges, labels: labels, weights: labels.map { _ in 1 })
  }()

  /// A plain twin: the same vectors, one group of texts after the other.
  @Test func stepsAreThoseOfAPlainLoop() throws {
    let (dimension, rate, negation): (Int, Float, Float) = (20, 0.3, 0.5)
    let bag = try EmbeddingBag(rows: 60, dimension: dimension, classes: 2, seed: 7)
    // The linear layer is zero at first and shows no vectors: they are drawn again.
    var random = RandomSource(seed: 7, stream: 1 << 20)
    var table = (0..<60).map { _ in
      (0..<dimension).map { _ in (Float(random.next() >> 40) * 0x1p-23 - 1) / Float(dimension) }
    }
    var output = [[Float]](repeating: [Float](repeating: 0, count: dimension), count: 2)
    let batch = Self.batch
    for first in stride(from: 0, to: 200, by: 32) {
      let group = Array(first..<min(200, first + 32))
      let means = group.map { text -> [Float] in
        var mean = [Float](repeating: 0, count: dimension)
        let count = Float(max(batch.ranges[text].count, 1))
        for index in batch.ranges[text] {
          let row = Int(batch.rows[index])
          for d in 0..<dimension {
            mean[d] += table[row < 0 ? -1 - row : row][d] * (row < 0 ? -negation : 1) / count
          }
        }
        return mean
      }
      let scores = means.map { mean in
        output.map { weights in zip(weights, mean).reduce(Float(0)) { $0 + $1.0 * $1.1 } }
      }
      for (place, text) in group.enumerated() {
        let top = scores[place].max() ?? 0
        let shares = scores[place].map { value -> Double in
          var power = 1.0
          var term = 1.0
          for step in 1..<30 {
            term *= Double(value - top) / Double(step)
            power += term
          }
          return power
        }
        let sum = shares.reduce(0, +)
        var gradient = [Float](repeating: 0, count: dimension)
        for label in 0..<2 {
          let step =
            rate * ((Int(batch.labels[text]) == label ? 1 : 0) - Float(shares[label] / sum))
          for d in 0..<dimension {
            gradient[d] += step * output[label][d]
            output[label][d] += step * means[place][d]
          }
        }
        let count = Float(max(batch.ranges[text].count, 1))
        for index in batch.ranges[text] {
          let row = Int(batch.rows[index])
          for d in 0..<dimension {
            table[row < 0 ? -1 - row : row][d] += gradient[d] * (row < 0 ? -negation : 1) / count
          }
        }
      }
    }
    _ = try bag.learn(batch, rate: rate, negation: negation)
    let found = bag.products([[1, 0], [0, 1]])
    for row in 0..<60 {
      for label in 0..<2 {
        let expected = zip(table[row], output[label]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        #expect(abs(found[row * 2 + label] - expected) < 1e-5)
      }
    }
  }

  @Test func anyNumberOfThreadsGivesTheSame() throws {
    func products(_ threads: Int) throws -> [Float] {
      let before = Threads.count
      Threads.count = threads
      defer { Threads.count = before }
      let bag = try EmbeddingBag(rows: 60, dimension: 70, classes: 2, seed: 7)
      var losses: [Double] = []
      for _ in 0..<20 { losses.append(try bag.learn(Self.batch, rate: 0.5, negation: 1)) }
      #expect(losses[19] < 0.5 * losses[0])
      return bag.products([[-1, 1]])
    }
    let one = try products(1)
    #expect(try products(2) == one)
    #expect(try products(5) == one)
  }
}
