import Datasets
import Files
import Kernels

/// How vectors of texts are made of a model's states, where the user does not leave it to the model.
public struct EmbeddingOptions: Equatable, Sendable {
  /// nil: as the model's files say, else the mean.
  public var pooling: StatePooling?
  /// Whether vectors have the length 1; nil: as the model's files say.
  public var normalizes: Bool?
  /// The most tokens of a text; nil: as the model's files say.
  public var context: Int?
  /// How the inputs of products with weights of few bits are taken; nil: in 32 bits, by
  /// language models in eight.
  public var activations: ActivationType?

  /// Creates the options that leave all to the model.
  public init() {}
}

/// A model that makes one vector of each text, whose directions say how alike texts are.
public protocol TextEmbedder: Sendable {
  /// Values of a vector.
  var width: Int { get }
  /// The most tokens of a text, those around it among them; what is behind them does not count.
  var limit: Int { get }

  /// The tokens of a text, at most ``limit``.
  /// - Parameters:
  ///   - text: its bytes.
  ///   - name: the text, for messages.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that are no text.
  func tokens(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32]

  /// A vector for each text. It does not depend on the other texts.
  /// - Parameter texts: tokens, at least one of each and at most ``limit``.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged weights, interrupted.
  func vectors(_ texts: [[Int32]]) throws(AIGCError) -> [[Float]]
}

extension TextEmbedder {
  /// A vector for each text, made in the order of their lengths.
  /// - Parameters:
  ///   - texts: the bytes of each.
  ///   - batch: texts that go through the model together, of about one length; at least one.
  ///   - name: of a text by its number from 0, for messages.
  /// - Throws: ``/Files/AIGCError``: as ``tokens(of:name:)`` and ``vectors(_:)``.
  public func embed(
    _ texts: [Table<UInt8>], batch: Int = 256, name: (Int) -> String
  ) throws(AIGCError) -> [[Float]] {
    var tokens: [[Int32]] = []
    tokens.reserveCapacity(texts.count)
    for (index, text) in texts.enumerated() {
      try Interruption.check(at: index)
      tokens.append(try self.tokens(of: text, name: name(index)))
    }
    let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
    var result = [[Float]](repeating: [], count: texts.count)
    for first in stride(from: 0, to: order.count, by: max(1, batch)) {
      let part = order[first..<min(first + max(1, batch), order.count)]
      for (index, vector) in zip(part, try vectors(part.map { tokens[$0] })) {
        result[index] = vector
      }
    }
    return result
  }
}

/// A text among others that is like another one.
public struct SimilarText: Equatable, Sendable {
  /// Its number among them, from 0.
  public var index: Int
  /// The cosine of the angle between the vectors: 1 for the same direction.
  public var cosine: Float

  /// The nearest vectors, the nearest first; of equal ones the first.
  /// - Parameters:
  ///   - query: what they are compared with.
  ///   - vectors: of the same number of values.
  ///   - count: how many at most.
  public static func nearest(
    to query: [Float], among vectors: [[Float]], count: Int
  ) -> [SimilarText] {
    var query = query
    normalizeVector(&query)
    let all = vectors.enumerated().map { index, vector in
      var vector = vector
      normalizeVector(&vector)
      var sum: Float = 0
      for place in 0..<min(vector.count, query.count) { sum += vector[place] * query[place] }
      return SimilarText(index: index, cosine: sum)
    }
    return Array(
      all.sorted { ($0.cosine, $1.index) > ($1.cosine, $0.index) }.prefix(max(0, count)))
  }
}
