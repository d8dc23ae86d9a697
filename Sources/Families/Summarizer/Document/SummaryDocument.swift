import Datasets
import Files

/// A text in sentences, with what is counted in it: what every method begins with.
struct SummaryDocument {
  private(set) var sentences: [SummarySentence]
  /// How often each term is there, and in how many sentences.
  private(set) var counts: [Int] = []
  private(set) var sentenceCounts: [Int] = []
  /// The document's number of a stem of the table.
  private var local: [Int32: Int32] = [:]

  /// Reads the words of sentences.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  init(_ sentences: [SummarySentence], _ table: inout TermTable) throws(AIGCError) {
    self.sentences = sentences
    for index in sentences.indices {
      try Interruption.check(at: index)
      read(index, &table)
    }
  }

  /// Cuts a text into sentences and reads their words.
  /// - Throws: ``/Files/AIGCError``: interrupted, failed without memory.
  init(_ text: [UInt8], _ table: inout TermTable) throws(AIGCError) {
    let places = text.isEmpty ? [] : try SentenceScanner.sentences(of: text)
    try self.init(
      places.map { SummarySentence(Array(text[$0.range]), paragraph: $0.paragraph) }, &table)
  }

  /// The number of terms.
  var termCount: Int { counts.count }
  /// All terms with their repetitions.
  var total: Int { counts.reduce(0, +) }

  private mutating func read(_ index: Int, _ table: inout TermTable) {
    let (stems, pairs) = sentences[index].read(&table)
    let sequence = stems.map { $0 < 0 ? $0 : number(of: $0) }
    sentences[index].sequence = sequence
    var ids = sequence.filter { $0 >= 0 } + pairs.map { number(of: $0) }
    for id in ids { counts[Int(id)] += 1 }
    ids.sort()
    var terms: [(id: Int32, count: Int)] = []
    for id in ids {
      if terms.last?.id == id {
        terms[terms.count - 1].count += 1
      } else {
        terms.append((id, 1))
        sentenceCounts[Int(id)] += 1
      }
    }
    sentences[index].terms = terms
  }

  /// The document's number of a stem.
  private mutating func number(of stem: Int32) -> Int32 {
    if let known = local[stem] { return known }
    let id = Int32(counts.count)
    local[stem] = id
    counts.append(0)
    sentenceCounts.append(0)
    return id
  }

  /// How rare a term is: the logarithm of the share of sentences that have it.
  func rarity(_ id: Int32) -> Double {
    logarithm((Double(sentences.count) + 1) / (Double(sentenceCounts[Int(id)]) + 0.5))
  }

  /// How much each sentence has of another text's terms: the cosine of both, weighted by rarity.
  func likeness(to text: [UInt8], _ table: inout TermTable) -> [Double] {
    var other = SummarySentence(text, paragraph: 0)
    var wanted: [Int32: Double] = [:]
    let (stems, pairs) = other.read(&table)
    for stem in stems + pairs {
      if let id = local[stem] { wanted[id, default: 0] += 1 }
    }
    var scale = 0.0
    for id in wanted.keys.sorted() {
      wanted[id] = (wanted[id] ?? 0) * rarity(id)
      scale += (wanted[id] ?? 0) * (wanted[id] ?? 0)
    }
    guard scale > 0 else { return [Double](repeating: 0, count: sentences.count) }
    return sentences.map { sentence in
      var (product, own) = (0.0, 0.0)
      for (id, count) in sentence.terms {
        let weight = Double(count) * rarity(id)
        own += weight * weight
        product += weight * (wanted[id] ?? 0)
      }
      return own > 0 ? product / (own * scale).squareRoot() : 0
    }
  }
}
