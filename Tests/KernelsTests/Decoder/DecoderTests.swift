import CKernels
import Files
import Testing

@testable import Kernels

/// The decoder against the definitions, and against itself in other company.
@Suite(.serialized) struct DecoderTests {
  private static func shape(_ name: String) -> TransformerShape {
    switch name {
    case "gpt2":
      var shape = TransformerShape(
        vocabulary: 37, context: 200, width: 24, layers: 3, heads: 3, inner: 70, positions: .learned
      )
      (shape.norm, shape.isGated, shape.activation) = (.layer, false, .geluTanh)
      (shape.hasQueryKeyValueBias, shape.hasOutputBias, shape.hasInnerBias) = (true, true, true)
      return shape
    case "llama":
      let scaling = RotaryScaling.llama3(factor: 4, low: 1, high: 4, original: 32)
      var shape = TransformerShape(
        vocabulary: 67, context: 200, width: 40, layers: 2, heads: 6, keyValueHeads: 2,
        headSize: 10,
        inner: 90, positions: .rotary(RotaryEmbedding(base: 1000, scaling: scaling)))
      shape.hasQueryKeyValueBias = true
      return shape
    default:
      var shape = TransformerShape(
        vocabulary: 130, context: 200, width: 36, layers: 4, heads: 4, keyValueHeads: 1,
        headSize: 68,
        inner: 33,
        positions: .rotary(RotaryEmbedding(base: 5000, localBase: 100, scaling: .linear(factor: 2)))
      )
      (shape.norm, shape.activation) = (.rms(addsOne: true), .geluTanh)
      (shape.normalizesHeads, shape.hasSandwichNorms, shape.embeddingScale) = (true, true, 6)
      (shape.window, shape.windowPattern, shape.attentionScale) = (70, 3, 0.2)
      return shape
    }
  }

  private static func tokens(_ count: Int, _ shape: TransformerShape, seed: Int = 1) -> [Int32] {
    (0..<count).map { Int32(($0 * $0 * 7 + $0 * 3 + seed * 11) % shape.vocabulary) }
  }

  @Test(arguments: [("gpt2", StoredType.bf16), ("llama", .f16), ("gemma3", .f32)])
  func definitions(_ name: String, _ type: StoredType) throws {
    let naive = NaiveDecoder(Self.shape(name), type: type, seed: 5)
    let decoder = try naive.decoder()
    let tokens = Self.tokens(100, naive.shape)
    let expected = naive.logits(tokens)
    let largest = expected.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
    for count in [1, 5, 64, 65, 100] {
      var scores: [Float] = []
      decoder.read(
        Array(tokens[..<count]), KeyValueCache(for: decoder.weights), scores: &scores)
      for (a, b) in zip(scores, expected[count - 1]) {
        #expect(abs(Double(a) - b) < 2e-5 * largest, "\(name) \(type) \(count) tokens")
      }
    }
  }

  /// The keys and values of 16 and 8 bits change little.
  @Test(arguments: ["gpt2", "llama", "gemma3"], [CacheType.f16, .q8])
  func cacheTypes(_ name: String, _ type: CacheType) throws {
    let naive = NaiveDecoder(Self.shape(name), type: .f32, seed: 6)
    let decoder = try naive.decoder()
    let tokens = Self.tokens(70, naive.shape)
    let expected = try #require(naive.logits(tokens).last)
    let largest = expected.reduce(0) { max($0, abs($1)) }
    var scores: [Float] = []
    decoder.read(tokens, KeyValueCache(for: decoder.weights, type: type), scores: &scores)
    var error = 0.0
    for (a, b) in zip(scores, expected) { error = max(error, abs(Double(a) - b)) }
    #expect(error < (type == .f16 ? 2e-3 : 0.05) * largest)
    #expect(error > 1e-6 * largest, "the cache is of another type")
  }

  // MARK: Company

  /// Scores after the last token, read in pieces of some size.
  private func scores(
    _ decoder: TransformerDecoder, _ tokens: [Int32], pieces: Int, _ type: CacheType
  ) -> [UInt32] {
    let cache = KeyValueCache(for: decoder.weights, type: type)
    var scores: [Float] = []
    for first in stride(from: 0, to: tokens.count, by: pieces) {
      let part = Array(tokens[first..<min(first + pieces, tokens.count)])
      decoder.read(part, cache, scores: &scores)
    }
    return scores.map { $0.bitPattern }
  }

  @Test(arguments: ["gpt2", "llama", "gemma3"], StoredType.allCases)
  func sameBytesInAnyCompany(_ name: String, _ type: StoredType) throws {
    let decoder = try NaiveDecoder(Self.shape(name), type: type, seed: 7).decoder()
    checkCompany(decoder, caches: CacheType.allCases, "\(name) \(type)")
  }

  @Test(arguments: BlockType.encodable)
  func sameBytesOfFewBits(_ type: BlockType) throws {
    let decoder = try Self.wide(type, sandwich: true).decoder((type, .int8))
    checkCompany(decoder, caches: [.f16], "\(type)")
  }

  /// A Llama whose rows are whole blocks.
  private static func wide(_ type: BlockType, sandwich: Bool) -> NaiveDecoder {
    let width = max(type.values, 64)
    var shape = TransformerShape(
      vocabulary: 67, context: 200, width: width, layers: 1, heads: 4, keyValueHeads: 2,
      inner: width, positions: .rotary(RotaryEmbedding(base: 1000)))
    shape.hasSandwichNorms = sandwich
    return NaiveDecoder(shape, type: .f32, seed: 11)
  }

  /// With activations of 32 bits the weights are what the file says; those of eight bits change little.
  @Test(arguments: BlockType.encodable)
  func activationTypes(_ type: BlockType) throws {
    let naive = Self.wide(type, sandwich: false)
    let tokens = Self.tokens(20, naive.shape)
    func scores(_ blocks: (BlockType, ActivationType)?) throws -> [Float] {
      let decoder = try naive.decoder(blocks)
      var scores: [Float] = []
      decoder.read(tokens, KeyValueCache(for: decoder.weights), scores: &scores)
      return scores
    }
    let (plain, exact, coded) = (
      try scores(nil), try scores((type, .f32)), try scores((type, .int8))
    )
    let largest = plain.reduce(0) { max($0, abs($1)) }
    func error(_ a: [Float], _ b: [Float]) -> Float {
      zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    #expect(error(exact, plain) < (type == .q80 ? 0.02 : 0.4) * largest)
    #expect(error(coded, exact) < 0.05 * largest)
    #expect(error(coded, exact) > 0)
  }

  /// Nine texts, alone with one thread and in pieces and together with one to three.
  private func checkCompany(_ decoder: TransformerDecoder, caches: [CacheType], _ name: String) {
    let shape = decoder.weights.shape
    let threads = Threads.count
    defer { Threads.count = threads }
    for cacheType in caches {
      let texts = (0..<9).map { Self.tokens(60 + 7 * $0, shape, seed: $0) }
      Threads.count = 1
      let alone = texts.map { scores(decoder, $0, pieces: $0.count, cacheType) }
      for count in 1...3 {
        Threads.count = count
        for pieces in [1, 4, 7, 64] where pieces > 1 || count == 2 {
          #expect(scores(decoder, texts[1], pieces: pieces, cacheType) == alone[1])
        }
        // All nine, each with its last token.
        let caches = texts.map { text -> KeyValueCache in
          let cache = KeyValueCache(for: decoder.weights, type: cacheType)
          decoder.read(Array(text.dropLast()), cache)
          return cache.fork()
        }
        var together: [Float] = []
        decoder.step(
          zip(texts, caches).compactMap { text, cache in text.last.map { ($0, cache) } },
          scores: &together)
        let size = shape.vocabulary
        for (index, expected) in alone.enumerated() {
          let own = together[index * size..<(index + 1) * size].map { $0.bitPattern }
          #expect(own == expected, "\(name) \(cacheType), \(count) threads, text \(index)")
        }
      }
    }
  }

  @Test(arguments: ["gpt2", "llama", "gemma3"])
  func textsAreScoredAsTheyAreRead(_ name: String) throws {
    let decoder = try NaiveDecoder(Self.shape(name), type: .f16, seed: 8).decoder()
    let tokens = Self.tokens(140, decoder.weights.shape)
    let found = decoder.logProbabilities(
      tokens, targets: Array(tokens.dropFirst()) + [-1],
      KeyValueCache(for: decoder.weights, type: .f16))
    #expect(found.last == 0)
    for place in [0, 3, 63, 64, 100, 138] {
      var scores: [Float] = []
      decoder.read(
        Array(tokens[...place]), KeyValueCache(for: decoder.weights, type: .f16), scores: &scores)
      var normalized = scores
      normalized.withUnsafeMutableBufferPointer { values in
        guard let base = values.baseAddress else { return }
        aigc_log_softmax(1, values.count, base, base)
      }
      #expect(normalized[Int(tokens[place + 1])].bitPattern == found[place].bitPattern)
    }
  }

  @Test func statesAreThoseOfTheLayers() throws {
    let naive = NaiveDecoder(Self.shape("gemma3"), type: .f32, seed: 9)
    let decoder = try naive.decoder()
    let tokens = Self.tokens(30, naive.shape)
    let states = decoder.states(tokens, after: [4, 0, 2])
    #expect(states.map { $0.count } == [Int](repeating: 30 * naive.shape.width, count: 3))
    let row = states[1][29 * naive.shape.width..<30 * naive.shape.width]
    #expect(
      zip(row, naive.embeddings[Int(tokens[29])]).allSatisfy { abs(Double($0) - 6 * $1) < 1e-6 })
    // The last state gives the scores.
    let last = states[0].suffix(naive.shape.width)
    let expected = try #require(naive.logits(tokens).last)
    for (token, value) in expected.enumerated() {
      let score = zip(last, naive.embeddings[token]).reduce(0) { $0 + Double($1.0) * $1.1 }
      #expect(abs(score - value) < 1e-3)
    }
  }

  @Test func cachesGoThroughFiles() throws {
    let decoder = try NaiveDecoder(Self.shape("llama"), type: .f32, seed: 10).decoder()
    let tokens = Self.tokens(100, decoder.weights.shape)
    for type in CacheType.allCases {
      let cache = KeyValueCache(for: decoder.weights, type: type)
      decoder.read(Array(tokens.dropLast()), cache)
      let copy = KeyValueCache(for: decoder.weights, type: type)
      #expect(!copy.restore(count: 98, []))
      #expect(copy.restore(count: cache.count, cache.contents()))
      var (a, b): ([Float], [Float]) = ([], [])
      decoder.read([tokens[99]], cache, scores: &a)
      decoder.read([tokens[99]], copy, scores: &b)
      #expect(a == b)
    }
  }

  /// What is no number stays so in a cache of any type, so that it is found in the scores.
  @Test(arguments: CacheType.allCases, [Float.nan, .infinity])
  func damageIsKept(_ type: CacheType, _ value: Float) {
    let cache = KeyValueCache(layers: 1, heads: 1, headSize: 40, type: type)
    var (key, whole) = ([Float](repeating: 1, count: 40), [Float](repeating: value, count: 40))
    key[3] = value
    cache.reserve(2)
    cache.store(0, 0, position: 0, rows: 1, keys: &key, values: &whole, stride: 40)
    var (keys, values) = ([Float](repeating: 0, count: 40 * 64), [Float](repeating: 0, count: 4096))
    cache.head(0, 0, block: 0).widenKeys(to: &keys)
    cache.head(0, 0, block: 0).widenValues(from: 0, rows: 1, to: &values)
    #expect(!keys[3 * 64].isFinite && values.prefix(40).allSatisfy { !$0.isFinite })
    #expect(keys[35 * 64] == 1)
  }
}
