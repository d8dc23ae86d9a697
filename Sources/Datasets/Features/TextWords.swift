import Files

/// The words of a text as classifiers of texts see them: in lower case, marks each by itself, `n't` and `'s` apart
/// from the word before, characters of Chinese and of other scripts without spaces one by one.
public struct TextWords: Sendable {
  /// A word.
  public struct Word: Sendable {
    /// Of the word in lower case. Part of the format of model files.
    public var hash: UInt64
    /// Its place among the bytes of the text.
    public var start: Int32
    /// The place behind its last byte.
    public var end: Int32
    /// What it does to the words after it.
    public var role: Role
  }

  /// What a word does to those after it.
  public enum Role: UInt8, Sendable {
    case none
    /// It turns round what the next words say: "not", "without", 不.
    case negation
    /// What was turned round is so no longer: punctuation, "but".
    case boundary
  }

  /// Whether all words were read.
  public private(set) var isWhole = true

  /// In the order of the text.
  public private(set) var words: [Word] = []

  /// What lies behind so many words of a text is not read: a book as one line would need memory without bound.
  public static let most = 1 << 18

  /// Cuts a text; what is not UTF-8 counts as punctuation.
  public init(_ text: ArraySlice<UInt8>) {
    words.reserveCapacity(min(text.count / 5, Self.most))
    text.withCursors { start, end in
      var cutter = WordCutter(start, end)
      while words.count < Self.most, let word = cutter.next() { words.append(word) }
      isWhole = words.count < Self.most || cutter.next() == nil
    }
  }

  /// The words themselves, in lower case.
  /// - Parameter text: what they were cut from.
  public static func strings(_ text: ArraySlice<UInt8>) -> [String] {
    TextWords(text).words.map { word in
      let bytes = text[text.startIndex + Int(word.start)..<text.startIndex + Int(word.end)]
      return folded(String(decoding: bytes, as: UTF8.self))
    }
  }

  private static func folded(_ word: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in word.unicodeScalars {
      let value = scalar.value == 0x2019 ? 39 : FoldedScalars.read(scalar.value).lower
      if let lower = Unicode.Scalar(value) { result.append(lower) }
    }
    return String(result)
  }

  /// The hash of a word in lower case: that of ``Word/hash``.
  public static func hash(of word: String) -> UInt64 {
    var state = WordState()
    for scalar in word.unicodeScalars { state.add(scalar.value) }
    return state.hash
  }
}

/// The hash of a word while it is read: FNV-1a over its characters, mixed at the end.
struct WordState {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  mutating func add(_ scalar: UInt32) {
    state = (state ^ UInt64(scalar)) &* 0x0000_0100_0000_01B3
  }

  @inline(__always)
  var hash: UInt64 { mixed(state) }
}

/// The finalizer of SplitMix64 (Steele et al. 2014): every bit depends on every other.
@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

extension TextWords {
  private static let negations: Set<UInt64> = Set(
    [
      "not", "n't", "no", "never", "neither", "nor", "without", "hardly", "barely", "scarcely",
      "cannot", "nothing", "nobody", "none", "nowhere", "dont", "doesnt", "didnt", "isnt", "wasnt",
      "arent", "werent", "wont", "cant", "couldnt", "wouldnt", "shouldnt", "aint", "不", "没", "沒",
      "无", "無", "未", "别", "別", "莫", "勿", "非",
    ].map { hash(of: $0) })
  private static let boundaries: Set<UInt64> = Set(
    ["but", "however", "although", "though", "yet", "但", "却", "卻"].map { hash(of: $0) })

  static func role(_ hash: UInt64) -> Role {
    negations.contains(hash) ? .negation : boundaries.contains(hash) ? .boundary : .none
  }
}
