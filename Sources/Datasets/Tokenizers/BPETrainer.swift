import Files
import Kernels

/// Learns the merges of a ``BPETokenizer`` from text: again and again the pair of tokens that is
/// most frequent inside the pieces becomes a token (Sennrich et al., 2016).
///
/// The merges are those of `BpeTrainer` of the PyPI package `tokenizers` 0.23 with the alphabet of
/// all bytes and the special token `<|endoftext|>`, for whole texts (`train_from_iterator`), and in
/// one point with its habits: `<|endoftext|>` inside the training text is text like any other.
public struct BPETrainer: Sendable {
  /// The number of tokens when none is asked for.
  public static let defaultVocabularySize = 8000
  /// `<|endoftext|>` and the bytes.
  public static let smallestVocabularySize = 257
  /// Longer tokens are not made: they would only be memory, and text hardly ever holds them.
  static let longestToken = 4096

  /// Number of all tokens, 257 or more. A small text may give fewer.
  public var vocabularySize = Self.defaultVocabularySize
  /// Pairs that occur less often are not merged.
  public var minimumFrequency = 1
  /// Gets how much is done (0 to 1).
  public var progress: @Sendable (_ done: Double) -> Void = { _ in }

  /// Creates a trainer with the default settings, which the properties show.
  public init() {}

  /// Learns the merges of texts.
  /// - Parameters:
  ///   - texts: whole texts in UTF-8; no piece reaches from one into the next.
  ///   - name: the texts, for messages.
  /// - Throws: ``/Files/AIGCError``: usage for a size below 257, badInput for bytes that are not UTF-8 or
  ///   no text at all, failed without memory, interrupted.
  public func train(_ texts: [Table<UInt8>], name: String) throws(AIGCError) -> BPETokenizer {
    guard vocabularySize >= Self.smallestVocabularySize else {
      throw .usage(
        "a BPE vocabulary of \(vocabularySize) tokens; "
          + "the bytes and <|endoftext|> alone are \(Self.smallestVocabularySize)")
    }
    let pieces = try PieceCounts(texts, name: name)
    guard !pieces.counts.isEmpty else { throw .badInput("\(name): no text in it") }
    var learner = MergeLearner(pieces)
    while learner.tokens.count < vocabularySize, learner.step(atLeast: minimumFrequency) {
      if learner.tokens.count % 64 == 0 {
        try Interruption.check()
        progress(Double(learner.tokens.count) / Double(vocabularySize))
      }
    }
    var tokens = TokenBytes()
    for token in learner.tokens { tokens.append(token) }
    return try BPETokenizer(
      tokens: tokens, byteTokens: MergeLearner.byteTokens, merges: learner.mergeTable(),
      addedTokens: [AddedToken(id: 0, content: BPETokenizer.endOfText)])
  }
}

/// The different pieces of texts and how often each occurs.
private struct PieceCounts {
  /// Number 0 to 2 are the marks that a ``VocabularyBuilder`` always holds: their counts are 0.
  private(set) var words = VocabularyBuilder()
  private(set) var counts: [Int64] = []

  init(_ texts: [Table<UInt8>], name: String) throws(AIGCError) {
    for text in texts {
      let corpus = PieceCorpus(text, name: name, addedTokens: nil)
      for block in try corpus.map({ Block($0) }) { add(block) }
    }
    _ = try words.freeze()
  }

  private struct Block: Sendable {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var counts: [Int64]

    init(_ block: borrowing PieceBlock) {
      var counts = [Int64](repeating: 0, count: block.wordCount)
      block.forEach { counts[$0] += 1 }
      self.counts = counts
      for index in counts.indices {
        block.withWord(index) { bytes.append($0.start, count: $0.length) }
        ends.append(bytes.count)
      }
    }
  }

  private mutating func add(_ block: Block) {
    var start = 0
    block.bytes.withCursors { begin, limit in
      for (index, end) in block.ends.enumerated() {
        let id = Int(words.id(for: WordKey(begin + start, end - start, limit: limit)))
        while counts.count <= id { counts.append(0) }
        counts[id] += block.counts[index]
        start = end
      }
    }
  }
}

/// The pieces as tokens, with the counts of all pairs kept up to date merge by merge.
private struct MergeLearner {
  /// The bytes of each token.
  private(set) var tokens: [[UInt8]]
  private var ids: [[UInt8]: Int32] = [:]
  private var merges: [UInt64] = []
  /// Tokens of all pieces, one piece behind the other, with room for as many tokens as bytes.
  private var symbols: [Int32] = []
  private var starts: [Int] = []
  private var lengths: [Int] = []
  private var counts: [Int64] = []
  private var pairs = PairCounts()
  private var long = LongPieces()
  private var queue = Heap<Entry>()

  /// A pair that may be merged, and pieces that held it when it was put into the queue.
  private struct Entry: Comparable {
    /// As it was then.
    var count: Int64
    var pair: UInt64
    var number: Int
    var pieces: [UInt32]

    /// The most frequent first, then the pair of the smallest ids.
    static func < (a: Entry, b: Entry) -> Bool {
      a.count != b.count
        ? a.count > b.count : a.pair != b.pair ? a.pair < b.pair : a.number < b.number
    }
    static func == (a: Entry, b: Entry) -> Bool { a.number == b.number }
  }

  /// The id of each byte: the special token is first, then the bytes follow as GPT-2 orders them.
  static let byteTokens: [Int32] = {
    var ids = [Int32](repeating: 0, count: 256)
    for (index, byte) in ByteAlphabet.order.enumerated() { ids[Int(byte)] = Int32(index + 1) }
    return ids
  }()

  init(_ pieces: PieceCounts) {
    tokens = [BPETokenizer.endOfText] + ByteAlphabet.order.map { [$0] }
    for (id, token) in tokens.enumerated() { ids[token] = Int32(id) }
    for (index, count) in pieces.counts.enumerated() where count > 0 {
      starts.append(symbols.count)
      for byte in pieces.words.bytes(of: index) { symbols.append(Self.byteTokens[Int(byte)]) }
      lengths.append(symbols.count - starts[starts.count - 1])
      counts.append(count)
    }
    for piece in counts.indices {
      let isLong = lengths[piece] >= LongPieces.length
      if isLong { long.add(piece, lengths[piece]) }
      for place in starts[piece]..<starts[piece] + lengths[piece] - 1 {
        pairs.add(symbols[place], symbols[place + 1], counts[piece], piece)
        if isLong { long.note(symbols[place], symbols[place + 1], place - starts[piece], piece) }
      }
    }
    queueNewPairs()
  }

  /// Pairs whose counts grew go into the queue, with the pieces where they are new.
  private mutating func queueNewPairs() {
    for (pair, count, pieces) in pairs.takeGrown() where count > 0 {
      queue.insert(Entry(count: count, pair: pair, number: queued, pieces: pieces))
      queued += 1
    }
  }
  private var queued = 0

  /// Merges the most frequent pair.
  /// - Returns: false when no pair is left that occurs so often.
  ///
  /// A pair can stand in the queue twice, when a token was made a second time out of other parts.
  /// Its count is not reset by its merge. Both are so in the package `tokenizers`, and equal merges
  /// depend on them.
  mutating func step(atLeast minimum: Int) -> Bool {
    while var entry = queue.popFirst() {
      let count = pairs[entry.pair]
      if count != entry.count {
        entry.count = count
        if count > 0 { queue.insert(entry) }
        continue
      }
      guard count >= max(minimum, 1) else { return false }
      let (left, right) = PairCounts.parts(entry.pair)
      let token = tokens[Int(left)] + tokens[Int(right)]
      if token.count > BPETrainer.longestToken { continue }
      let id = ids[token] ?? Int32(tokens.count)
      if Int(id) == tokens.count {
        tokens.append(token)
        ids[token] = id
      }
      merges.append(entry.pair)
      for piece in entry.pieces { merge(left, right, id, Int(piece)) }
      queueNewPairs()
      return true
    }
    return false
  }

  /// Replaces the pair in one piece, from left to right.
  private mutating func merge(_ left: Int32, _ right: Int32, _ id: Int32, _ piece: Int) {
    if lengths[piece] >= LongPieces.length { return mergeLong(left, right, id, piece) }
    let start = starts[piece]
    let end = start + lengths[piece]
    let count = counts[piece]
    var (read, write) = (start, start)
    while read < end {
      guard symbols[read] == left, read + 1 < end, symbols[read + 1] == right else {
        symbols[write] = symbols[read]
        write += 1
        read += 1
        continue
      }
      if write > start {
        pairs.remove(symbols[write - 1], left, count)
        pairs.add(symbols[write - 1], id, count, piece)
      }
      if read + 2 < end {
        pairs.remove(right, symbols[read + 2], count)
        pairs.add(id, symbols[read + 2], count, piece)
      }
      symbols[write] = id
      write += 1
      read += 2
    }
    lengths[piece] = write - start
  }

  /// The same in a long piece, by the places where the pair stands.
  private mutating func mergeLong(_ left: Int32, _ right: Int32, _ id: Int32, _ piece: Int) {
    let (start, count) = (starts[piece], counts[piece])
    for place in long.takePlaces(left, right, piece) {
      // Overlapping pairs, and places from before other merges, hold it no longer.
      guard symbols[start + place] == left, let second = long.next(place, piece),
        symbols[start + second] == right
      else { continue }
      if let before = long.previous(place, piece) {
        pairs.remove(symbols[start + before], left, count)
        pairs.add(symbols[start + before], id, count, piece)
        long.note(symbols[start + before], id, before, piece)
      }
      if let after = long.next(second, piece) {
        pairs.remove(right, symbols[start + after], count)
        pairs.add(id, symbols[start + after], count, piece)
        long.note(id, symbols[start + after], place, piece)
      }
      symbols[start + place] = id
      symbols[start + second] = LongPieces.none
      long.join(place, second, piece)
    }
  }

  /// The merges in order; of one pair twice the later counts.
  func mergeTable() -> MergeTable {
    var seen: Set<UInt64> = []
    var kept: [UInt64] = []
    for pair in merges.reversed() where seen.insert(pair).inserted { kept.append(pair) }
    var table = MergeTable()
    for pair in kept.reversed() {
      let (left, right) = PairCounts.parts(pair)
      let id = ids[tokens[Int(left)] + tokens[Int(right)]] ?? 0
      table.append(left, right, becomes: id)
    }
    return table
  }
}

/// Where the pairs of long pieces stand, so that a merge is not a walk through all of the piece: a text
/// without spaces is one piece. Places count from the piece's start.
private struct LongPieces {
  /// Shorter pieces are walked through, which is faster for words.
  static let length = 1024
  /// No token, or none beside it.
  static let none: Int32 = -1

  private struct Key: Hashable {
    var left: Int32
    var right: Int32
    var piece: Int
  }
  private var places: [Key: [Int32]] = [:]
  /// For each piece where its neighbours begin in the two tables.
  private var bases: [Int: Int] = [:]
  private var following: [Int32] = []
  private var preceding: [Int32] = []

  /// Pieces have at most 2³⁰ bytes.
  mutating func add(_ piece: Int, _ length: Int) {
    bases[piece] = following.count
    for place in 0..<Int32(length) {
      following.append(Int(place) + 1 < length ? place + 1 : Self.none)
      preceding.append(place - 1)
    }
  }

  func next(_ place: Int, _ piece: Int) -> Int? { neighbor(following, place, piece) }
  func previous(_ place: Int, _ piece: Int) -> Int? { neighbor(preceding, place, piece) }

  private func neighbor(_ table: [Int32], _ place: Int, _ piece: Int) -> Int? {
    guard let base = bases[piece], table[base + place] >= 0 else { return nil }
    return Int(table[base + place])
  }

  /// The token at `place` takes in the one at `second`, which is next to it.
  mutating func join(_ place: Int, _ second: Int, _ piece: Int) {
    guard let base = bases[piece] else { return }
    let after = following[base + second]
    following[base + place] = after
    if after >= 0 { preceding[base + Int(after)] = Int32(place) }
  }

  mutating func note(_ left: Int32, _ right: Int32, _ place: Int, _ piece: Int) {
    places[Key(left: left, right: right, piece: piece), default: []].append(Int32(place))
  }

  /// The places of a pair from left to right, which are forgotten.
  mutating func takePlaces(_ left: Int32, _ right: Int32, _ piece: Int) -> [Int] {
    (places.removeValue(forKey: Key(left: left, right: right, piece: piece)) ?? [])
      .sorted().map { Int($0) }
  }
}
