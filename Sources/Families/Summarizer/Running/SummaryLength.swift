import Files

/// How long a summary is to be.
public enum SummaryLength: Equatable, Sendable {
  /// So many sentences.
  case sentences(Int)
  /// A share of the text's sentences, in percent; at least one.
  case percent(Double)
  /// Whole sentences of so many words together; Chinese and Japanese characters count one each. At least one sentence.
  case words(Int)

  /// Reads "3", "20%" or "100w"; nil for anything else, and for nothing at all.
  public init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let share = Double(text.dropLast()), share > 0, share <= 100 else { return nil }
      self = .percent(share)
    } else if text.hasSuffix("w") {
      guard let count = Int(text.dropLast()), count > 0 else { return nil }
      self = .words(count)
    } else {
      guard let count = Int(text), count > 0 else { return nil }
      self = .sentences(count)
    }
  }

  /// How many sentences of `count`, where that is known without their words.
  func sentences(of count: Int) -> Int? {
    switch self {
    case .sentences(let number): return min(number, count)
    case .percent(let share):
      return min(max(Int((share * Double(count) / 100).rounded(.up)), 1), count)
    case .words: return nil
    }
  }

  /// About how many sentences of `count`.
  func estimate(of count: Int) -> Int {
    guard case .words(let words) = self else { return sentences(of: count) ?? count }
    return min(max(words / 5, 1), count)
  }

  /// What a part of a long text has of it; the parts together have all.
  func share(_ part: Range<Int>, of count: Int) -> SummaryLength {
    func cut(_ whole: Int) -> Int {
      let end = Double(whole) * Double(part.upperBound) / Double(count)
      return Int(end) - Int(Double(whole) * Double(part.lowerBound) / Double(count))
    }
    if case .words(let words) = self { return .words(cut(words)) }
    return .sentences(cut(sentences(of: count) ?? 0))
  }
}

/// A summary that consists of sentences of its text.
public struct Summary: Sendable {
  /// One of them.
  public struct Sentence: Sendable {
    /// Its place among the sentences of the text, from 0.
    public let index: Int
    /// On one line, in UTF-8.
    public let text: [UInt8]
    /// By which it was chosen; comparable within one text only. nil: it was written, not chosen.
    public let score: Double?
  }

  /// In the order of the text.
  public internal(set) var sentences: [Sentence]
  /// How many sentences the text has.
  public internal(set) var total: Int

  /// The sentences on one line, with spaces between them where they are not Chinese or Japanese.
  public var text: [UInt8] {
    var line: [UInt8] = []
    for sentence in sentences {
      if let last = line.last, last < 0x80 || sentence.text.first.map({ $0 < 0x80 }) == true {
        line.append(32)
      }
      line += sentence.text
    }
    return line
  }
}
