import CKernels
import Files

/// How the states of a text's tokens become one vector.
public enum StatePooling: String, CaseIterable, Sendable {
  /// The mean of all of them.
  case mean
  /// The first token's.
  case cls
  /// Of each value the largest.
  case max
  /// The last token's.
  case last

  /// - Parameters:
  ///   - count: tokens, at least one.
  ///   - states: [count, width].
  ///   - vector: [width].
  func apply(
    _ count: Int, width: Int, _ states: UnsafePointer<Float>,
    _ vector: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .cls: vector.update(from: states, count: width)
    case .last: vector.update(from: states + (count - 1) * width, count: width)
    case .mean:
      vector.update(from: states, count: width)
      for row in 1..<Swift.max(count, 1) { aigc_add(width, vector, states + row * width, vector) }
      aigc_scale_add(width, 1 / Float(count), 0, vector, vector)
    case .max:
      vector.update(from: states, count: width)
      for row in 1..<Swift.max(count, 1) {
        let line = states + row * width
        for place in 0..<width { vector[place] = Swift.max(vector[place], line[place]) }
      }
    }
  }

  /// The vector of states [count, width] of one text.
  public func vector(_ states: [Float], width: Int) -> [Float] {
    require(
      width > 0 && !states.isEmpty && states.count % width == 0, "StatePooling: no whole rows")
    return [Float](unsafeUninitializedCapacity: width) { target, count in
      states.withUnsafeBufferPointer { states in
        guard let from = states.baseAddress, let to = target.baseAddress else { return }
        apply(states.count / width, width: width, from, to)
      }
      count = width
    }
  }
}

/// Divides a vector by its length, which counts as at least 1e-12 (PyTorch's `normalize`).
public func normalizeVector(_ vector: inout [Float]) {
  vector.withUnsafeMutableBufferPointer { values in
    guard let base = values.baseAddress else { return }
    var sum = 0.0
    aigc_square_sum_double(values.count, base, &sum)
    aigc_scale_add(values.count, Float(1 / max(sum.squareRoot(), 1e-12)), 0, base, base)
  }
}

/// An encoder with stored weights, for inference.
///
/// A text's vector depends neither on the number of threads nor on the texts beside it.
public struct TransformerEncoder: Sendable {
  /// The weights of the model.
  public let weights: EncoderWeights
  /// Rows of a pass on one thread: what they need stays in that core's cache.
  private static let largestPass = 256
  /// From so many texts for each thread on, each thread has texts of its own.
  private static let manyTexts = 4

  /// Creates an encoder with the given weights, which are not copied.
  public init(_ weights: EncoderWeights) { self.weights = weights }

  /// The states of the last layer, [tokens, width].
  /// - Parameter tokens: at least one, at most as many as there are positions, all of the vocabulary.
  public func states(_ tokens: [Int32]) -> [Float] {
    var result: [Float] = []
    EncoderPass.run(weights, [tokens], tasks: Threads.count) { states, _ in
      result = Array(
        UnsafeBufferPointer(start: states, count: tokens.count * weights.shape.width))
    }
    return result
  }

  /// A vector for each text, [texts, width].
  /// - Parameters:
  ///   - texts: tokens, of each text as for ``states(_:)``.
  ///   - pooling: how states become one vector.
  public func vectors(_ texts: [[Int32]], pooling: StatePooling) -> [Float] {
    let width = weights.shape.width
    guard !texts.isEmpty else { return [] }
    return [Float](unsafeUninitializedCapacity: texts.count * width) { result, count in
      count = texts.count * width
      guard let base = result.baseAddress else { return }
      base.initialize(repeating: 0, count: count)
      nonisolated(unsafe) let target = base
      let isMany = texts.count >= Self.manyTexts * Threads.count
      let groups = groups(texts, isMany: isMany)
      @Sendable func run(_ group: [Int], tasks: Int) {
        EncoderPass.run(weights, group.map { texts[$0] }, tasks: tasks) { states, starts in
          for (index, start) in zip(group, starts) {
            pooling.apply(
              texts[index].count, width: width, states + start * width, target + index * width)
          }
        }
      }
      if isMany {
        parallelFor(groups.count) { run(groups[$0], tasks: 1) }
      } else {
        for group in groups { run(group, tasks: Threads.count) }
      }
    }
  }

  /// Texts that go through the layers together. For threads with texts of their own, groups as many as a multiple of the
  /// threads, and nearly equal, so that threads end together; else texts of like lengths.
  private func groups(_ texts: [[Int32]], isMany: Bool) -> [[Int]] {
    let order = texts.indices.sorted { (texts[$0].count, $1) > (texts[$1].count, $0) }
    guard isMany else { return filled(order, texts) }
    let (threads, total) = (Threads.count, texts.reduce(0) { $0 + $1.count })
    let rounds = max(1, (total + threads * Self.largestPass - 1) / (threads * Self.largestPass))
    let count = rounds * threads
    var groups = [[Int]](repeating: [], count: count)
    // There and back again: who got the longest of one turn gets the shortest of the next.
    for (place, index) in order.enumerated() {
      let (turn, step) = place.quotientAndRemainder(dividingBy: count)
      groups[turn % 2 == 0 ? step : count - 1 - step].append(index)
    }
    return groups.filter { !$0.isEmpty }
  }

  private func filled(_ order: [Int], _ texts: [[Int32]]) -> [[Int]] {
    var groups: [[Int]] = []
    var rows = Int.max
    for index in order {
      if groups.isEmpty || rows > 2 * Self.largestPass - texts[index].count {
        groups.append([])
        rows = 0
      }
      groups[groups.count - 1].append(index)
      rows += texts[index].count
    }
    return groups
  }
}
