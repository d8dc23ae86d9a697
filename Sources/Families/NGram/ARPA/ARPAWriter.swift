import Datasets
import Files
import Kernels
import Synchronization

/// Writes a model as an ARPA file (Doug Paul's format, as SRILM and KenLM read it).
struct ARPAWriter {
  let model: NGramTable
  /// How a word is written: tokens of an ARPA file are separated by white space.
  let spelling: @Sendable (_ word: [UInt8]) -> [UInt8]

  /// N-grams written by one task.
  private static let blockSize = 1 << 15

  func write(to sink: (_ bytes: [UInt8]) throws(AIGCError) -> Void) throws(AIGCError) {
    let words = spelledWords()
    var head = "\\data\\\n"
    for (index, level) in model.levels.enumerated() {
      head += "ngram \(index + 1)=\(level.count)\n"
    }
    try sink(Array(head.utf8))
    for level in 0..<model.order {
      try sink(Array("\n\\\(level + 1)-grams:\n".utf8))
      try writeLevel(level, words, to: sink)
    }
    try sink(Array("\n\\end\\\n".utf8))
  }

  private func spelledWords() -> [[UInt8]] {
    (0..<UInt32(truncatingIfNeeded: model.vocabulary.count)).map { id in
      id <= NGramCounts.sentenceEnd
        ? model.vocabulary.bytes(of: id) : spelling(model.vocabulary.bytes(of: id))
    }
  }

  /// Blocks are formatted in parallel and written in order, two rounds of threads at a time.
  private func writeLevel(
    _ level: Int, _ words: [[UInt8]], to sink: (_ bytes: [UInt8]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let blocks = (model.levels[level].count + Self.blockSize - 1) / Self.blockSize
    let round = Threads.count * 4
    for first in stride(from: 0, to: blocks, by: round) {
      try Interruption.check()
      let outputs = BlockOutputs(count: min(round, blocks - first))
      parallelFor(outputs.count) { index in
        outputs.set(index, lines(level: level, block: first + index, words))
      }
      for index in 0..<outputs.count { try sink(outputs.take(index)) }
    }
  }

  private func lines(level: Int, block: Int, _ words: [[UInt8]]) -> [UInt8] {
    let range =
      block * Self.blockSize..<min((block + 1) * Self.blockSize, model.levels[level].count)
    var output: [UInt8] = []
    output.reserveCapacity(range.count * 56)
    // The context's words change rarely from one n-gram to the next: path[k] is the node at level k.
    var path = path(to: range.lowerBound, level: level)
    var context = contextBytes(path, level: level, words)
    for node in range {
      if level > 0, node >= model.levels[level - 1].firstChild(path[level - 1] + 1) {
        advance(&path, below: level, to: node)
        context = contextBytes(path, level: level, words)
      }
      appendDecimal(model.levels[level].probability(node), to: &output)
      output.append(9)
      output.append(contentsOf: context)
      let word = level == 0 ? node : Int(model.levels[level].words[node])
      output.append(contentsOf: words[word])
      if level + 1 < model.order {
        output.append(9)
        appendDecimal(model.levels[level].context(node).backoff, to: &output)
      }
      output.append(10)
    }
    return output
  }

  /// The ancestors of a node: for each level below, the node whose children lead to it.
  private func path(to node: Int, level: Int) -> [Int] {
    var path = [Int](repeating: 0, count: level)
    var child = node
    for lower in stride(from: level - 1, through: 0, by: -1) {
      var (low, high) = (0, model.levels[lower].count - 1)
      // The last node whose first child is not after `child`.
      while low < high {
        let middle = (low + high + 1) / 2
        if model.levels[lower].firstChild(middle) <= child {
          low = middle
        } else {
          high = middle - 1
        }
      }
      path[lower] = low
      child = low
    }
    return path
  }

  private func advance(_ path: inout [Int], below level: Int, to node: Int) {
    var child = node
    for lower in stride(from: level - 1, through: 0, by: -1) {
      if model.levels[lower].firstChild(path[lower] + 1) > child { return }
      while model.levels[lower].firstChild(path[lower] + 1) <= child { path[lower] += 1 }
      child = path[lower]
    }
  }

  private func contextBytes(_ path: [Int], level: Int, _ words: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for lower in 0..<level {
      let word = lower == 0 ? path[0] : Int(model.levels[lower].words[path[lower]])
      bytes.append(contentsOf: words[word])
      bytes.append(32)
    }
    return bytes
  }
}

/// Texts made by several threads, each its own slot.
private final class BlockOutputs: @unchecked Sendable {
  private var slots: [[UInt8]]
  private let lock = Mutex<Void>(())
  init(count: Int) { slots = [[UInt8]](repeating: [], count: count) }
  var count: Int { slots.count }
  func set(_ index: Int, _ bytes: [UInt8]) { lock.withLock { _ in slots[index] = bytes } }
  func take(_ index: Int) -> [UInt8] {
    lock.withLock { _ in
      let bytes = slots[index]
      slots[index] = []
      return bytes
    }
  }
}

/// Appends a decimal with 7 digits after the point, without trailing zeros: "-1.2278343", "0".
/// Values beyond ±``largestLogarithm`` are written as that.
@inline(__always)
func appendDecimal(_ value: Float, to output: inout [UInt8]) {
  let magnitude = value.magnitude < largestLogarithm ? value.magnitude : largestLogarithm
  let scaled = Int((Double(magnitude) * 1e7).rounded())
  if scaled == 0 {
    output.append(48)
    return
  }
  if value < 0 { output.append(45) }
  appendInteger(scaled / 10_000_000, to: &output)
  var fraction = scaled % 10_000_000
  if fraction == 0 { return }
  output.append(46)
  var divisor = 1_000_000
  while fraction > 0 {
    output.append(UInt8(truncatingIfNeeded: 48 + fraction / divisor))
    fraction %= divisor
    divisor /= 10
  }
}

/// No probability or back-off weight of a float has a larger logarithm.
let largestLogarithm: Float = 99

private func appendInteger(_ value: Int, to output: inout [UInt8]) {
  if value >= 10 { appendInteger(value / 10, to: &output) }
  output.append(UInt8(truncatingIfNeeded: 48 + value % 10))
}
