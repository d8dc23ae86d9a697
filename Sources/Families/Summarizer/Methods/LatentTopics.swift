import Files
import Kernels

/// How far each sentence reaches into the text's main topics: the length of its row of V Σ² in the singular value
/// decomposition U Σ Vᵀ of terms by sentences, over the topics whose singular value is at least half the largest
/// (Steinberger and Ježek 2004). V and Σ² are the eigenvectors and eigenvalues of the sentences' products, by LAPACK.
/// - Throws: ``/Files/AIGCError``: interrupted, failed where LAPACK refuses.
func latentScores(_ document: SummaryDocument) throws(AIGCError) -> [Double] {
  let count = document.sentences.count
  guard count > 1 else { return [Double](repeating: 1, count: count) }
  var vectors: [[(id: Int32, weight: Double)]] = []
  for sentence in document.sentences {
    vectors.append(
      sentence.terms.map { ($0.id, Double($0.count) * document.rarity($0.id)) })
  }
  var gram = try SentenceGraph(vectors, terms: document.termCount).weights
  for (index, vector) in vectors.enumerated() {
    gram[index * count + index] = vector.reduce(0) { $0 + $1.weight * $1.weight }
  }
  try Interruption.check()
  guard let (values, columns) = SymmetricMatrix.eigenvectors(of: gram, size: count) else {
    throw .failed("the text's sentences have no singular values")
  }
  let largest = values.last ?? 0
  guard largest > 0 else { return [Double](repeating: 0, count: count) }
  let topics = (0..<count).filter { values[$0] >= largest / 4 }
  return (0..<count).map { row in
    topics.reduce(0) { sum, topic in
      let reach = values[topic] * columns[row * count + topic]
      return sum + reach * reach
    }.squareRoot() / largest
  }
}
