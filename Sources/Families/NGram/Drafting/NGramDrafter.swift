import Datasets
import Files
import Glibc
import Inference

/// Drafts by an n-gram model of a tokenizer's ids: its likeliest word, again and again, while it is sure of it.
struct NGramDrafter: TokenDrafter {
  private var session: NGramSession
  private let words: TokenWords
  /// What it drafts is at least as likely.
  private static let least = 0.2

  init(_ model: NGramLanguageModel, _ words: TokenWords) {
    session = NGramSession(model: model)
    self.words = words
  }

  mutating func append(_ token: Int32) { session.append(words.word(of: token)) }

  mutating func draft(_ count: Int) -> [DraftToken] {
    var ahead = session
    var result: [DraftToken] = []
    while result.count < count, let best = ahead.best(1)?.first {
      let probability = Double(expf(best.logit))
      guard probability >= Self.least, let id = words.id(of: best.id) else { break }
      result.append(DraftToken(id: id, probability: probability))
      ahead.append(best.id)
    }
    return result
  }
}

/// The words of an n-gram model for the ids of a tokenizer, and back.
final class TokenWords: Sendable {
  private let ids: [Int32?]
  private let words: [Int32: Int32]

  init(_ ids: [Int32?]) {
    self.ids = ids
    var words: [Int32: Int32] = [:]
    for (word, id) in ids.enumerated() {
      if let id { words[id] = Int32(truncatingIfNeeded: word) }
    }
    self.words = words
  }

  func id(of word: Int32) -> Int32? { ids.indices.contains(Int(word)) ? ids[Int(word)] : nil }

  /// `<unk>` for an id that was never seen.
  func word(of id: Int32) -> Int32 { words[id] ?? Int32(NGramCounts.unknown) }
}

extension NGramLanguageModel {
  /// Its likeliest tokens, of a model that counted the ids of a tokenizer.
  /// - Throws: ``/Files/AIGCError``: usage for a model of words, mismatch where the tokenizer is not that of `model`.
  public func draftSource(for model: any LanguageModel) throws(AIGCError) -> DraftSource {
    guard let tokenIds else {
      throw .usage(
        "`draft`: an n-gram model of words drafts nothing, one of the model's tokens does: "
          + "'aigc train ngram TEXT --tokenizer MODEL'")
    }
    guard model.hasTokens(of: tokenIds.tokenizer) else { throw .otherDraftTokens }
    let words = TokenWords(TokenIds.ids(of: table.vocabulary))
    return DraftSource(cost: 0) { NGramDrafter(self, words) }
  }
}
