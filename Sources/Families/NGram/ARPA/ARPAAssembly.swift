import Datasets
import Files
import Kernels

/// Sorts the n-grams of an ARPA file into the levels of a model.
struct ARPAAssembly {
  private var entries: [ARPAEntries]
  private let name: String
  /// KenLM's `unknown_missing_logprob`.
  private static let missing: Float = -100

  init(entries: [ARPAEntries], name: String) {
    self.entries = entries
    self.name = name
  }

  /// - Parameter notes: gets what was taken where the file says nothing, in words for the user.
  func table(
    vocabulary words: VocabularyBuilder, _ notes: inout [String]
  ) throws(AIGCError) -> NGramTable {
    var copy = self
    try copy.completeUnigrams(words.count, &notes)
    // Each round may add shorter n-grams, which may need shorter ones in turn: for each order as many
    // rounds as there are orders below.
    for _ in 0...entries.count * entries.count {
      let order = try copy.sortedOrder()
      if let table = try copy.link(order, vocabulary: words) { return table }
    }
    throw .badInput("\(name): n-grams do not fit together; not a whole ARPA file")
  }

  /// Every id has one unigram. A file without the marks of sentences is refused as KenLM refuses it:
  /// each text would be as good as impossible. An unknown word that is missing is added with KenLM's
  /// probability for it.
  private mutating func completeUnigrams(
    _ count: Int, _ notes: inout [String]
  ) throws(AIGCError) {
    var position = [Int](repeating: -1, count: count)
    for (index, id) in entries[0].words.enumerated() {
      guard position[Int(id)] < 0 else { throw .badInput("\(name): a 1-gram stands there twice") }
      position[Int(id)] = index
    }
    for (id, mark) in [(NGramCounts.sentenceStart, "<s>"), (NGramCounts.sentenceEnd, "</s>")]
    where position[Int(id)] < 0 {
      throw .badInput(
        "\(name): \(mark) is not among the 1-grams: a model of sentences needs it")
    }
    if position[0] < 0 {
      notes.append(
        "\(name): <unk> is not among the 1-grams; log10 probability -100 is taken for it")
    }
    var complete = ARPAEntries(order: 1)
    for id in 0..<count {
      let index = position[id]
      complete.words.append(UInt32(truncatingIfNeeded: id))
      complete.probabilities.append(index < 0 ? Self.missing : entries[0].probabilities[index])
      complete.backoffs.append(index < 0 ? 0 : entries[0].backoffs[index])
    }
    entries[0] = complete
  }

  /// For each order, its n-grams sorted by words.
  private func sortedOrder() throws(AIGCError) -> [[UInt32]] {
    let slots = ParallelSlots<[UInt32]>(count: entries.count)
    let all = entries
    parallelFor(entries.count) { index in
      let level = all[index]
      var order = (0..<UInt32(truncatingIfNeeded: level.count)).map { $0 }
      if index > 0 { order.sort { level.precedes(Int($0), Int($1)) } }
      slots.set(index, order)
    }
    try Interruption.check()
    return entries.indices.map { slots.take($0) ?? [] }
  }

  /// Builds the levels; nil when n-grams were missing, which are then added for another round.
  private mutating func link(
    _ order: [[UInt32]], vocabulary words: VocabularyBuilder
  ) throws(AIGCError) -> NGramTable? {
    var builder = LevelBuilder(entries: entries, order: order)
    for level in stride(from: 1, to: entries.count, by: 1) {
      guard try builder.link(level, name: name) else {
        for missing in builder.missing {
          entries[level - 1].words += missing
          entries[level - 1].probabilities.append(.nan)
          entries[level - 1].backoffs.append(0)
        }
        return nil
      }
    }
    return NGramTable(
      vocabulary: try words.freeze(), levels: try builder.finished(), unseenContextBackoff: 0)
  }
}

extension ARPAEntries {
  func precedes(_ a: Int, _ b: Int) -> Bool {
    for offset in 0..<order where words[a * order + offset] != words[b * order + offset] {
      return words[a * order + offset] < words[b * order + offset]
    }
    return false
  }

  /// The words of n-gram `index` from `first` on, `count` of them.
  func ngram(_ index: Int, _ first: Int, _ count: Int) -> ArraySlice<UInt32> {
    words[index * order + first..<index * order + first + count]
  }
}

/// Parents, suffixes and values, level by level, from sorted n-grams.
private struct LevelBuilder {
  let entries: [ARPAEntries]
  let order: [[UInt32]]
  var missing: [[UInt32]] = []
  private var lastWords: [[UInt32]]
  private var firstChild: [[UInt32]] = []
  private var suffixes: [[UInt32]]

  init(entries: [ARPAEntries], order: [[UInt32]]) {
    self.entries = entries
    self.order = order
    lastWords = [[]]
    suffixes = [[UInt32](repeating: 0, count: entries[0].count)]
  }

  /// - Returns: false when contexts or suffixes are missing; ``missing`` then lists them.
  mutating func link(_ level: Int, name: String) throws(AIGCError) -> Bool {
    let ngrams = entries[level]
    var words: [UInt32] = []
    var links: [UInt32] = []
    var first = [UInt32](repeating: 0, count: entries[level - 1].count + 1)
    words.reserveCapacity(ngrams.count)
    links.reserveCapacity(ngrams.count)
    var previous: Int?
    for rank in order[level] {
      let index = Int(rank)
      if let previous, !ngrams.precedes(previous, index) {
        throw .badInput("\(name): a \(level + 1)-gram stands there twice")
      }
      previous = index
      let parent = find(ngrams.ngram(index, 0, level))
      let suffix = find(ngrams.ngram(index, 1, level))
      if let parent, let suffix {
        words.append(ngrams.words[index * ngrams.order + level])
        links.append(UInt32(truncatingIfNeeded: suffix))
        first[parent + 1] += 1
      } else {
        if parent == nil { missing.append(Array(ngrams.ngram(index, 0, level))) }
        if suffix == nil { missing.append(Array(ngrams.ngram(index, 1, level))) }
      }
    }
    guard missing.isEmpty else {
      missing = Array(Set(missing))
      return false
    }
    for node in 1..<first.count { first[node] += first[node - 1] }
    lastWords.append(words)
    suffixes.append(links)
    firstChild.append(first)
    return true
  }

  /// The node of an n-gram whose levels are built.
  private func find(_ ngram: ArraySlice<UInt32>) -> Int? {
    var node = Int(ngram[ngram.startIndex])
    for level in 1..<max(ngram.count, 1) where level < ngram.count {
      let word = ngram[ngram.startIndex + level]
      var (low, high) = (Int(firstChild[level - 1][node]), Int(firstChild[level - 1][node + 1]))
      let end = high
      while low < high {
        let middle = (low + high) / 2
        if lastWords[level][middle] < word { low = middle + 1 } else { high = middle }
      }
      guard low < end, lastWords[level][low] == word else { return nil }
      node = low
    }
    return node
  }

  func finished() throws(AIGCError) -> [NGramLevel] {
    var levels: [NGramLevel] = []
    var probabilities: [[Float]] = []
    for level in entries.indices {
      let ngrams = entries[level]
      var values = order[level].map { ngrams.probabilities[Int($0)] }
      let backoffs = order[level].map { ngrams.backoffs[Int($0)] }
      if level > 0 {
        fillMissing(&values, level: level, lower: probabilities[level - 1])
      }
      probabilities.append(values)
      let isLast = level + 1 == entries.count
      let links = suffixes[level]
      levels.append(
        NGramLevel(
          words: try Table(lastWords[level]),
          contexts: try Table(isLast ? [] : contexts(level, values, backoffs, links)),
          leaves: try Table(
            isLast
              ? values.indices.map { LeafNode(suffix: links[$0], probability: values[$0]) } : []),
          quantized: try .none(), count: ngrams.count))
    }
    return levels
  }

  private func contexts(
    _ level: Int, _ values: [Float], _ backoffs: [Float], _ links: [UInt32]
  ) -> [ContextNode] {
    let first = firstChild[level]
    return values.indices.map {
      ContextNode(
        firstChild: first[$0], suffix: links[$0], probability: values[$0], backoff: backoffs[$0])
    } + [ContextNode(firstChild: first[values.count], suffix: 0, probability: 0, backoff: 0)]
  }

  /// An added n-gram has the probability of its suffix times the weight of its context.
  private func fillMissing(_ values: inout [Float], level: Int, lower: [Float]) {
    guard values.contains(where: { $0.isNaN }) else { return }
    let parents = firstChild[level - 1]
    let ngrams = entries[level - 1]
    for parent in 0..<parents.count - 1 {
      for node in Int(parents[parent])..<Int(parents[parent + 1]) where values[node].isNaN {
        let backoff = ngrams.backoffs[Int(order[level - 1][parent])]
        values[node] = max(logZero, lower[Int(suffixes[level][node])] + backoff)
      }
    }
  }
}
