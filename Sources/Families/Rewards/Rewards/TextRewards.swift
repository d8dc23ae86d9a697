import Datasets
import Files
import Inference

/// The probability that a classifier gives to a class.
struct ClassReward: CompletionReward {
  let name = "sentiment"
  private let classifier: TextClassifier
  private let label: Int

  /// - Parameter argument: a class of the bundled classifier of sentiment, "" for "positive"; "MODEL:CLASS".
  init(_ argument: String) throws(AIGCError) {
    let colon = argument.lastIndex(of: ":")
    let path = try Self.path(colon.map { String(argument[..<$0]) })
    let label = colon.map { String(argument[argument.index(after: $0)...]) } ?? argument
    guard try family(of: path) is TextClassifierFamily else {
      throw .mismatch("\(path): no classifier of texts, which a reward of this kind needs")
    }
    classifier = try TextClassifier(folder: path)
    let wanted = label.isEmpty ? "positive" : label
    guard let index = classifier.classes.firstIndex(of: wanted) else {
      throw .usage(
        "`rewards` sentiment: \(path) has no class '\(printable(wanted))'; it has: "
          + classifier.classes.map { printable($0) }.joined(separator: ", "))
    }
    self.label = index
  }

  private static func path(_ model: String?) throws(AIGCError) -> String {
    let store = ModelStore.standard()
    guard let model else {
      // The bundled one, whatever was trained since: a run that goes on has the same reward.
      let bundled = ModelStore(folders: store.folders.filter { $0.place == .bundled })
      return try bundled.defaultModel(kind: "sentiment").path
    }
    return try store.resolve(model)
  }

  func scores(_ completions: [Completion]) throws(AIGCError) -> [Double] {
    let probabilities = try classifier.probabilities(TextList(completions.map { $0.text }))
    let classes = classifier.classes.count
    return completions.indices.map { Double(probabilities[$0 * classes + label]) }
  }
}

/// The share of a list's words that occur in the text: each counts once, so that repeating one gains nothing.
struct WordsReward: CompletionReward {
  let name = "words"
  private let words: Set<String>
  private static let most = 100_000

  /// - Parameter argument: words with commas between them, or a file with one a line.
  init(_ argument: String) throws(AIGCError) {
    var found: [String] = []
    if fileExists(argument), !isFolder(argument) {
      var lines = try TextLines(path: argument)
      while let line = try lines.next() {
        found.append(String(decoding: line, as: UTF8.self))
        guard found.count <= Self.most else {
          throw .badInput("\(argument): more than \(Self.most) lines are no list of words")
        }
      }
    } else {
      found = argument.split(separator: ",").map(String.init)
    }
    words = Set(found.map { Self.trimmed($0).lowercased() }.filter { !$0.isEmpty })
    guard !words.isEmpty else { throw .usage("`rewards` words:\(printable(argument)): no words") }
    // Words are looked up in the text as it is cut; one that is cut itself would never be found.
    for word in words.sorted() where Self.words(of: word) != [word] {
      throw .usage("`rewards` words: '\(printable(word))' is no single word")
    }
  }

  private static func trimmed(_ text: String) -> String {
    let parts = text.split(whereSeparator: { $0.isWhitespace })
    return parts.joined(separator: " ")
  }

  /// Runs of letters, digits and apostrophes, in lower case.
  static func words(of text: String) -> [String] {
    text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'" || $0 == "’") }
      .map(String.init)
  }

  func scores(_ completions: [Completion]) throws(AIGCError) -> [Double] {
    completions.map { completion in
      Double(Set(Self.words(of: completion.text)).intersection(words).count) / Double(words.count)
    }
  }
}

/// 1 where the number of words lies in a range; outside it falls in a straight line, to 0 at no words and at
/// twice the range's end.
struct LengthReward: CompletionReward {
  let name = "length"
  private let range: ClosedRange<Int>

  /// - Parameter argument: "40-80" or "40".
  init(_ argument: String) throws(AIGCError) {
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
      low >= 1, low <= high, high <= 1 << 20
    else {
      throw .usage(
        "`rewards` length:\(printable(argument)): a number of words from 1, or two with - between them"
      )
    }
    range = low...high
  }

  func scores(_ completions: [Completion]) throws(AIGCError) -> [Double] {
    completions.map { completion in
      let count = completion.text.split(whereSeparator: { $0.isWhitespace }).count
      if range.contains(count) { return 1 }
      let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
      return count < range.lowerBound
        ? Double(count) / low : max(0, 2 - Double(count) / high)
    }
  }
}

/// 1 where the text holds a match of a regular expression, else 0.
struct FormatReward: CompletionReward {
  let name = "format"
  private let expression: RegularExpression

  init(_ pattern: String) throws(AIGCError) { expression = try RegularExpression(pattern) }

  func scores(_ completions: [Completion]) throws(AIGCError) -> [Double] {
    var scores: [Double] = []
    for completion in completions {
      try Interruption.check()
      scores.append(expression.matches(completion.text) ? 1 : 0)
    }
    return scores
  }
}
