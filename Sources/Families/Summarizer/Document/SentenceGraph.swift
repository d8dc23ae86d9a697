import Files

/// How alike the sentences of a document are, each with each.
struct SentenceGraph {
  /// The number of sentences.
  let count: Int
  /// [count, count]; 0 on the diagonal.
  private(set) var weights: [Double]

  /// The cosine of counts weighted by rarity (Salton), as LexRank has it.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  static func cosines(_ document: SummaryDocument) throws(AIGCError) -> SentenceGraph {
    var vectors: [[(id: Int32, weight: Double)]] = []
    for sentence in document.sentences {
      var weights = sentence.terms.map { ($0.id, Double($0.count) * document.rarity($0.id)) }
      let length = weights.reduce(0) { $0 + $1.1 * $1.1 }.squareRoot()
      for index in weights.indices { weights[index].1 /= length }
      vectors.append(weights)
    }
    return try SentenceGraph(vectors, terms: document.termCount)
  }

  /// The number of different terms that two sentences share over the sum of the logarithms of their lengths, as
  /// TextRank has it (Mihalcea and Tarau 2004).
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  static func overlaps(_ document: SummaryDocument) throws(AIGCError) -> SentenceGraph {
    let vectors = document.sentences.map { $0.terms.map { (id: $0.id, weight: 1.0) } }
    var graph = try SentenceGraph(vectors, terms: document.termCount)
    let lengths = document.sentences.map { logarithm(Double(max($0.terms.count, 1))) }
    for row in 0..<graph.count {
      for column in 0..<graph.count {
        // Sentences of one word each have no length by logarithms.
        let length = max(lengths[row] + lengths[column], 1)
        graph.weights[row * graph.count + column] /= length
      }
    }
    return graph
  }

  /// The cosine of vectors of the sentences, where it is above 0.
  /// - Parameter vectors: of length 1.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  init(vectors: [[Float]]) throws(AIGCError) {
    count = vectors.count
    weights = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      try Interruption.check()
      for column in 0..<row {
        let cosine = zip(vectors[row], vectors[column]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        weights[row * count + column] = Double(max(cosine, 0))
        weights[column * count + row] = Double(max(cosine, 0))
      }
    }
  }

  /// Products of sparse vectors, whose numbers ascend.
  init(
    _ vectors: [[(id: Int32, weight: Double)]], terms: Int
  ) throws(AIGCError) {
    count = vectors.count
    weights = [Double](repeating: 0, count: count * count)
    // Where each term was met, so that sentences without a common term cost nothing.
    var places = [[(row: Int32, weight: Double)]](repeating: [], count: terms)
    for (row, vector) in vectors.enumerated() {
      try Interruption.check()
      for (id, weight) in vector {
        for (other, otherWeight) in places[Int(id)] {
          weights[row * count + Int(other)] += weight * otherWeight
        }
        places[Int(id)].append((Int32(row), weight))
      }
    }
    for row in 0..<count {
      for column in 0..<row { weights[column * count + row] = weights[row * count + column] }
    }
  }

  subscript(_ row: Int, _ column: Int) -> Double { weights[row * count + column] }

  /// The share of time that a walk spends at each sentence, which goes on to another by likeness and now and then
  /// anywhere (PageRank, Brin and Page 1998). A sentence like no other goes on anywhere.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  func rank(damping: Double = 0.85) throws(AIGCError) -> [Double] {
    guard count > 0 else { return [] }
    var scaled = weights
    var leaps = [Bool](repeating: false, count: count)
    for row in 0..<count {
      let sum = scaled[row * count..<(row + 1) * count].reduce(0, +)
      if sum > 0 {
        for column in 0..<count { scaled[row * count + column] /= sum }
      } else {
        leaps[row] = true
      }
    }
    var ranks = [Double](repeating: 1 / Double(count), count: count)
    for _ in 0..<100 {
      try Interruption.check()
      var leap = (1 - damping) / Double(count)
      var next = [Double](repeating: 0, count: count)
      for row in 0..<count {
        if leaps[row] {
          leap += damping * ranks[row] / Double(count)
          continue
        }
        let share = damping * ranks[row]
        for column in 0..<count { next[column] += share * scaled[row * count + column] }
      }
      var change = 0.0
      for index in 0..<count {
        next[index] += leap
        change += abs(next[index] - ranks[index])
      }
      ranks = next
      if change < 1e-9 { break }
    }
    return ranks
  }
}
