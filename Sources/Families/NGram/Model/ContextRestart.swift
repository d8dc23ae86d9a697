import Files
import Glibc

/// Spells out a random context word by word, each with the share of known contexts that begin so:
/// together a uniform choice among the distinct contexts, as the article's `random.choice` makes.
struct ContextRestart: Sendable {
  /// The words so far, as a node of level `length`.
  private var length = 0
  private var node = 0

  /// Follows `word`.
  /// - Returns: false when no context begins so.
  mutating func append(_ word: UInt32, _ table: NGramTable) -> Bool {
    var next = self
    if length == 0 {
      (next.length, next.node) = (1, Int(word))
    } else {
      let first = table.levels[length - 1].firstChild(node)
      let end = table.levels[length - 1].firstChild(node + 1)
      guard let child = table.find(word, level: length, first, end) else { return false }
      (next.length, next.node) = (length + 1, child)
    }
    let last = table.order - 2
    guard contexts(below: next.node, level: next.length - 1, last, table) > 0 else { return false }
    self = next
    return true
  }

  /// The whole context, once it is spelled out.
  func finishedContext(_ table: NGramTable) -> NGramTable.State? {
    guard length == table.order - 1 else { return nil }
    let history = Int32(truncatingIfNeeded: length)
    return .init(length: history, node: UInt32(truncatingIfNeeded: node), history: history)
  }

  /// Natural logarithms of the shares; -infinity for words that begin no context.
  func scores(_ table: NGramTable, into scores: inout [Float]) {
    for id in scores.indices { scores[id] = -.infinity }
    let last = table.order - 2
    if length == 0 {
      for id in scores.indices {
        scores[id] = logarithm(contexts(below: id, level: 0, last, table))
      }
      return
    }
    let children =
      table.levels[length - 1].firstChild(node)..<table.levels[length - 1].firstChild(node + 1)
    for child in children {
      let share = logarithm(contexts(below: child, level: length, last, table))
      scores[Int(table.levels[length].words[child])] = share
    }
  }

  /// The number of contexts (nodes of level `last` that something follows) below a node.
  private func contexts(below node: Int, level: Int, _ last: Int, _ table: NGramTable) -> Int {
    var range = node..<node + 1
    for upper in level..<max(last, level) {
      let next = table.levels[upper]
      range = next.firstChild(range.lowerBound)..<next.firstChild(range.upperBound)
    }
    guard last >= level else { return 0 }
    return range.count(where: { !table.levels[last].isChildless($0) })
  }

  private func logarithm(_ count: Int) -> Float { count > 0 ? logf(Float(count)) : -.infinity }
}

extension Range where Bound == Int {
  fileprivate func count(where predicate: (Int) -> Bool) -> Int {
    reduce(0) { predicate($1) ? $0 + 1 : $0 }
  }
}

extension NGramLevelView {
  /// Whether nothing extends `node`.
  func isChildless(_ node: Int) -> Bool { firstChild(node) == firstChild(node + 1) }
}
