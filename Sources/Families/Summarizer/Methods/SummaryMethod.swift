import Files
import Glibc

/// Ways to choose the sentences of a summary.
public enum SummaryMethod: String, CaseIterable, Sendable {
  /// The first sentences.
  case lead
  /// By place: beginnings and ends of the text, first sentences of paragraphs (Baxendale 1958, Edmundson 1969).
  case position
  /// By phrases that announce what a text is about (Edmundson 1969).
  case cue
  /// By clusters of frequent words (Luhn 1958).
  case luhn
  /// By a walk over sentences that share words (Mihalcea and Tarau 2004).
  case textrank
  /// By a walk over sentences by the cosine of their words (Erkan and Radev 2004, its continuous form).
  case lexrank
  /// By latent topics, from a singular value decomposition (Steinberger and Ježek 2004).
  case lsa
  /// By probabilities of words, each of which counts less once it was said (Nenkova and Vanderwende 2005).
  case sumbasic
  /// By the divergence of the summary's words from the text's (KLSum, Haghighi and Vanderwende 2009).
  case kl
  /// By a linear model of features that was learned from summaries of people.
  case learned
}

extension SummaryMethod {
  /// Scores of all sentences, the higher the earlier chosen; of the methods that need nothing but the document.
  /// - Throws: ``/Files/AIGCError``: interrupted, failed where LAPACK refuses, usage for ``cue`` and ``learned``.
  func scores(_ document: SummaryDocument) throws(AIGCError) -> [Double] {
    switch self {
    case .lead: return document.sentences.indices.map { 1 / Double($0 + 1) }
    case .position: return positionScores(document)
    case .luhn: return luhnScores(document)
    case .textrank: return try SentenceGraph.overlaps(document).rank()
    case .lexrank: return try SentenceGraph.cosines(document).rank()
    case .lsa: return try latentScores(document)
    case .sumbasic: return try sumBasicScores(document)
    case .kl: return try divergenceScores(document)
    case .cue, .learned: throw .usage("`method` \(rawValue) needs more than a text")
    }
  }
}

func logarithm(_ value: Double) -> Double { log(value) }

/// Baxendale's places: a text's first sentence says most, then its last; first sentences of paragraphs say more.
private func positionScores(_ document: SummaryDocument) -> [Double] {
  let count = document.sentences.count
  return document.sentences.indices.map { index in
    let sentence = document.sentences[index]
    let isFirst = index == 0 || document.sentences[index - 1].paragraph != sentence.paragraph
    let fromEnds = max(1 / Double(index + 1), 0.6 / Double(count - index))
    return fromEnds + (isFirst ? 0.25 : 0)
  }
}

/// Luhn's significance: words that are there more than once (in long texts more often) stand in clusters with gaps of
/// at most four others; the best cluster's significant words, squared, over its length.
private func luhnScores(_ document: SummaryDocument) -> [Double] {
  let count = document.sentences.count
  // Luhn's thresholds, by the number of sentences.
  let least = count < 25 ? 2 : count < 40 ? 3 : 4
  return document.sentences.map { sentence in
    var (best, start, last, hits) = (0.0, 0, -1, 0)
    for (place, id) in sentence.sequence.enumerated()
    where id >= 0 && document.counts[Int(id)] >= least {
      if last < 0 || place - last > 5 { (start, hits) = (place, 0) }
      hits += 1
      last = place
      best = max(best, Double(hits * hits) / Double(last - start + 1))
    }
    return best
  }
}
