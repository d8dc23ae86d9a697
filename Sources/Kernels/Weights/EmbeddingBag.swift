import CKernels
import Files
import Glibc

/// A table of vectors whose means over the rows of a text give the scores of classes, and its training by stochastic
/// gradient descent (fastText's supervised model, Joulin et al. 2017).
///
/// Texts are learned from in groups: gradients of a group are of the weights before it. A thread has some of the
/// vectors' values for itself, so that nothing but the scores of a group passes from one to another, and sums are
/// taken in an order that does not depend on the number of threads.
public final class EmbeddingBag: @unchecked Sendable {
  /// Values of a vector.
  public let dimension: Int
  /// Classes.
  public let classes: Int
  /// Values that are computed together.
  private static let block = 16
  /// Texts whose gradients are of the same weights.
  private static let group = 32
  private let stride: Int
  private let memory: MutableTable<Float>
  /// The vectors, and behind them the linear layer: they stay in their place as long as the memory is kept.
  private let table: UnsafeMutablePointer<Float>
  private let output: UnsafeMutablePointer<Float>
  private let rows: Int

  /// Vectors drawn uniformly within ±1/dimension, and a linear layer of zeros.
  /// - Parameters:
  ///   - rows: of the table.
  ///   - dimension: values of a vector.
  ///   - classes: scores.
  ///   - seed: gives the vectors.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  public init(rows: Int, dimension: Int, classes: Int, seed: UInt64) throws(AIGCError) {
    (self.dimension, self.classes, self.rows) = (dimension, classes, rows)
    let stride = (dimension + Self.block - 1) / Self.block * Self.block
    self.stride = stride
    memory = try MutableTable(count: (rows + classes) * stride)
    let base = memory.withUnsafeMutableBuffer { $0.baseAddress }
    guard let base else { throw .failed("no memory for \(rows) vectors of \(dimension) values") }
    (table, output) = (base, base + rows * stride)
    nonisolated(unsafe) let table = table
    parallelBlocks(rows, size: 4096) { first, end in
      // Each block of rows has a stream of its own.
      var random = RandomSource(seed: seed, stream: 1 << 20 | first / 4096)
      for row in first..<end {
        for place in 0..<dimension {
          table[row * stride + place] =
            (Float(random.next() >> 40) * 0x1p-23 - 1) / Float(dimension)
        }
      }
    }
  }

  /// Texts to learn from.
  public struct Batch: Sendable {
    /// All rows; of a negated one -1 - row.
    public var rows: [Int32]
    /// Which part of `rows` each text has.
    public var ranges: [Range<Int>]
    /// The class of each text.
    public var labels: [Int32]
    /// How much each text counts.
    public var weights: [Float]

    /// Creates a batch of texts.
    public init(rows: [Int32], ranges: [Range<Int>], labels: [Int32], weights: [Float]) {
      (self.rows, self.ranges, self.labels, self.weights) = (rows, ranges, labels, weights)
    }
  }

  /// Learns from the texts of a batch, in their order.
  /// - Parameters:
  ///   - batch: the texts.
  ///   - rate: the learning rate.
  ///   - negation: what a negated row counts as, with a minus.
  /// - Returns: the mean cross-entropy of the texts before they were learned from.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  public func learn(_ batch: Batch, rate: Float, negation: Float) throws(AIGCError) -> Double {
    let groups = (batch.ranges.count + Self.group - 1) / Self.group
    guard groups > 0 else { return 0 }
    let blocks = stride / Self.block
    let parts = min(blocks, max(1, min(Threads.count, 8)))
    // Of this group and of the one before.
    let scores = try MutableTable<Float>(count: 2 * blocks * Self.group * classes)
    let means = try MutableTable<Float>(count: 2 * Self.group * stride)
    let losses = try MutableTable<Double>(count: batch.ranges.count)
    let (scoreBase, meanBase) = (
      scores.withUnsafeMutableBuffer { $0.baseAddress },
      means.withUnsafeMutableBuffer { $0.baseAddress }
    )
    guard let scoreBase, let meanBase else { return 0 }
    nonisolated(unsafe) let (partial, mean) = (scoreBase, meanBase)
    parallelSteps(groups + 1, tasks: parts) { group, part in
      let work = EmbeddingBagWork(
        bag: self, batch: batch,
        values: part * blocks / parts * Self.block..<(part + 1) * blocks / parts * Self.block,
        rate: rate, negation: negation, partial: partial, means: mean)
      if group > 0 { work.update(group - 1, losses: part == 0 ? losses : nil) }
      if group < groups { work.forward(group) }
    }
    withExtendedLifetime((scores, means)) {}
    return (0..<losses.count).reduce(0.0) { $0 + losses[$1] } / Double(batch.ranges.count)
  }

  /// What each row gives each score: the linear layer's products with the vectors, [rows, scores].
  /// - Parameter directions: for each score by what the classes' scores are multiplied, [scores][classes].
  public func products(_ directions: [[Float]]) -> [Float] {
    let (output, stride) = (output, stride)
    let weights = directions.flatMap { direction in
      (0..<stride).map { place in
        (0..<classes).reduce(Float(0)) { $0 + direction[$1] * output[$1 * stride + place] }
      }
    }
    return parallelValues(rows * directions.count, block: 4096) { index in
      let (row, score) = (index / directions.count, index % directions.count)
      var sum: Float = 0
      weights.withUnsafeBufferPointer { weights in
        guard let weights = weights.baseAddress else { return }
        aigc_dot(stride, self.table + row * stride, weights + score * stride, &sum)
      }
      return sum
    }
  }

  /// One thread's work on one group.
  private struct EmbeddingBagWork {
    let bag: EmbeddingBag
    let batch: Batch
    /// The values of vectors that are this thread's.
    let values: Range<Int>
    let rate: Float
    let negation: Float
    /// Scores by block of values, [2, blocks, group, classes].
    let partial: UnsafeMutablePointer<Float>
    /// [2, group, stride].
    let means: UnsafeMutablePointer<Float>

    private func texts(_ group: Int) -> Range<Int> {
      group * EmbeddingBag.group..<min(batch.ranges.count, (group + 1) * EmbeddingBag.group)
    }

    /// Where the values of a row begin that are this thread's, and what the row counts as.
    @inline(__always)
    private func vector(
      _ index: Int, _ share: Float
    ) -> (UnsafeMutablePointer<Float>, value: Float) {
      let row = Int(batch.rows[index])
      let place = bag.table + (row < 0 ? -1 - row : row) * bag.stride + values.lowerBound
      return (place, row < 0 ? -negation * share : share)
    }

    private func mean(_ group: Int, _ place: Int) -> UnsafeMutablePointer<Float> {
      means + (group % 2 * EmbeddingBag.group + place) * bag.stride + values.lowerBound
    }

    private func score(_ group: Int, _ block: Int, _ place: Int) -> UnsafeMutablePointer<Float> {
      let blocks = bag.stride / EmbeddingBag.block
      return partial
        + ((group % 2 * blocks + block) * EmbeddingBag.group + place) * bag.classes
    }

    /// The means of a group's texts, and what each block of values adds to their scores.
    func forward(_ group: Int) {
      for (place, text) in texts(group).enumerated() {
        let mean = mean(group, place)
        mean.update(repeating: 0, count: values.count)
        let share = 1 / Float(max(batch.ranges[text].count, 1))
        for index in batch.ranges[text] {
          let (vector, value) = vector(index, share)
          aigc_axpy(values.count, value, vector, mean)
        }
        for first in Swift.stride(from: 0, to: values.count, by: EmbeddingBag.block) {
          let scores = score(group, (values.lowerBound + first) / EmbeddingBag.block, place)
          for label in 0..<bag.classes {
            let weight = bag.output + label * bag.stride + values.lowerBound + first
            aigc_dot(EmbeddingBag.block, mean + first, weight, scores + label)
          }
        }
      }
    }

    /// The probabilities of a text of the group, and the logarithm of its own class's.
    private func probabilities(
      _ group: Int, _ place: Int, _ label: Int
    ) -> (shares: [Float], log: Double) {
      var shares = [Float](repeating: 0, count: bag.classes)
      for block in 0..<bag.stride / EmbeddingBag.block {
        let part = score(group, block, place)
        for index in shares.indices { shares[index] += part[index] }
      }
      let top = shares.max() ?? 0
      let own = shares[label] - top
      for index in shares.indices { shares[index] = expf(shares[index] - top) }
      let sum = shares.reduce(0, +)
      return (shares.map { $0 / sum }, Double(own - logf(sum)))
    }

    /// Takes the step of a group whose scores are known.
    func update(_ group: Int, losses: MutableTable<Double>?) {
      let gradient = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
      defer { gradient.deallocate() }
      for (place, text) in texts(group).enumerated() {
        let label = Int(batch.labels[text])
        let (shares, log) = probabilities(group, place, label)
        losses?[text] = -log
        gradient.update(repeating: 0, count: values.count)
        for index in shares.indices {
          let step = rate * batch.weights[text] * ((index == label ? 1 : 0) - shares[index])
          let weight = bag.output + index * bag.stride + values.lowerBound
          aigc_axpy(values.count, step, weight, gradient)
          aigc_axpy(values.count, step, mean(group, place), weight)
        }
        let share = 1 / Float(max(batch.ranges[text].count, 1))
        for index in batch.ranges[text] {
          let (vector, value) = vector(index, share)
          aigc_axpy(values.count, value, gradient, vector)
        }
      }
    }
  }
}
