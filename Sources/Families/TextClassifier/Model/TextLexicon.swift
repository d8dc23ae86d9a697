import Datasets
import Files

/// Words with weights of a user's own, as VADER's lexicon has them: a line is the word, a tab and its weight; what
/// stands behind another tab is not read. A word's weight is added to the difference of the scores of positive and
/// negative, and taken from it where a negation turns the word round.
public struct TextLexicon: Sendable {
  private let weights: [UInt64: Double]
  private let features: TextFeatures

  /// - Throws: ``/Files/AIGCError`` (badInput) that names the line for what cannot be read.
  public init(path: String) throws(AIGCError) {
    let text = try readText(path: path)
    var weights: [UInt64: Double] = [:]
    for (number, line) in lines(of: text).enumerated() where !line.isEmpty {
      let fields = line.split(separator: 9, maxSplits: 2, omittingEmptySubsequences: false)
      let words = fields.first.map { TextWords($0).words } ?? []
      guard fields.count > 1, !words.isEmpty,
        let weight = Double(String(decoding: fields[1], as: UTF8.self)), abs(weight) <= 1000
      else {
        throw .badInput("\(path): line \(number + 1): a word, a tab and a weight are needed")
      }
      // A phrase counts as a whole.
      weights[TextFeatures.hash(words[...])] = weight
    }
    self.weights = weights
    features = TextFeatures()
  }

  /// What each word adds to the difference of positive and negative.
  func contributions(_ words: [TextWords.Word]) -> [Double] {
    var result = [Double](repeating: 0, count: words.count)
    for (index, isNegated) in features.negated(words).enumerated() {
      for last in index..<min(words.count, index + 4) {
        guard let weight = weights[TextFeatures.hash(words[index...last])] else { continue }
        let share = weight * (isNegated ? -Double(features.negation) : 1) / Double(last - index + 1)
        for word in index...last { result[word] += share }
      }
    }
    return result
  }
}
