import Files
import Glibc

/// The tokens of one block of text, numbered within the block: 1 and 2 are the sentence marks, 3 is
/// the block's first word. Filled by a scan, it then waits to be renumbered.
struct BlockTokens: ~Copyable, TokenSink {
  private(set) var tokens: UnsafeMutablePointer<UInt32>?
  private(set) var count = 0
  private var capacity = 0
  /// The block's different words in order of first occurrence; they point into the text.
  private(set) var words: UnsafeMutablePointer<WordKey>?
  private(set) var wordCount = 0
  private var wordCapacity = 0
  private var slots: UnsafeMutablePointer<UInt64>?
  private var mask = 0
  /// See ``WordTables/isSecret``.
  private var isSecret = false
  /// Ids of the words of one byte, 0 where there is none yet.
  private let singles: UnsafeMutablePointer<UInt32>
  private let limit: ByteCursor
  private var sentenceBegin = 0
  private(set) var sentences = 0
  private(set) var skipped = 0
  /// The system refused memory: the content is then worthless.
  private(set) var isOutOfMemory = false

  static let firstWord = 3

  /// - Parameters:
  ///   - byteCount: size of the block, for a first guess of the number of tokens.
  ///   - limit: end of the memory that may be read.
  init(byteCount: Int, limit: ByteCursor) {
    self.limit = limit
    singles = .allocate(capacity: 256)
    singles.initialize(repeating: 0, count: 256)
    growTokens(to: byteCount / 4 + 64)
    growWords(to: min(byteCount / 64 + 64, 1 << 14))
    guard let tokens else { return }
    tokens[0] = Vocabulary.sentenceStart
    count = 1
  }

  deinit {
    free(tokens)
    free(words)
    free(slots)
    singles.deallocate()
  }

  @inline(__always)
  mutating func token(_ start: ByteCursor, _ length: Int) {
    if count + 3 > capacity { growTokens(to: capacity * 2) }
    guard let tokens, let slots, let words, !isOutOfMemory else { return }
    if length == 1, singles[Int(start.byte)] != 0 {
      tokens[count] = singles[Int(start.byte)]
      count += 1
      return
    }
    let word = WordKey(start, length, limit: limit)
    let hash = isSecret ? word.secretHash : word.hash
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index] != 0 {
      let slot = slots[index]
      if slot >> 32 == hash >> 32 {
        let id = Int(slot & 0xFFFF_FFFF) - 1
        let known = words[id]
        if word.matches(known.start, known.length, known.head) {
          tokens[count] = UInt32(truncatingIfNeeded: id + Self.firstWord)
          count += 1
          return
        }
      }
      index = (index + 1) & mask
    }
    tokens[count] = add(word, hash, slot: index)
    count += 1
  }

  @inline(__always)
  mutating func endSentence(keepEmpty: Bool) {
    guard let tokens, !isOutOfMemory else { return }
    if count == sentenceBegin + 1, !keepEmpty { return }
    // `token` always leaves room for the two marks; a run of empty sentences does not.
    tokens[count] = Vocabulary.sentenceEnd
    count += 1
    sentences += 1
    sentenceBegin = count
    if count + 3 > capacity { growTokens(to: capacity * 2) }
    guard let tokens = self.tokens, !isOutOfMemory else { return }
    tokens[count] = Vocabulary.sentenceStart
    count += 1
  }

  mutating func skipSpecialToken() { skipped += 1 }

  /// Drops the mark of the sentence that never came, and the table that is needed no more.
  mutating func finish() {
    if count > 0 { count = sentenceBegin }
    free(slots)
    slots = nil
  }

  @inline(never)
  private mutating func add(_ word: WordKey, _ hash: UInt64, slot: Int) -> UInt32 {
    guard let slots, let words else { return Vocabulary.unknown }
    let id = UInt32(wordCount + Self.firstWord)
    words[wordCount] = word
    slots[slot] = slotValue(hash, UInt32(wordCount))
    wordCount += 1
    if word.length == 1 { singles[Int(word.start.byte)] = id }
    let isFar = (slot &- Int(truncatingIfNeeded: hash)) & mask > WordTables.longestProbe
    if isFar, !isSecret {
      isSecret = true
      growWords(to: wordCapacity)
    }
    if wordCount == wordCapacity { growWords(to: wordCapacity * 2) }
    return id
  }

  @inline(never)
  private mutating func growTokens(to newCapacity: Int) {
    guard let memory = realloc(tokens, newCapacity * MemoryLayout<UInt32>.stride) else {
      isOutOfMemory = true
      return
    }
    tokens = memory.assumingMemoryBound(to: UInt32.self)
    capacity = newCapacity
  }

  /// Makes room for more words, with at least two slots for each; with as much room as before it is
  /// only the table that is made anew.
  @inline(never)
  private mutating func growWords(to newCapacity: Int) {
    var slotCount = 128
    while slotCount < newCapacity * 2 { slotCount *= 2 }
    guard let memory = realloc(words, newCapacity * MemoryLayout<WordKey>.stride),
      let table = calloc(slotCount, MemoryLayout<UInt64>.stride)
    else {
      isOutOfMemory = true
      return
    }
    let words = memory.assumingMemoryBound(to: WordKey.self)
    let slots = table.assumingMemoryBound(to: UInt64.self)
    mask = slotCount - 1
    var longest = 0
    for id in 0..<wordCount where isSecret || longest <= WordTables.longestProbe {
      let hash = isSecret ? words[id].secretHash : words[id].hash
      let place = Int(truncatingIfNeeded: hash) & mask
      var index = place
      while slots[index] != 0 { index = (index + 1) & mask }
      slots[index] = slotValue(hash, UInt32(id))
      longest = max(longest, (index - place) & mask)
    }
    free(self.slots)
    self.words = words
    self.slots = slots
    wordCapacity = newCapacity
    if longest > WordTables.longestProbe, !isSecret {
      isSecret = true
      growWords(to: newCapacity)
    }
  }
}

/// One block of a text: its place, and what the scan found in it.
final class TextBlock: @unchecked Sendable {
  let begin: ByteCursor
  let end: ByteCursor
  let limit: ByteCursor
  private(set) var tokens: BlockTokens?
  private(set) var failure: ScanFailure?
  /// Number of tokens, marks included.
  private(set) var count = 0
  private(set) var sentences = 0
  private(set) var skipped = 0
  /// For each id of the block its id in the vocabulary.
  private var map: [UInt32] = []

  init(begin: ByteCursor, end: ByteCursor, limit: ByteCursor) {
    self.begin = begin
    self.end = end
    self.limit = limit
  }

  var isOutOfMemory: Bool { tokens?.isOutOfMemory ?? false }

  func scan(_ mode: TokenMode) {
    var tokens = BlockTokens(byteCount: end - begin, limit: limit)
    var scanner = TokenScanner(begin: begin, end: end)
    failure = scanner.scan(mode, into: &tokens)
    tokens.finish()
    count = tokens.count
    sentences = tokens.sentences
    skipped = tokens.skipped
    self.tokens = consume tokens
  }

  /// Finds the id of each of the block's words.
  func number(_ id: (WordKey) -> UInt32) {
    let wordCount = tokens?.wordCount ?? 0
    map = [Vocabulary.unknown, Vocabulary.sentenceStart, Vocabulary.sentenceEnd]
    map.reserveCapacity(BlockTokens.firstWord + wordCount)
    guard let words = tokens?.words else { return }
    for index in 0..<wordCount { map.append(id(words[index])) }
  }

  /// Writes the tokens under their final ids to `output`, from index `start` on, and lets go of the
  /// block's memory.
  func write(to output: MutableTable<UInt32>, from start: Int) {
    guard let local = tokens?.tokens else { return }
    require(start >= 0 && start + count <= output.count, "TextBlock: tokens outside of the table")
    map.withUnsafeBufferPointer { map in
      output.withUnsafeMutableBuffer { output in
        guard let map = map.baseAddress, let output = output.baseAddress else { return }
        for index in 0..<count { output[start + index] = map[Int(local[index])] }
      }
    }
    tokens = nil
    map = []
  }
}
