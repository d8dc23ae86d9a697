import Files

/// How often every n-gram of a text occurs, for orders 1 to N: a trie by first word, level by level.
///
/// Level 1 holds every word id at its own index. The nodes of level k + 1 that extend node `x` of
/// level k are `firstChild[x] ..< firstChild[x + 1]`, sorted by word.
struct NGramCounts: Sendable {
  struct Level: Sendable {
    /// The last word of each n-gram; for level 1 the index itself, and this table is empty.
    var words: Table<UInt32>
    /// Occurrences in the text.
    var counts: Table<UInt32>
    /// One entry more than nodes; empty at the highest level.
    var firstChild: Table<UInt32>

    var nodeCount: Int { counts.count }
  }

  /// Level k is at index k - 1.
  var levels: [Level]

  var order: Int { levels.count }
  var vocabularySize: Int { levels[0].nodeCount }
  var nodeCount: Int { levels.reduce(0) { $0 + $1.nodeCount } }

  /// The word ids every vocabulary starts with.
  static let unknown: UInt32 = 0
  static let sentenceStart: UInt32 = 1
  static let sentenceEnd: UInt32 = 2
}
