import Datasets
import Files

/// Whose conventions a ROUGE follows (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004).
///
/// Both cut texts into the same words (`Datasets/Text/Words/ScriptWords.swift`): runs of a to z and digits in small letters,
/// which is all that either program sees; and, where both would see nothing, words of other scripts and each
/// Chinese or Japanese character. Both take the best reference by F1, for each measure apart, where several are given.
/// Neither resamples: figures are means over texts.
public enum RougeMode: String, CaseIterable, Sendable {
  /// The package rouge-score: ROUGE-L looks at a text as one sentence, ROUGE-Lsum at the lines of it; stems are those of
  /// NLTK's default rules.
  case google
  /// The script ROUGE-1.5.5: its ROUGE-L is that of whole summaries, by lines, and so ROUGE-L and ROUGE-Lsum are one;
  /// stems are those of Porter's own program. Not taken over: its sum over several references (`-f A`), its
  /// limits of length (`-l`, `-b`), stop words (`-s`), resampling (`-c`, `-r`), and WordNet's exceptions.
  case rouge155
}

/// How texts are compared.
public struct RougeOptions: Sendable {
  /// Whose conventions are followed.
  public var mode = RougeMode.google
  /// Whether words of more than three letters are compared by their stems.
  public var isStemmed = false

  /// Creates the options of rouge-score without stems.
  public init() {}

  /// Creates options.
  public init(mode: RougeMode = .google, isStemmed: Bool) {
    (self.mode, self.isStemmed) = (mode, isStemmed)
  }
}

/// Numbers for the words of the texts that are compared.
public struct RougeVocabulary {
  private var ids: [[UInt8]: Int32] = [:]
  private var stems: [[UInt8]: Int32] = [:]
  private let options: RougeOptions
  private let stemmer: PorterStemmer
  private let words = ScriptWords(.rouge)

  /// Creates an empty vocabulary.
  public init(_ options: RougeOptions) {
    self.options = options
    stemmer = PorterStemmer(options.mode == .google ? .nltk : .martin)
  }

  /// The words of a text, numbered.
  public mutating func read(_ text: [UInt8]) -> RougeText {
    var lines: [[Int32]] = []
    for line in text.split(separator: 10) {
      var tokens: [Int32] = []
      words.scan(text, line.startIndex..<line.endIndex) { word, _ in tokens.append(id(word)) }
      lines.append(tokens)
    }
    return RougeText(lines: lines)
  }

  private mutating func id(_ word: [UInt8]) -> Int32 {
    if let known = ids[word] { return known }
    let isStemmed = options.isStemmed && word.count > 3 && word.allSatisfy { $0 < 0x80 }
    let stem = isStemmed ? stemmer.stem(word) : word
    let id = stems[stem] ?? Int32(stems.count)
    stems[stem] = id
    ids[word] = id
    return id
  }
}

/// A text as ROUGE sees it.
public struct RougeText: Sendable {
  /// The words of each line that is not empty.
  public let lines: [[Int32]]
  /// All words in order.
  public let words: [Int32]
  /// How often each word, and each pair of words that follow each other, is there.
  let counts: [Int32: Int]
  let pairs: [UInt64: Int]

  init(lines: [[Int32]]) {
    self.lines = lines
    let words = lines.count == 1 ? lines[0] : lines.flatMap { $0 }
    var counts: [Int32: Int] = [:]
    var pairs: [UInt64: Int] = [:]
    for (index, word) in words.enumerated() {
      counts[word, default: 0] += 1
      if index > 0 { pairs[Self.pair(words[index - 1], word), default: 0] += 1 }
    }
    (self.words, self.counts, self.pairs) = (words, counts, pairs)
  }

  private static func pair(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }
}
