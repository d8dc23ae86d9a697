import Autograd
import Kernels

/// Batches of rows with what a teacher says of them: each row once in a pass, rows of about one length together, in
/// another order in each pass.
struct DistillationStream: TokenBatches {
  /// Batches whose rows are sorted together.
  private static let group = 64

  private let rows: [TokenRow]
  private let scores: TeacherScores
  private let temperature: Float
  private let ratio: Float
  private let batch: Int
  private let seed: UInt64
  let tokenCount: Int
  var position = 0
  private var order: (epoch: Int, batches: [[Int]]) = (-1, [])

  /// - Parameters:
  ///   - rows: at least one.
  ///   - scores: of the same rows.
  ///   - temperature: that of the scores.
  ///   - ratio: see ``/Autograd/SoftTargets/ratio``.
  ///   - batch: rows of a batch.
  ///   - seed: of the order.
  init(
    _ rows: [TokenRow], _ scores: TeacherScores, temperature: Float, ratio: Float, batch: Int,
    seed: UInt64
  ) {
    (self.rows, self.scores, self.batch) = (rows, scores, batch)
    (self.temperature, self.ratio) = (temperature, ratio)
    tokenCount = rows.reduce(0) { $0 + $1.tokens.count }
    // Other chance than that of weights and dropout.
    self.seed = seed ^ 0x4449_5354_494C_4C21
  }

  var batchesOfEpoch: Double { Double((rows.count + batch - 1) / batch) }

  mutating func next() -> TokenBatch {
    let (epoch, place) = position.quotientAndRemainder(dividingBy: Int(batchesOfEpoch))
    if order.epoch != epoch { order = (epoch, batches(of: epoch)) }
    position += 1
    let chosen = order.batches[place]
    var result = paddedBatch(chosen.map { rows[$0] })
    result.soft = scores.targets(
      chosen, steps: result.inputs.shape[1], temperature: temperature, ratio: ratio)
    return result
  }

  private func batches(of epoch: Int) -> [[Int]] {
    var random = RandomSource(seed: seed, stream: epoch)
    func shuffled<Element>(_ elements: [Element]) -> [Element] {
      var result = elements
      for last in stride(from: result.count - 1, to: 0, by: -1) {
        result.swapAt(last, Int(random.integer(below: UInt64(last + 1))))
      }
      return result
    }
    let all = shuffled(Array(rows.indices))
    var result: [[Int]] = []
    for first in stride(from: 0, to: all.count, by: batch * Self.group) {
      // By place too, so that rows of one length stay in the order of chance.
      let part = all[first..<min(first + batch * Self.group, all.count)].enumerated().sorted {
        (rows[$0.element].tokens.count, $0.offset) < (rows[$1.element].tokens.count, $1.offset)
      }.map { $0.element }
      for start in stride(from: 0, to: part.count, by: batch) {
        result.append(Array(part[start..<min(start + batch, part.count)]))
      }
    }
    return shuffled(result)
  }
}
