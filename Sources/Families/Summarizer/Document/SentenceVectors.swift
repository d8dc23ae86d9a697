import Datasets
import Files

/// Vectors of sentences by a model that makes vectors of texts: what sentences have in common beside their words.
public struct SentenceVectors: Sendable {
  /// The model's name or path.
  public let name: String
  /// Values of a vector.
  public var width: Int { embedder.width }
  private let embedder: any TextEmbedder

  /// Opens an encoder or a language model by its name or path.
  /// - Throws: ``/Files/AIGCError``: as ``loadEmbedder(_:_:)`` and ``embedderPath(_:)``.
  public init(_ nameOrPath: String) throws(AIGCError) {
    name = nameOrPath
    var options = EmbeddingOptions()
    options.normalizes = true
    embedder = try loadEmbedder(embedderPath(nameOrPath), options)
  }

  /// The sentences' vectors, of length 1.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged weights, interrupted.
  func vectors(of document: SummaryDocument) throws(AIGCError) -> [[Float]] {
    var texts: [Table<UInt8>] = []
    for sentence in document.sentences { texts.append(try Table(sentence.text)) }
    return try embedder.embed(texts, batch: 32) { "sentence \($0 + 1)" }
  }
}
