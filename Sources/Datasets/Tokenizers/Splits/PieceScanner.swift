import Files

/// How a text without added tokens is cut into the pieces in which tokens are merged.
enum PieceSplit: Sendable {
  case gpt2
  /// SmolLM's, see ``DigitsSplit``.
  case digits
  case llama3
  case qwen2
  /// Before each mark of Metaspace, U+2581.
  case metaspace
  /// Not cut; only where no token can reach across, so that pieces are short.
  case whole(CharacterPairs)
}

/// Finds the pieces of a text, one behind the other.
protocol TextSplit {
  var reader: ClassReader { get }
  /// The end of the piece that begins at `piece`, which is before the end; nil where what follows is not UTF-8.
  mutating func pieceEnd(_ piece: ByteCursor) -> ByteCursor?
}

/// Cuts text into pieces. An added token such as `<|endoftext|>` is a piece by itself, and the text before it
/// is cut as if it ended there.
struct PieceScanner {
  let begin: ByteCursor
  let end: ByteCursor
  /// What is found before the text is cut; nil when all is text, or the text is prepared.
  let addedTokens: AddedTokenMatcher?
  var split = PieceSplit.gpt2
  /// Whether added tokens stand as marks in the text (``TextPreparation``).
  var isPrepared = false

  /// Hands every piece to `sink`; nil when all was UTF-8.
  func scan(into sink: inout some TokenSink & ~Copyable) -> ScanFailure? {
    var failure: ScanFailure?
    if isPrepared {
      TextPreparation.forEachPart(begin, end) { start, end, isMark in
        guard failure == nil else { return }
        if isMark { sink.token(start, end - start) } else { failure = cut(start, end, &sink) }
      }
    } else if let addedTokens {
      _ = addedTokens.split(begin, end) { start, end, isToken in
        if isToken { sink.token(start, end - start) } else { failure = cut(start, end, &sink) }
        return failure == nil
      }
    } else {
      failure = cut(begin, end, &sink)
    }
    return failure
  }

  private func cut(
    _ start: ByteCursor, _ end: ByteCursor, _ sink: inout some TokenSink & ~Copyable
  ) -> ScanFailure? {
    switch split {
    case .gpt2: scan(start, GPT2Split(end: end), &sink)
    case .digits: scan(start, DigitsSplit(end: end), &sink)
    case .llama3: scan(start, Llama3Split(end: end, numbers: 3), &sink)
    case .qwen2: scan(start, Llama3Split(end: end, numbers: 1), &sink)
    case .metaspace: scan(start, MetaspaceSplit(end: end), &sink)
    case .whole(let pairs): scan(start, WholeSplit(end: end, pairs: pairs), &sink)
    }
  }

  @inline(__always)
  private func scan<Split: TextSplit>(
    _ start: ByteCursor, _ split: Split, _ sink: inout some TokenSink & ~Copyable
  ) -> ScanFailure? {
    var split = split
    var position = start
    let end = split.reader.end
    var poll = ScanPoll(start)
    while position < end, !poll.isStopped(position) {
      guard let next = split.pieceEnd(position) else {
        return ScanFailure(reason: .notUTF8, position: split.reader.firstInvalid(position))
      }
      sink.token(position, next - position)
      position = next
    }
    return nil
  }
}
