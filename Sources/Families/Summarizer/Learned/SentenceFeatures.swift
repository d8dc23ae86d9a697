import Files

/// What a learned summariser knows of a sentence beside its words: numbers of one document, the same in number for each.
struct SentenceFeatures {
  /// What they are, in order; a model's `config.json` names those that it learned with.
  static let names = [
    "first", "second", "third", "last", "second last", "third last", "place", "place squared",
    "nearness to start", "nearness to end", "paragraph", "words log", "words", "words squared",
    "short", "long", "words relative", "words log by sentences", "words by sentences",
    "announces", "refers", "concludes", "digresses", "digit", "bracket", "question", "quote",
    "colon",
    "capitals", "acronyms", "centrality", "neighbours", "likeness to all", "mean probability",
    "summed probability", "covered terms", "likeness to first", "likeness to last", "most alike",
    "content", "mean rarity", "centrality rank", "likeness rank", "probability rank", "words rank",
    "centrality share", "likeness share", "probability share", "words share", "first announcing",
    "first referring", "announced before", "referred before", "announcements before",
    "references before", "referring before", "referring next", "announcing before",
    "announcing next", "nothing refers", "share of references", "share of announcements",
  ]

  /// What is known of a sentence's vector, where there are vectors; behind it the vector's values.
  static let vectorNames = [
    "vector centrality", "vector likeness to all", "vector likeness to first",
    "vector likeness to last", "vector most alike", "vector mean likeness",
    "vector centrality rank", "vector likeness rank",
  ]

  /// How many numbers a sentence has.
  /// - Parameter width: values of its vector; 0: there are no vectors.
  static func count(vectorWidth width: Int) -> Int {
    names.count + (width > 0 ? vectorNames.count + width : 0)
  }

  private let document: SummaryDocument
  private let graph: SentenceGraph
  private let cues: [CuePhrases.Found]
  /// By sentence.
  private var rows: [[Double]]

  /// The features of all sentences.
  /// - Parameter vectors: of length 1, one a sentence; nil: none.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  static func rows(
    _ document: SummaryDocument, _ phrases: CuePhrases, _ vectors: [[Float]]? = nil
  ) throws(AIGCError) -> [[Double]] {
    var features = try SentenceFeatures(document, phrases)
    features.addPlaces()
    features.addLengths()
    features.addMarks()
    try features.addCentralities()
    features.addCueContext()
    if let vectors { try features.add(vectors) }
    return features.rows
  }

  private init(_ document: SummaryDocument, _ phrases: CuePhrases) throws(AIGCError) {
    self.document = document
    graph = try SentenceGraph.cosines(document)
    cues = document.sentences.map { phrases.find($0) }
    rows = [[Double]](repeating: [], count: document.sentences.count)
  }

  private var count: Int { rows.count }

  /// - Parameter body: makes the next features of a sentence.
  private mutating func add(_ body: (Int) -> [Double]) {
    for index in 0..<count { rows[index] += body(index) }
  }

  private mutating func addPlaces() {
    let (document, count) = (self.document, self.count)
    add { index in
      let place = Double(index) / Double(max(count - 1, 1))
      let isStart =
        index == 0
        || document.sentences[index - 1].paragraph != document.sentences[index].paragraph
      let places = [index == 0, index == 1, index == 2].map { $0 ? 1.0 : 0 }
      let ends = [index == count - 1, index == count - 2, index == count - 3].map { $0 ? 1.0 : 0 }
      return places + ends
        + [
          place, place * place, 1 / Double(index + 1), 1 / Double(count - index), isStart ? 1 : 0,
        ]
    }
  }

  private mutating func addLengths() {
    let lengths = document.sentences.map { Double($0.words.count) }
    let mean = max(lengths.reduce(0, +) / Double(max(count, 1)), 1)
    let size = logarithm(Double(count + 1))
    add { index in
      let (length, log) = (lengths[index], logarithm(lengths[index] + 1))
      let bounded = min(length, 60) / 20
      return [
        log, bounded, bounded * bounded, length < 8 ? 1 : 0, length > 35 ? 1 : 0,
        min(length / mean, 3), log * size, min(length, 80) / 20 * size,
      ]
    }
  }

  private mutating func addMarks() {
    let (document, cues) = (self.document, self.cues)
    add { index in
      let (cue, marks) = (cues[index], document.sentences[index].marks)
      let flags = [
        cue.announces, cue.refers, cue.concludes, cue.digresses, marks.hasDigit, marks.hasBracket,
        marks.hasQuestion, marks.hasQuote, marks.hasColon,
      ]
      return flags.map { $0 ? 1 : 0 } + [marks.capitalized, marks.acronyms]
    }
  }

  private mutating func addCentralities() throws(AIGCError) {
    let size = Double(rows.count)
    let ranks = try graph.rank().map { $0 * size }
    let (document, graph, count) = (self.document, self.graph, self.count)
    let likeness = Self.likenessToAll(document)
    let total = Double(max(document.total, 1))
    let sums = document.sentences.map { sentence in
      sentence.terms.reduce(0.0) { $0 + Double(document.counts[Int($1.id)]) / total }
    }
    let lengths = document.sentences.map { logarithm(Double($0.words.count) + 1) }
    add { index in
      let sentence = document.sentences[index]
      let terms = Double(max(sentence.terms.reduce(0) { $0 + $1.count }, 1))
      let mean = sentence.terms.reduce(0.0) {
        $0 + Double($1.count * document.counts[Int($1.id)]) / total
      }
      let rarity = sentence.terms.reduce(0.0) { $0 + Double($1.count) * document.rarity($1.id) }
      let row = (0..<count).map { graph[index, $0] }
      return [
        ranks[index], Double(row.count { $0 >= 0.1 }) / Double(count), likeness[index],
        mean / terms * 10, sums[index],
        Double(sentence.terms.count) / Double(max(document.termCount, 1)), row.first ?? 0,
        row.last ?? 0, row.max() ?? 0, terms / Double(max(sentence.words.count, 1)), rarity / terms,
      ]
    }
    let four = [ranks, likeness, sums, lengths]
    let (orders, shares) = (four.map { Self.ranks($0) }, four.map { Self.shares($0) })
    add { index in orders.map { $0[index] } + shares.map { $0[index] } }
  }

  /// What stands before and behind: "however" and what was announced already say more than the sentence alone.
  private mutating func addCueContext() {
    let (cues, count) = (self.cues, self.count)
    let (allRefer, allAnnounce) = (cues.count { $0.refers }, cues.count { $0.announces })
    var (refers, announces) = (0, 0)
    for index in 0..<count {
      let cue = cues[index]
      let (before, next) = (
        index > 0 ? cues[index - 1] : nil, index + 1 < count ? cues[index + 1] : nil
      )
      let flags = [
        cue.announces && announces == 0, cue.refers && refers == 0, announces > 0, refers > 0,
      ]
      rows[index] += flags.map { $0 ? 1 : 0 }
      rows[index] += [Double(min(announces, 3)), Double(min(refers, 4))]
      rows[index] += [before?.refers, next?.refers, before?.announces, next?.announces]
        .map { $0 == true ? 1 : 0 }
      rows[index] += [
        allRefer == 0 ? 1 : 0, cue.refers ? 1 / Double(1 + allRefer) : 0,
        cue.announces ? 1 / Double(1 + allAnnounce) : 0,
      ]
      refers += cue.refers ? 1 : 0
      announces += cue.announces ? 1 : 0
    }
  }

  private mutating func add(_ vectors: [[Float]]) throws(AIGCError) {
    let likeness = try SentenceGraph(vectors: vectors)
    let (count, width) = (self.count, vectors.first?.count ?? 0)
    let ranks = try likeness.rank().map { $0 * Double(count) }
    let mean = (0..<width).map { place in
      vectors.reduce(0.0) { $0 + Double($1[place]) } / Double(max(count, 1))
    }
    let length = max(mean.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    let toAll = vectors.map { vector in
      zip(vector, mean).reduce(0) { $0 + Double($1.0) * $1.1 } / length
    }
    let orders = [Self.ranks(ranks), Self.ranks(toAll)]
    add { index in
      let row = (0..<count).map { likeness[index, $0] }
      return [
        ranks[index], toAll[index], row.first ?? 0, row.last ?? 0, row.max() ?? 0,
        row.reduce(0, +) / Double(max(count - 1, 1)), orders[0][index], orders[1][index],
      ] + vectors[index].map { Double($0) }
    }
  }

  /// The cosine of each sentence and the sum of all, each of which counts by its unit vector.
  private static func likenessToAll(_ document: SummaryDocument) -> [Double] {
    var sum = [Double](repeating: 0, count: document.termCount)
    let vectors = document.sentences.map { sentence in
      let weights = sentence.terms.map { Double($0.count) * document.rarity($0.id) }
      let length = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return weights.map { $0 / length }
    }
    for (sentence, vector) in zip(document.sentences, vectors) {
      for (term, weight) in zip(sentence.terms, vector) { sum[Int(term.id)] += weight }
    }
    let length = max(sum.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return zip(document.sentences, vectors).map { sentence, vector in
      zip(sentence.terms, vector).reduce(0) { $0 + sum[Int($1.0.id)] * $1.1 } / length
    }
  }

  /// The place of each value in their order, from 0 to 1.
  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    for (place, index) in order.enumerated() {
      ranks[index] = Double(place) / Double(max(values.count - 1, 1))
    }
    return ranks
  }

  private static func shares(_ values: [Double]) -> [Double] {
    let largest = values.max() ?? 0
    return values.map { largest > 0 ? $0 / largest : 0 }
  }
}
