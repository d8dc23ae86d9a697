import Datasets
import Files
import Kernels

/// Writes a model as an ARPA file (Doug Paul's format, as SRILM and KenLM read it).
struct ARPAWriter {
  let model: NGramTable
  /// What stands before the model; see ``ARPASettings``.
  let comment: String
  /// How a word is written: tokens of an ARPA file are separated by white space.
  let spelling: @Sendable (_ word: [UInt8]) -> [UInt8]

  /// N-grams written by one task.
  private static let blockSize = 1 << 15

  func write(to sink: (_ bytes: [UInt8]) throws(AIGCError) -> Void) throws(AIGCError) {
    let words = try SpelledWords(model.vocabulary, spelling)
    var head = comment + "\\data\\\n"
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

  /// Blocks are formatted in parallel, some at a time, while those before them are written.
  private func writeLevel(
    _ level: Int, _ words: SpelledWords, to sink: (_ bytes: [UInt8]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let blocks = (model.levels[level].count + Self.blockSize - 1) / Self.blockSize
    let round = Threads.count * 4
    var ready = ParallelSlots<[UInt8]>(count: 0)
    for first in stride(from: 0, to: blocks + round, by: round) {
      try Interruption.check()
      let outputs = ParallelSlots<[UInt8]>(count: max(0, min(round, blocks - first)))
      let written = ParallelSlots<AIGCError>(count: 1)
      let formatted = ready
      try withoutActuallyEscaping(sink) { (sink) throws(AIGCError) in
        nonisolated(unsafe) let sink = sink
        parallelFor(outputs.count + 1) { task in
          if task > 0 {
            outputs.set(task - 1, lines(level: level, block: first + task - 1, words))
            return
          }
          do throws(AIGCError) {
            for index in 0..<formatted.count { try sink(formatted.take(index) ?? []) }
          } catch {
            written.set(0, error)
          }
        }
        if let error = written.take(0) { throw error }
      }
      ready = outputs
    }
  }

  private func lines(level: Int, block: Int, _ words: SpelledWords) -> [UInt8] {
    let (own, lower) = (model.levels[level], model.levels[max(level - 1, 0)])
    let hasBackoff = level + 1 < model.order
    let range = block * Self.blockSize..<min((block + 1) * Self.blockSize, own.count)
    var output = ByteBuffer(capacity: range.count * 64)
    // The context's words change rarely from one n-gram to the next: path[k] is the node at level k.
    var path = path(to: range.lowerBound, level: level)
    var context = ByteBuffer(capacity: 256)
    spell(path, level: level, words, into: &context)
    var contextEnd = level > 0 ? lower.firstChild(path[level - 1] + 1) : Int.max
    for node in range {
      if node >= contextEnd {
        advance(&path, below: level, to: node)
        spell(path, level: level, words, into: &context)
        contextEnd = lower.firstChild(path[level - 1] + 1)
      }
      output.append(decimal: own.probability(node))
      output.append(9)
      output.append(context)
      words.append(level == 0 ? node : Int(own.words[node]), to: &output)
      if hasBackoff {
        output.append(9)
        output.append(decimal: own.context(node).backoff)
      }
      output.append(10)
    }
    return output.bytes
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

  private func spell(
    _ path: [Int], level: Int, _ words: SpelledWords, into context: inout ByteBuffer
  ) {
    context.removeAll()
    for lower in 0..<level {
      words.append(lower == 0 ? path[0] : Int(model.levels[lower].words[path[lower]]), to: &context)
      context.append(32)
    }
  }
}

/// All words as an ARPA file spells them, in one block of memory.
private struct SpelledWords: Sendable {
  private let bytes: Table<UInt8>
  private let starts: Table<Int>

  init(
    _ vocabulary: Vocabulary, _ spelling: (_ word: [UInt8]) -> [UInt8]
  ) throws(AIGCError) {
    var (all, starts): ([UInt8], [Int]) = ([], [0])
    for id in 0..<UInt32(truncatingIfNeeded: vocabulary.count) {
      let word = vocabulary.bytes(of: id)
      all += id <= NGramCounts.sentenceEnd ? word : spelling(word)
      starts.append(all.count)
    }
    bytes = try Table(all)
    self.starts = try Table(starts)
  }

  func append(_ id: Int, to output: inout ByteBuffer) {
    output.append(bytes, starts[id]..<starts[id + 1])
  }
}

/// No probability or back-off weight of a float has a larger logarithm.
let largestLogarithm: Float = 99
