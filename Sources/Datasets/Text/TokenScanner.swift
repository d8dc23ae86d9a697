import Files

/// Takes the tokens of a text in order.
protocol TokenSink: ~Copyable {
  mutating func token(_ start: ByteCursor, _ length: Int)
  /// Ends a sentence. One without tokens counts only with `keepEmpty`.
  mutating func endSentence(keepEmpty: Bool)
  /// `<s>`, `</s>` or `<unk>` was met, and passed over.
  mutating func skipSpecialToken()
}

/// What stops a scan, and where.
struct ScanFailure {
  enum Reason { case notUTF8, null }
  var reason: Reason
  var position: ByteCursor
}

/// Tells a scan of a long text of Ctrl-C, a megabyte at a time.
struct ScanPoll {
  private var next: ByteCursor

  init(_ begin: ByteCursor) { next = begin }

  @inline(__always)
  mutating func isStopped(_ position: ByteCursor) -> Bool {
    if position < next { return false }
    next = position + (1 << 20)
    return Interruption.isRequested
  }
}

/// Cuts whole lines of text into tokens.
struct TokenScanner {
  let begin: ByteCursor
  let end: ByteCursor
  /// Where to look for Ctrl-C the next time. A scan then stops: nobody asks for its result.
  private var poll: ScanPoll

  init(begin: ByteCursor, end: ByteCursor) {
    (self.begin, self.end) = (begin, end)
    poll = ScanPoll(begin)
  }

  /// Hands every token of the text to `sink`; nil when all went well.
  mutating func scan(_ mode: TokenMode, into sink: inout some TokenSink & ~Copyable) -> ScanFailure?
  {
    switch mode {
    case .auto: return scanWords(splitsCJK: true, &sink)
    case .word: return scanWords(splitsCJK: false, &sink)
    case .char: return scanCharacters(&sink)
    case .byte: scanBytes(&sink)
    case .whitespace: scanFields(&sink)
    }
    return nil
  }

  private mutating func scanBytes(_ sink: inout some TokenSink & ~Copyable) {
    var position = begin
    while position < end, !poll.isStopped(position) {
      if position.byte == 10 {
        sink.endSentence(keepEmpty: false)
      } else {
        sink.token(position, 1)
      }
      position += 1
    }
    sink.endSentence(keepEmpty: false)
  }

  private mutating func scanCharacters(_ sink: inout some TokenSink & ~Copyable) -> ScanFailure? {
    var position = begin
    while position < end, !poll.isStopped(position) {
      let byte = position.byte
      var length = 1
      if byte >= 0x80 {
        length = position.scalar(before: end).length
        if length == 0 { return ScanFailure(reason: .notUTF8, position: position) }
        sink.token(position, length)
      } else if byte == 10 {
        sink.endSentence(keepEmpty: false)
      } else if byte == 0 {
        return ScanFailure(reason: .null, position: position)
      } else if byte != 13 || position + 1 == end || position[1] != 10 {
        sink.token(position, 1)
      }
      position += length
    }
    sink.endSentence(keepEmpty: false)
    return nil
  }

  private mutating func scanFields(_ sink: inout some TokenSink & ~Copyable) {
    var position = begin
    while position < end, !poll.isStopped(position) {
      let byte = position.byte
      if byte == 10 {
        sink.endSentence(keepEmpty: true)
        position += 1
        continue
      }
      if isFieldSeparator(byte) {
        position += 1
        continue
      }
      let start = position
      position = fieldEnd(start)
      if byte == UInt8(ascii: "<"), specialTokenLength(start, position) == position - start {
        sink.skipSpecialToken()
      } else {
        sink.token(start, position - start)
      }
    }
    sink.endSentence(keepEmpty: false)
  }

  @inline(__always)
  private func isFieldSeparator(_ byte: UInt8) -> Bool {
    byte == 32 || byte == 10 || byte == 9 || byte == 13 || byte == 0
  }

  /// The first separator at or after `start`, eight bytes a step: the lowest byte below 33 is
  /// marked in its high bit ("hasless" of Anderson's Bit Twiddling Hacks).
  @inline(__always)
  private func fieldEnd(_ start: ByteCursor) -> ByteCursor {
    var position = start
    while end - position >= 8 {
      let word = position.word
      let marks = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
      if marks == 0 {
        position += 8
        continue
      }
      position += marks.trailingZeroBitCount >> 3
      if isFieldSeparator(position.byte) { return position }
      position += 1
    }
    while position < end, !isFieldSeparator(position.byte) { position += 1 }
    return position
  }

  private mutating func scanWords(splitsCJK: Bool, _ sink: inout some TokenSink & ~Copyable)
    -> ScanFailure?
  {
    var classes = ScalarClasses(splitsCJK: splitsCJK)
    var position = begin
    var previousEnd: ByteCursor?
    while position < end, !poll.isStopped(position) {
      let (kind, length) = classes.read(position, end)
      var next = position + length
      switch kind {
      case .space:
        position = next
        continue
      case .newline:
        sink.endSentence(keepEmpty: false)
        position = next
        continue
      case .letter, .digit, .unknown: next = wordEnd(next, after: kind, &classes)
      case .hyphen, .fullStop, .run: next = runEnd(position, length)
      case .lessThan:
        if previousEnd != position, let after = specialTokenEnd(position, &classes) {
          sink.skipSpecialToken()
          position = after
          continue
        }
      case .null: return ScanFailure(reason: .null, position: position)
      case .invalid: return ScanFailure(reason: .notUTF8, position: position)
      case .apostrophe, .comma, .other: break
      }
      sink.token(position, next - position)
      position = next
      previousEnd = next
    }
    sink.endSentence(keepEmpty: false)
    return nil
  }

  /// The end of a word of which the first character is read.
  @inline(__always)
  private func wordEnd(
    _ start: ByteCursor, after first: ScalarClass, _ classes: inout ScalarClasses
  ) -> ByteCursor {
    var position = start
    var last = first
    while position < end {
      let (kind, length) = classes.read(position, end)
      if kind.isWord {
        last = kind
        position += length
        continue
      }
      let joinsNumber = last == .digit && (kind == .fullStop || kind == .comma)
      let inner = position + length
      guard joinsNumber || kind == .hyphen || kind == .apostrophe, inner < end else { break }
      let (following, size) = classes.read(inner, end)
      guard joinsNumber ? following == .digit : following.isWord else { break }
      last = following
      position = inner + size
    }
    return position
  }

  /// The end of a run of the character of `length` bytes at `start`.
  private func runEnd(_ start: ByteCursor, _ length: Int) -> ByteCursor {
    var position = start + length
    while end - position >= length {
      for index in 0..<length where position[index] != start[index] { return position }
      position += length
    }
    return position
  }

  /// The end of a special token that stands alone between spaces at `start`.
  private func specialTokenEnd(
    _ start: ByteCursor, _ classes: inout ScalarClasses
  ) -> ByteCursor? {
    guard let length = specialTokenLength(start, end) else { return nil }
    let after = start + length
    if after == end { return after }
    let kind = classes.read(after, end).kind
    return kind == .space || kind == .newline ? after : nil
  }
}

/// Length of the `<s>`, `</s>` or `<unk>` that `start` begins with.
private func specialTokenLength(
  _ start: ByteCursor, _ end: ByteCursor
) -> Int? {
  for word in Vocabulary.reservedWords where end - start >= word.count {
    var index = 0
    while index < word.count, start[index] == word[index] { index += 1 }
    if index == word.count { return word.count }
  }
  return nil
}
