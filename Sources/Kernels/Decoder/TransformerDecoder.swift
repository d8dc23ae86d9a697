import CKernels
import Files

/// A decoder with stored weights, for inference: reads tokens and scores the next one.
///
/// A value depends neither on the number of threads, nor on the other sequences of a batch, nor on how a text is cut
/// into pieces that are read one after the other.
public struct TransformerDecoder: Sendable {
  /// The weights of the model.
  public let weights: DecoderWeights
  /// Tokens of a prompt that are read at once.
  public static let batch = 512
  /// Sequences that go through the layers together.
  private static let largestStep = 64

  /// Creates a decoder with the given weights, which are not copied.
  public init(_ weights: DecoderWeights) { self.weights = weights }

  private var shape: TransformerShape { weights.shape }

  /// One more token for each of several sequences.
  /// - Parameters:
  ///   - entries: the tokens, each with its sequence's cache, which grows by one; all different.
  ///   - scores: resized to [entries, vocabulary]: unnormalised scores of the tokens that follow.
  public func step(_ entries: [(token: Int32, cache: KeyValueCache)], scores: inout [Float]) {
    resize(&scores, entries.count * shape.vocabulary)
    scores.withUnsafeMutableBufferPointer { scores in
      for first in stride(from: 0, to: entries.count, by: Self.largestStep) {
        let part = entries[first..<min(first + Self.largestStep, entries.count)]
        let runs = part.enumerated().map { index, entry in
          check(entry.cache, 1)
          entry.cache.reserve(entry.cache.count + 1)
          return DecoderRun(
            cache: entry.cache, firstRow: index, count: 1, position: entry.cache.count)
        }
        run(
          runs, part.map { $0.token }, wanted: part.count,
          logits: scores.baseAddress.map { $0 + first * shape.vocabulary })
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
    resize(&scores, shape.vocabulary)
    scores.withUnsafeMutableBufferPointer { read(tokens, cache, logits: $0.baseAddress) }
  }

  /// Reads some tokens of one sequence in one pass, and scores what follows each of them.
  /// - Parameters:
  ///   - tokens: at most ``batch``, as long as the positions last.
  ///   - cache: of what stands before; it grows.
  ///   - scores: where it is smaller, it is made to hold [tokens, vocabulary]: those that ``read(_:_:scores:)`` would have
  ///     given behind each token, to the last bit.
  public func read(_ tokens: [Int32], _ cache: KeyValueCache, allScores scores: inout [Float]) {
    require(tokens.count <= Self.batch, "TransformerDecoder: more tokens than one pass takes")
    let count = tokens.count * shape.vocabulary
    if scores.count < count { scores = [Float](repeating: 0, count: count) }
    scores.withUnsafeMutableBufferPointer { scores in
      inParts(tokens, cache) { part, run, _ in
        self.run([run], part, wanted: part.count, logits: scores.baseAddress)
      }
    }
  }

  private func read(
    _ tokens: [Int32], _ cache: KeyValueCache, logits: UnsafeMutablePointer<Float>?
  ) {
    inParts(tokens, cache) { part, run, isLast in
      let target = isLast ? logits : nil
      self.run([run], part, wanted: target == nil ? 0 : 1, logits: target)
    }
  }

  private func inParts<Failure: Error>(
    _ tokens: [Int32], _ cache: KeyValueCache,
    _ body: ([Int32], DecoderRun, Bool) throws(Failure) -> Void
  ) throws(Failure) {
    check(cache, tokens.count)
    cache.reserve(cache.count + tokens.count)
    for first in stride(from: 0, to: tokens.count, by: Self.batch) {
      let part = Array(tokens[first..<min(first + Self.batch, tokens.count)])
      let run = DecoderRun(cache: cache, firstRow: 0, count: part.count, position: cache.count)
      try body(part, run, first + part.count == tokens.count)
      cache.count += part.count
    }
  }

  private func run(
    _ runs: [DecoderRun], _ tokens: [Int32], wanted: Int, logits: UnsafeMutablePointer<Float>?
  ) {
    let memory = PoolMemory(tokens.count * shape.width)
    embed(runs, tokens, memory.base)
    DecoderPass.run(
      weights, runs, x: memory.base, layers: 0..<shape.layers, wanted: wanted, logits: logits)
  }

  /// [rows, width]: the embeddings, with their positions where these are learned.
  private func embed(_ runs: [DecoderRun], _ tokens: [Int32], _ x: UnsafeMutablePointer<Float>) {
    let width = shape.width
    let memory = PoolMemory(width)
    for run in runs {
      for index in 0..<run.count {
        let (token, line) = (tokens[run.firstRow + index], x + (run.firstRow + index) * width)
        require(
          token >= 0 && token < shape.vocabulary,
          "TransformerDecoder: a token outside of the vocabulary")
        weights.embeddings.copyRow(Int(token), to: line)
        if shape.embeddingScale != 1 {
          aigc_scale_add(width, shape.embeddingScale, 0, line, line)
        }
        if let positions = weights.positions {
          positions.copyRow(run.position + index, to: memory.base)
          aigc_add(width, line, memory.base, line)
        }
      }
    }
  }

  private func check(_ cache: KeyValueCache, _ count: Int) {
    require(
      cache.count + count <= shape.context && cache.layers == shape.layers
        && cache.heads == shape.keyValueHeads && cache.headSize == shape.headSize,
      "TransformerDecoder: more tokens than positions, or another model's cache")
  }

  private func resize(_ scores: inout [Float], _ count: Int) {
    if scores.count != count { scores = [Float](repeating: 0, count: count) }
  }
}

// MARK: Whole texts

extension TransformerDecoder {
  /// Rows whose scores are in memory at a time.
  private static let scoredRows = 64

  /// Reads tokens of one sequence, and says how likely each next one was.
  /// - Parameters:
  ///   - tokens: any number, as long as the positions last.
  ///   - targets: for each of them the token that follows; below 0: of no interest.
  ///   - cache: of what stands before; it grows.
  /// - Returns: natural logarithms of probabilities, those that ``read(_:_:scores:)`` would have given; 0 where
  ///   no target is.
  public func logProbabilities(
    _ tokens: [Int32], targets: [Int32], _ cache: KeyValueCache
  ) -> [Float] {
    require(targets.count == tokens.count, "TransformerDecoder: a target for each token")
    var result: [Float] = []
    inParts(tokens, cache) { part, run, _ in
      result += logProbabilities(
        [run], part, targets: Array(targets[result.count..<result.count + part.count]))
    }
    return result
  }

  /// The same of several texts, each from its start, short ones of them together.
  /// - Parameters:
  ///   - texts: tokens with the ones that follow, as for ``logProbabilities(_:targets:_:)``.
  ///   - type: how keys and values are kept.
  /// - Returns: for each text those of its targets: the same that it would have alone.
  public func logProbabilities(
    _ texts: [(tokens: [Int32], targets: [Int32])], type: CacheType
  ) -> [[Float]] {
    var result: [[Float]] = []
    while result.count < texts.count {
      let first = result.count
      var (last, rows) = (first, 0)
      while last < texts.count, rows + texts[last].tokens.count <= Self.batch {
        rows += texts[last].tokens.count
        last += 1
      }
      guard last > first + 1, rows > 0 else {
        let cache = KeyValueCache(for: weights, type: type)
        result.append(logProbabilities(texts[first].tokens, targets: texts[first].targets, cache))
        continue
      }
      result += together(texts[first..<last], type)
    }
    return result
  }

  /// Scores of all tokens behind each one of a text.
  /// - Parameters:
  ///   - tokens: any number, as long as the positions last.
  ///   - first: the first place whose scores are wanted.
  ///   - cache: of what stands before; it grows.
  ///   - body: gets them in order, [rows, vocabulary]: those that ``read(_:_:scores:)`` would have given.
  /// - Throws: what `body` throws.
  public func logits<Failure: Error>(
    _ tokens: [Int32], from first: Int, _ cache: KeyValueCache,
    _ body: ([Float]) throws(Failure) -> Void
  ) throws(Failure) {
    let start = cache.count + first
    try inParts(tokens, cache) { (part, run, _) throws(Failure) in
      let x = states([run], part)
      for row in stride(
        from: max(0, start - run.position), to: part.count, by: Self.scoredRows)
      {
        let count = min(Self.scoredRows, part.count - row)
        var scores = [Float](repeating: 0, count: count * shape.vocabulary)
        scores.withUnsafeMutableBufferPointer {
          head(x.base + row * shape.width, run.cache, rows: count, logits: $0.baseAddress)
        }
        try body(scores)
      }
    }
  }

  /// [tokens, width]: what the last layer gives.
  private func states(_ runs: [DecoderRun], _ tokens: [Int32]) -> PoolMemory {
    let x = PoolMemory(tokens.count * shape.width)
    embed(runs, tokens, x.base)
    DecoderPass.run(
      weights, runs, x: x.base, layers: 0..<shape.layers, wanted: tokens.count, logits: nil)
    return x
  }

  /// The head looks at no keys, so rows of several texts may stand as one.
  private func head(
    _ x: UnsafeMutablePointer<Float>, _ cache: KeyValueCache, rows: Int,
    logits: UnsafeMutablePointer<Float>?
  ) {
    DecoderPass.run(
      weights, [DecoderRun(cache: cache, firstRow: 0, count: rows, position: 0)], x: x,
      layers: shape.layers..<shape.layers, wanted: rows, logits: logits)
  }

  private func together(
    _ texts: ArraySlice<(tokens: [Int32], targets: [Int32])>, _ type: CacheType
  ) -> [[Float]] {
    var (runs, tokens, targets): ([DecoderRun], [Int32], [Int32]) = ([], [], [])
    for text in texts where !text.tokens.isEmpty {
      require(
        text.targets.count == text.tokens.count, "TransformerDecoder: a target for each token")
      let cache = KeyValueCache(for: weights, type: type)
      check(cache, text.tokens.count)
      cache.reserve(text.tokens.count)
      runs.append(
        DecoderRun(cache: cache, firstRow: tokens.count, count: text.tokens.count, position: 0))
      tokens += text.tokens
      targets += text.targets
    }
    let all = logProbabilities(runs, tokens, targets: targets)
    var first = 0
    return texts.map { text in
      defer { first += text.tokens.count }
      return Array(all[first..<first + text.tokens.count])
    }
  }

  private func logProbabilities(
    _ runs: [DecoderRun], _ tokens: [Int32], targets: [Int32]
  ) -> [Float] {
    let x = states(runs, tokens)
    var result: [Float] = []
    for first in stride(from: 0, to: tokens.count, by: Self.scoredRows) {
      let rows = first..<min(first + Self.scoredRows, tokens.count)
      guard targets[rows].contains(where: { $0 >= 0 }) else {
        result += [Float](repeating: 0, count: rows.count)
        continue
      }
      result += logProbabilities(
        x.base + first * shape.width, runs[0].cache, targets: Array(targets[rows]))
    }
    return result
  }

  /// - Parameter x: [targets, width], what the last layer gave.
  private func logProbabilities(
    _ x: UnsafeMutablePointer<Float>, _ cache: KeyValueCache, targets: [Int32]
  ) -> [Float] {
    let vocabulary = shape.vocabulary
    let memory = PoolMemory(targets.count * vocabulary)
    nonisolated(unsafe) let logits = memory.base
    head(x, cache, rows: targets.count, logits: logits)
    return parallelValues(targets.count, block: 1) { row in
      guard targets[row] >= 0 else { return 0 }
      let line = logits + row * vocabulary
      aigc_log_softmax(1, vocabulary, line, line)
      return line[Int(targets[row])]
    }
  }

  /// The states of all tokens of a text after some of the layers, as transformers' `hidden_states`: 0 for the
  /// embeddings; the last ones are normalised.
  /// - Parameters:
  ///   - tokens: at most as many as there are positions.
  ///   - layers: from 0 to the number of layers.
  /// - Returns: for each of `layers` [tokens, width].
  public func states(_ tokens: [Int32], after layers: [Int]) -> [[Float]] {
    let width = shape.width
    let cache = KeyValueCache(for: weights, type: .f32)
    var found: [Int: [Float]] = [:]
    inParts(tokens, cache) { part, run, _ in
      let x = PoolMemory(part.count * width)
      embed([run], part, x.base)
      var done = 0
      for layer in Set(layers).sorted() {
        if layer > done {
          DecoderPass.run(
            weights, [run], x: x.base, layers: done..<layer, wanted: part.count, logits: nil)
          done = layer
        }
        if layer == shape.layers {
          weights.norm.apply(shape, rows: part.count, x.base, x.base)
        }
        found[layer, default: []] += UnsafeBufferPointer(start: x.base, count: part.count * width)
      }
    }
    return layers.map { found[$0] ?? [] }
  }
}
