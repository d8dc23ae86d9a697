import Datasets
import Files
import Inference

extension TransferScorer {
  /// Groups of words that texts are made of where each is computed as a whole.
  private static let mostGroups = 64

  /// The state of each token is a part of their mean, so that its part of the score is exact; it goes to the words whose
  /// bytes the token has.
  func contributions(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) throws(AIGCError) -> [Double] {
    // Only a mean over the text's own tokens is a sum over words.
    guard case .languageModel(let model) = states.source, backbone.lastLayer == nil else {
      return try gains(text, words, to: label)
    }
    let tokens = try states.tokens(text, model).all
    guard !tokens.isEmpty, !words.isEmpty,
      let found = try model.hiddenStates(of: tokens, layer: backbone.layer)
    else { return [Double](repeating: 0, count: words.count) }
    var direction = [Float](repeating: 0, count: backbone.columns)
    let others = Float(configuration.scoreCount - 1)
    for score in 0..<configuration.scoreCount {
      let share: Float =
        configuration.scoreCount == 1
        ? (label == 1 ? 1 : -1) : score == label ? 1 : -1 / others
      for place in direction.indices {
        direction[place] += share * weights[score * backbone.columns + place]
      }
    }
    var result = [Double](repeating: 0, count: words.count)
    let places = wordPlaces(tokens, text, words, model)
    for token in 0..<found.count {
      var sum: Float = 0
      for (place, value) in found[token].enumerated() {
        sum += direction[place] * (value - mean[place])
      }
      result[places[token]] += Double(sum) / Double(found.count)
    }
    return result
  }

  /// What the score gains as words are put to the text one after the other, from its start and from its end, in the mean:
  /// two of the orders that Shapley values are the mean over (Štrumbelj and Kononenko 2014), each of which leaves nothing
  /// over. The words of long texts are put in groups.
  private func gains(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) throws(AIGCError) -> [Double] {
    let groups = min(words.count, Self.mostGroups)
    guard groups > 0 else { return [] }
    let firsts = (0...groups).map { $0 * words.count / groups }
    var texts = TextList()
    texts.append([])
    for first in firsts[1..<groups] {
      let start = text.startIndex + Int(words[first].start)
      let spaces = text[..<start].reversed().prefix { $0 <= 32 }.count
      texts.append(text[..<(start - spaces)])
      texts.append(text[start...])
    }
    texts.append(text)
    let (logits, classes) = (try logits(texts), configuration.classes.count)
    let margins = (0..<texts.count).map { row in
      let scores = logits[row * classes..<(row + 1) * classes].map { Double($0) }
      let others = scores.reduce(0, +) - scores[label]
      return scores[label] - others / Double(max(classes - 1, 1))
    }
    let (none, all) = (margins[0], margins[texts.count - 1])
    /// The margins of the words before a group, and of those from it on.
    func before(_ group: Int) -> Double {
      group == 0 ? none : group == groups ? all : margins[2 * group - 1]
    }
    func after(_ group: Int) -> Double {
      group == 0 ? all : group == groups ? none : margins[2 * group]
    }
    return (0..<groups).flatMap { group in
      let gain = before(group + 1) - before(group) + after(group) - after(group + 1)
      let count = firsts[group + 1] - firsts[group]
      return [Double](repeating: gain / 2 / Double(count), count: count)
    }
  }

  /// The word of each token: that which the token's last byte stands in, or the next one.
  private func wordPlaces(
    _ tokens: [Int32], _ text: ArraySlice<UInt8>, _ words: [TextWords.Word],
    _ model: any LanguageModel
  ) -> [Int] {
    var decoder = model.makeDecoder()
    var written = 0
    var ends: [Int] = []
    for token in tokens {
      written += decoder.append(token).count
      ends.append(written)
    }
    // Where tokens do not give the text byte for byte, their places are taken in proportion.
    let scale = Double(text.count) / Double(max(written, 1))
    var word = 0
    return ends.map { end in
      let place = Int((Double(end) * scale).rounded()) - 1
      while word < words.count - 1, Int(words[word].end) <= place { word += 1 }
      return word
    }
  }
}
