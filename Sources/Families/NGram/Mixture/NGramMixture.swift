import Datasets
import Files
import Glibc
import Kernels
import Training

/// A linear mixture of n-gram models: p = Σ weight · p of each (Jelinek and Mercer 1980).
public struct NGramMixture: Sendable {
  /// The models that are mixed, in the order of their weights.
  public let parts: [NGramLanguageModel]
  private let words: VocabularyBuilder
  /// For each part, its ids for the ids of the mixture; unknown (0) where it lacks the word.
  private let ids: [[UInt32]]

  /// - Throws: ``/Files/AIGCError`` (mismatch) when the models read text differently.
  public init(_ parts: [NGramLanguageModel]) throws(AIGCError) {
    let first = parts[0].configuration
    for part in parts.dropFirst()
    where part.configuration.tokens != first.tokens
      || part.configuration.sentences != first.sentences
    {
      throw .mismatch(
        "models with tokens '\(first.tokens.rawValue)' and '\(part.configuration.tokens.rawValue)' cannot be mixed"
      )
    }
    guard parts.allSatisfy({ $0.tokenIds == nil }) else {
      throw .mismatch("models of a tokenizer's ids cannot be mixed; train one on all their texts")
    }
    var words = VocabularyBuilder()
    for part in parts { _ = words.merge(part.table.vocabulary) }
    let vocabulary = try words.freeze()
    ids = parts.map { part in
      (0..<UInt32(truncatingIfNeeded: vocabulary.count)).map { id in
        part.table.vocabulary.id(of: vocabulary.bytes(of: id)) ?? NGramCounts.unknown
      }
    }
    self.parts = parts
    self.words = words
  }

  /// The probability part `index` gives to `word` of the mixture after `state`; 0 for a word that
  /// only others know, as its share of the unknown word is not for this word alone.
  private func probability(_ index: Int, _ state: inout NGramTable.State, _ word: UInt32) -> Double
  {
    let own = ids[index][Int(word)]
    let log10 = parts[index].table.advance(&state, by: own)
    return own == NGramCounts.unknown && word != NGramCounts.unknown ? 0 : pow(10, Double(log10))
  }

  // MARK: Weights

  /// Weights, each part's perplexity, and that of the mixture.
  public typealias Fit = (weights: [Double], perplexities: [Double], mixture: Double)

  /// Weights that make held-out text likeliest (expectation maximisation), and each part's own
  /// perplexity and the mixture's on the words that all of them know.
  public func fit(
    on text: Table<UInt8>, name: String
  ) throws(AIGCError) -> Fit {
    let vocabulary = try words.freeze()
    let mode = parts[0].configuration.tokens
    let tokens = try encode(text: text, mode: mode, vocabulary: vocabulary, name: name).tokens
    var rows: [[Double]] = []
    var states = parts.map { $0.table.sentenceStart }
    for index in tokens.indices {
      let word = tokens[index]
      if word == NGramCounts.sentenceStart {
        states = parts.map { $0.table.sentenceStart }
        continue
      }
      let row = parts.indices.map { probability($0, &states[$0], word) }
      if row.contains(where: { $0 > 0 }) { rows.append(row) }
    }
    guard !rows.isEmpty else { throw .badInput("\(name): no words to fit weights on") }
    var weights = [Double](repeating: 1 / Double(parts.count), count: parts.count)
    for _ in 0..<200 {
      try Interruption.check()
      var sums = [Double](repeating: 0, count: parts.count)
      for row in rows {
        let total = zip(weights, row).reduce(0) { $0 + $1.0 * $1.1 }
        guard total > 0 else { continue }
        for part in parts.indices { sums[part] += weights[part] * row[part] / total }
      }
      let all = sums.reduce(0, +)
      let next = sums.map { $0 / all }
      let change = zip(next, weights).map { abs($0 - $1) }.max() ?? 0
      weights = next
      if change < 1e-6 { break }
    }
    let shared = rows.filter { !$0.contains(0) }
    let perplexities = parts.indices.map { part in
      exp(-shared.reduce(0) { $0 + log($1[part]) } / Double(max(shared.count, 1)))
    }
    let mixture = exp(
      -shared.reduce(0) { $0 + log(zip(weights, $1).reduce(0) { $0 + $1.0 * $1.1 }) }
        / Double(max(shared.count, 1)))
    return (weights, perplexities, mixture)
  }

  // MARK: Merging

  /// One back-off model with the n-grams of all parts, each with the mixture's probability, and
  /// weights of shorter contexts so that every context sums to one (as SRILM's `ngram -mix-lm`).
  public func merge(weights: [Double]) throws(AIGCError) -> NGramLanguageModel {
    let order = parts.map { $0.table.order }.max() ?? 1
    var entries: [ARPAEntries] = []
    for level in 0..<order {
      entries.append(try level == 0 ? unigrams() : union(level))
      try fillProbabilities(&entries[level], weights)
      try Interruption.check()
    }
    var notes: [String] = []
    let assembled = try ARPAAssembly(entries: entries, name: "mixture")
      .table(vocabulary: words, &notes)
    var configuration = parts[0].configuration
    configuration.order = order
    configuration.quantized = false
    configuration.isInterpolated = false
    configuration.isDefault = nil
    configuration.description = "mixture of \(parts.count) n-gram models"
    return NGramLanguageModel(table: try assembled.normalized(), configuration: configuration)
  }

  private func unigrams() throws(AIGCError) -> ARPAEntries {
    var entries = ARPAEntries(order: 1)
    entries.words = Array(0..<UInt32(truncatingIfNeeded: words.count))
    return entries
  }

  /// The n-grams of a level in any part, in the mixture's ids, each once.
  private func union(_ level: Int) throws(AIGCError) -> ARPAEntries {
    var entries = ARPAEntries(order: level + 1)
    var seen: Set<[UInt32]> = []
    for (index, part) in parts.enumerated() where level < part.table.order {
      var names = words
      let toMixture = names.merge(part.table.vocabulary)
      part.table.forEachNGram(level) { ngram in
        let mapped = ngram.map { toMixture[Int($0)] }
        if parts.count == 1 || index == 0 || !seen.contains(mapped) {
          entries.words += mapped
          if index + 1 < parts.count { seen.insert(mapped) }
        }
      }
    }
    return entries
  }

  private func fillProbabilities(
    _ entries: inout ARPAEntries, _ weights: [Double]
  ) throws(AIGCError) {
    let order = entries.order
    let count = entries.words.count / order
    let values = try MutableTable<Float>(count: count)
    let ngrams = entries.words
    parallelBlocks(count, size: 1 << 12) { first, end in
      for index in first..<end {
        var sum = 0.0
        for part in parts.indices where weights[part] > 0 {
          var state = NGramTable.State()
          for offset in 0..<order - 1 {
            let own = ids[part][Int(ngrams[index * order + offset])]
            if offset == 0, own == NGramCounts.sentenceStart {
              state = parts[part].table.sentenceStart
            } else {
              _ = parts[part].table.advance(&state, by: own)
            }
          }
          sum += weights[part] * probability(part, &state, ngrams[index * order + order - 1])
        }
        values[index] = sum > 0 ? max(logZero, Float(log10(min(sum, 1)))) : logZero
      }
    }
    entries.probabilities = (0..<count).map { values[$0] }
    entries.backoffs = [Float](repeating: 0, count: count)
  }
}

extension NGramTable {
  /// Visits the n-grams of a level (0 for unigrams) in order.
  func forEachNGram(_ level: Int, _ body: ([UInt32]) -> Void) {
    var ngram = [UInt32](repeating: 0, count: level + 1)
    func visit(_ depth: Int, _ node: Int) {
      ngram[depth] = depth == 0 ? UInt32(truncatingIfNeeded: node) : levels[depth].words[node]
      if depth == level {
        body(ngram)
        return
      }
      for child in levels[depth].firstChild(node)..<levels[depth].firstChild(node + 1) {
        visit(depth + 1, child)
      }
    }
    for id in 0..<levels[0].count { visit(0, id) }
  }

  /// The same probabilities with back-off weights that make each context sum to one.
  func normalized() throws(AIGCError) -> NGramTable {
    var normalized = stored
    for level in stride(from: 0, to: order - 1, by: 1) {
      let contexts = stored[level].contexts
      let packed = try MutableTable<ContextNode>(count: contexts.count)
      let children = levels[level + 1]
      parallelBlocks(contexts.count, size: 1 << 12) { first, end in
        for node in first..<end {
          var context = contexts[node]
          if node + 1 < contexts.count {
            var (own, shorter) = (0.0, 0.0)
            for child in Int(context.firstChild)..<Int(contexts[node + 1].firstChild) {
              own += pow(10, Double(children.probability(child)))
              shorter += pow(10, Double(levels[level].probability(Int(children.suffix(child)))))
            }
            let (left, leftShorter) = (1 - own, 1 - shorter)
            if own > 0 {
              let weight = left > 1e-9 && leftShorter > 1e-9 ? log10(left / leftShorter) : -9
              context.backoff = Float(max(Double(logZero), weight))
            }
          }
          packed[node] = context
        }
      }
      normalized[level].contexts = packed.frozen()
    }
    return NGramTable(
      vocabulary: vocabulary, levels: normalized, unseenContextBackoff: unseenContextBackoff)
  }
}
