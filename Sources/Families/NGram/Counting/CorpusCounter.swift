import Datasets
import Files
import Glibc
import Kernels
import Synchronization

/// The counts of a corpus and its words.
struct CountedCorpus {
  var counts: NGramCounts
  var vocabulary: Vocabulary
  /// Tokens without sentence marks.
  var tokens: Int
}

/// Counts whole texts: in memory when they fit, else in pieces whose counts go to disk as sorted
/// runs and are merged.
struct CorpusCounter {
  let trainer: NGramTrainer
  private var mode: TokenMode { trainer.configuration.tokens }
  private var order: Int { trainer.configuration.order }

  init(trainer: NGramTrainer) { self.trainer = trainer }

  /// - Parameters:
  ///   - temporary: a folder for runs.
  ///   - run: counts that the texts are added to, with their words and number of tokens.
  func count(
    temporary: String, after run: String? = nil, vocabulary: Vocabulary? = nil, tokens: Int = 0
  ) throws(AIGCError) -> CountedCorpus {
    var words = vocabulary.map { VocabularyBuilder($0) } ?? VocabularyBuilder()
    var total = tokens
    if run == nil, trainer.texts.count == 1 {
      let text = try counted(readText(path: trainer.texts[0]), trainer.texts[0])
      if !trainer.configuration.sentences || text.count * bytesPerTextByte <= trainer.memory {
        let stream = try encode(text, into: &words, name: trainer.texts[0], &total)
        let counts = try count(stream, words)
        return CountedCorpus(counts: counts, vocabulary: try words.freeze(), tokens: total)
      }
    }
    let runs = RunFiles(folder: temporary)
    defer { runs.remove() }
    for path in trainer.texts {
      try addRuns(of: path, to: runs, &words, &total)
    }
    trainer.progress("merging", 0)
    let size = words.count
    var readers: [RunReader] = []
    for path in (run.map { [$0] } ?? []) + runs.paths {
      readers.append(try RunReader(path: path, vocabularySize: size))
    }
    var merger = try RunMerger(readers: readers, order: order, vocabularySize: size)
    let counts = try merger.merge()
    return CountedCorpus(counts: counts, vocabulary: try words.freeze(), tokens: total)
  }

  /// Memory that counting takes for a byte of text: tokens, positions, windows' lengths, and the
  /// new n-grams of each order; words are four bytes or longer with their space.
  private var bytesPerTextByte: Int {
    let perToken = 10 + 12 * (order - 1)
    switch mode {
    case .auto, .word, .whitespace: return perToken / 4
    case .char, .byte: return perToken
    }
  }

  private func addRuns(
    of path: String, to runs: RunFiles, _ words: inout VocabularyBuilder, _ total: inout Int
  ) throws(AIGCError) {
    let isStream = !trainer.configuration.sentences
    let piece = isStream ? Int.max / 4 : max(1 << 20, trainer.memory / (2 * bytesPerTextByte))
    if isStream || trainer.memory == Int.max {
      let text = try counted(readText(path: path), path)
      let stream = try encode(text, into: &words, name: path, &total)
      try CountRun.write(try count(stream, words), to: runs.next())
      return
    }
    let reader = try TextReader(path: path, pieceSize: piece)
    var encoder = BlockEncoder(mode: mode, vocabulary: words, name: path)
    var isEmpty = true
    let size = path.hasSuffix(".gz") || path == "-" ? 0 : try MappedFile(path: path).count
    var byteCount = 0
    while let piece = try reader.next() {
      isEmpty = false
      byteCount += piece.bytesBefore + piece.count
      let lines = try counted(piece, path)
      let encoded = try encoder.encode(lines)
      try note(encoded, path)
      total += encoded.words
      let stream = try training(encoded.tokens, of: lines)
      let counts = try TokenCounter(
        tokens: stream, order: order, vocabularySize: encoder.vocabulary.count
      ).count()
      try CountRun.write(counts, to: runs.next())
      if size > 0 { trainer.progress("counting", Double(byteCount) / Double(size)) }
    }
    if isEmpty { throw .badInput("\(path): the file is empty; a text is needed") }
    words = encoder.vocabulary
  }

  /// What is counted of a text: itself, or the ids of the trainer's tokenizer.
  private func counted(_ text: Table<UInt8>, _ name: String) throws(AIGCError) -> Table<UInt8> {
    guard let tokenizer = trainer.tokenizer else { return text }
    return try TokenIds(tokenizer: tokenizer).line(text, name: name)
  }

  private func encode(
    _ text: Table<UInt8>, into words: inout VocabularyBuilder, name: String, _ total: inout Int
  ) throws(AIGCError) -> Table<UInt32> {
    trainer.progress("reading", 0)
    let encoded = try encodeGrowing(text: text, mode: mode, into: &words, name: name)
    try note(encoded, name)
    total += encoded.words
    return try training(encoded.tokens, of: text)
  }

  private func count(
    _ stream: Table<UInt32>, _ words: VocabularyBuilder
  ) throws(AIGCError) -> NGramCounts {
    trainer.progress("counting", 0)
    guard stream.count < Int(UInt32.max) else {
      throw .failed("more than 4,294,967,294 tokens at once; pass `memory` to count in pieces")
    }
    let progress = trainer.progress
    return try TokenCounter(tokens: stream, order: order, vocabularySize: words.count).count {
      progress("counting", $0)
    }
  }

  /// Says what was left out, refuses what leaves nothing.
  private func note(_ encoded: EncodedText, _ name: String) throws(AIGCError) {
    let special = encoded.specialTokensSkipped
    if special > 0 {
      let text = "\(name): \(special) times <s>, </s> or <unk> in the text"
      if trainer.isStrict {
        throw .badInput("\(text); leave out `isStrict` to take them as spaces")
      }
      trainer.warn("\(text); taken as spaces")
    }
    if encoded.words == 0, encoded.sentences == 0 {
      throw .badInput("\(name): no words in it; a text is needed")
    }
    if encoded.words == 1 { trainer.warn("\(name): only one word; the model can say nothing else") }
  }

  /// The tokens to count: without marks where the text is one stream. As in lmplz, a last line
  /// without its newline does not end its sentence (whitespace tokens only).
  private func training(
    _ tokens: Table<UInt32>, of text: Table<UInt8>
  ) throws(AIGCError) -> Table<UInt32> {
    guard trainer.configuration.sentences else {
      let kept = tokens.indices.filter {
        tokens[$0] != NGramCounts.sentenceStart && tokens[$0] != NGramCounts.sentenceEnd
      }
      return try Table(kept.map { tokens[$0] })
    }
    let isOpen = mode == .whitespace && text.count > 0 && text[text.count - 1] != 10
    return isOpen && tokens.count > 0 ? tokens.prefix(tokens.count - 1) : tokens
  }
}

/// Run files in a folder, removed at the end.
private final class RunFiles {
  /// Of this counting alone: others may have the same folder.
  private let start: String
  private(set) var paths: [String] = []
  private static let countings = Atomic<Int>(0)

  init(folder: String) {
    let number = Self.countings.add(1, ordering: .relaxed).newValue
    start = "\(folder)/.aigc-run-\(getpid())-\(number)-"
  }

  func next() -> String {
    paths.append("\(start)\(paths.count)")
    UnfinishedOutputs.add(paths[paths.count - 1])
    return paths[paths.count - 1]
  }

  func remove() {
    for path in paths {
      removeTree(path)
      UnfinishedOutputs.forget(path)
    }
    paths = []
  }
}
