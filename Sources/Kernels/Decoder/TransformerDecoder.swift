import Files
import CKernels

/// A decoder with stored weights, for inference: reads tokens and scores the next one.
///
/// A value does not depend on the number of threads, and in ``step(_:scores:)`` not on the other
/// sequences of the batch. Prompts go another way than single tokens, which rounds differently.
public struct TransformerDecoder: Sendable {
  /// The weights of the model.
  public let weights: DecoderWeights
  /// Tokens of a prompt that are read at once.
  public static let batch = 512

  /// Creates a decoder with the given weights, which are not copied.
  public init(_ weights: DecoderWeights) { self.weights = weights }

  /// One more token for each of several sequences, eight at a time.
  /// - Parameters:
  ///   - entries: the tokens, each with its sequence's cache, which grows by one; all different.
  ///   - scores: resized to [entries, vocabulary]: unnormalised scores of the tokens that follow.
  public func step(_ entries: [(token: Int32, cache: KeyValueCache)], scores: inout [Float]) {
    resize(&scores, entries.count * weights.vocabulary)
    scores.withUnsafeMutableBufferPointer { scores in
      for first in stride(from: 0, to: entries.count, by: DecoderStep.largest) {
        let part = entries[first..<min(first + DecoderStep.largest, entries.count)]
        let rows = part.map { entry in
          check(entry.cache, 1)
          entry.cache.reserve(entry.cache.count + 1)
          return DecoderRow(cache: entry.cache, position: entry.cache.count)
        }
        run(
          rows, part.map { $0.token },
          logits: scores.baseAddress.map { $0 + first * weights.vocabulary },
          logitRows: rows.count)
        for entry in part { entry.cache.count += 1 }
      }
    }
  }

  /// Reads tokens of one sequence.
  /// - Parameters:
  ///   - tokens: any number, as long as the positions last.
  ///   - cache: of what stands before; it grows.
  public func read(_ tokens: [Int32], _ cache: KeyValueCache) { read(tokens, cache, logits: nil) }

  /// Reads tokens of one sequence, at least one.
  /// - Parameters:
  ///   - tokens: any number, as long as the positions last.
  ///   - cache: of what stands before; it grows.
  ///   - scores: resized to the vocabulary: unnormalised scores of what follows the last token.
  public func read(_ tokens: [Int32], _ cache: KeyValueCache, scores: inout [Float]) {
    resize(&scores, weights.vocabulary)
    scores.withUnsafeMutableBufferPointer { read(tokens, cache, logits: $0.baseAddress) }
  }

  private func read(
    _ tokens: [Int32], _ cache: KeyValueCache, logits: UnsafeMutablePointer<Float>?
  ) {
    guard !tokens.isEmpty else { return }
    check(cache, tokens.count)
    cache.reserve(cache.count + tokens.count)
    for first in stride(from: 0, to: tokens.count, by: Self.batch) {
      let part = Array(tokens[first..<min(first + Self.batch, tokens.count)])
      let target = first + part.count == tokens.count ? logits : nil
      if part.count <= DecoderStep.largest {
        let rows = part.indices.map { DecoderRow(cache: cache, position: cache.count + $0) }
        run(rows, part, logits: target, logitRows: target == nil ? 0 : 1)
      } else {
        readAtOnce(part, cache, logits: target)
      }
      cache.count += part.count
    }
  }

  private func readAtOnce(
    _ tokens: [Int32], _ cache: KeyValueCache, logits: UnsafeMutablePointer<Float>?
  ) {
    let memory = PoolMemory(tokens.count * weights.width)
    for (row, token) in tokens.enumerated() {
      embed(token, cache.count + row, memory.base + row * weights.width)
    }
    DecoderPrompt.run(weights, cache, rows: tokens.count, x: memory.base)
    guard let logits else { return }
    let last = tokens.count - 1
    DecoderStep.run(
      weights, [DecoderRow(cache: cache, position: cache.count + last)],
      x: memory.base + last * weights.width, firstLayer: weights.layers.count - 1, logits: logits,
      logitRows: 1)
  }

  private func run(
    _ rows: [DecoderRow], _ tokens: [Int32], logits: UnsafeMutablePointer<Float>?, logitRows: Int
  ) {
    let memory = PoolMemory(rows.count * weights.width)
    for (index, row) in rows.enumerated() {
      embed(tokens[index], row.position, memory.base + index * weights.width)
    }
    DecoderStep.run(weights, rows, x: memory.base, logits: logits, logitRows: logitRows)
  }

  func embed(_ token: Int32, _ position: Int, _ x: UnsafeMutablePointer<Float>) {
    require(
      token >= 0 && token < weights.vocabulary,
      "TransformerDecoder: a token outside of the vocabulary")
    let memory = PoolMemory(weights.width)
    weights.tokens.copyRow(Int(token), to: x)
    weights.positions.copyRow(position, to: memory.base)
    aigc_add(weights.width, x, memory.base, x)
  }

  func check(_ cache: KeyValueCache, _ count: Int) {
    require(
      cache.count + count <= weights.context && cache.layers == weights.layers.count
        && cache.heads == weights.heads && cache.headSize == weights.headSize,
      "TransformerDecoder: more tokens than positions, or another model's cache")
  }

  private func resize(_ scores: inout [Float], _ count: Int) {
    if scores.count != count { scores = [Float](repeating: 0, count: count) }
  }
}
