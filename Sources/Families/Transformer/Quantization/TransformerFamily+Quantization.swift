import Datasets
import Files
import Glibc
import Kernels
import Training
import Weights

extension TransformerFamily: QuantizableFamily {
  /// Writes a GGUF file, by llama.cpp's choice of types for each tensor.
  /// - Throws: ``/Files/AIGCError``: usage for another name, mismatch for a model that GGUF cannot say, badInput for
  ///   damaged weights.
  public func quantize(
    _ path: String, to output: String, type: QuantizedType, force: Bool
  ) throws(AIGCError) -> QuantizedModel {
    try OutputPlan.check([(output, .gguf)], reading: [path])
    return try quantize(
      GGUFModelFile(TransformerFiles(path), name: Self.modelName(path)), path, to: output, type)
  }

  func quantize(
    _ file: GGUFModelFile, _ path: String, to output: String, _ type: QuantizedType
  ) throws(AIGCError) -> QuantizedModel {
    let rule = QuantizationRule(type, names: file.tensors.map { $0.name })
    let choices = file.tensors.map { rule.choice(name: $0.name, shape: $0.shape, type: $0.type) }
    try file.write(types: choices.map { $0.type }, fileType: type.fileType, to: output)
    return QuantizedModel(
      zip(file.tensors, choices).map { ($0.name, $1) }, bytesBefore: try Self.byteCount(path),
      bytesAfter: try MappedFile(path: output).count)
  }

  private static func byteCount(_ path: String) throws(AIGCError) -> Int {
    guard isFolder(path) else { return try MappedFile(path: path).count }
    var sum = 0
    for name in folderContents(path) where name.hasSuffix(".safetensors") || name.hasSuffix(".bin")
    {
      sum += try MappedFile(path: "\(path)/\(name)").count
    }
    return sum
  }

  // MARK: Speed

  private static let promptTokens = 16
  private static let timedTokens = 48

  /// The model goes on with a few of its tokens, always by the likeliest one.
  public func generationSpeed(_ path: String) throws(AIGCError) -> Double? {
    let weights = try TransformerFiles(path).weights()
    let context = min(weights.shape.context, Self.promptTokens + Self.timedTokens + 1)
    let engine = try TransformerEngine(weights, context: context, cacheType: .f16)
    let prompt = (0..<min(Self.promptTokens, context / 2)).map {
      Int32($0 * 7 % weights.shape.vocabulary)
    }
    let cache = KeyValueCache(for: engine.decoder.weights, type: .f16)
    var scores: [Float] = []
    engine.decoder.read(prompt, cache, scores: &scores)
    let count = context - prompt.count - 1
    let start = ContinuousClock.now
    for _ in 0..<count {
      let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
      engine.decoder.read([Int32(best)], cache, scores: &scores)
      try Interruption.check()
    }
    return Double(count) / ((.now - start) / .seconds(1))
  }

  // MARK: Loss

  /// Tokens of a window, each scored from those before it in there.
  private static let window = 512

  /// Perplexities and divergences in windows of 512 tokens that do not overlap, the first model in 32 bits.
  /// - Throws: ``/Files/AIGCError``: badInput for a text of fewer than two tokens, mismatch for models of other
  ///   tokens.
  public func compare(
    _ path: String, with quantized: String, on text: Table<UInt8>, name: String
  ) throws(AIGCError) -> QuantizationComparison? {
    let (old, new) = (try TransformerFiles(path), try TransformerFiles(quantized))
    let tokens = try old.tokenizer.encode(text, name: name)
    let size = min(old.configuration.shape.vocabulary, new.configuration.shape.vocabulary)
    func decoder(
      _ files: TransformerFiles, _ activations: ActivationType
    ) throws(AIGCError) -> TransformerDecoder {
      try TransformerEngine(
        files.weights(), vocabulary: size, context: Self.window, activations: activations
      ).decoder
    }
    // What is not in blocks is multiplied in 32 bits anyhow.
    let ways = try new.weights().hasBlocks ? ActivationType.allCases : [.f32]
    var decoders = [try decoder(old, .f32)]
    for way in ways { decoders.append(try decoder(new, way)) }
    guard !tokens.contains(where: { $0 < 0 || $0 >= size }), tokens.count > 1 else {
      throw .badInput("\(name): too little text to compare models on")
    }
    var sums = DecoderComparison(decoders)
    let length = min(Self.window, old.configuration.shape.context)
    for first in stride(from: 0, to: tokens.count - 1, by: length) {
      try sums.add(Array(tokens[first..<min(first + length, tokens.count)]))
    }
    guard sums.logProbabilities.allSatisfy({ $0.isFinite }) else {
      throw .badInput("\(path): scores that are not finite: damaged weights")
    }
    let count = Double(max(sums.tokens, 1))
    return QuantizationComparison(
      tokens: sums.tokens, perplexity: exp(-sums.logProbabilities[0] / count),
      ways: ways.enumerated().map { index, way in
        .init(
          activations: way.rawValue, perplexity: exp(-sums.logProbabilities[index + 1] / count),
          divergence: sums.divergences[index + 1] / count)
      })
  }
}

extension QuantizedModel {
  init(
    _ choices: [(name: String, choice: QuantizationRule.Choice)], bytesBefore: Int, bytesAfter: Int
  ) {
    var types: [(name: String, count: Int)] = []
    for (_, choice) in choices {
      if let place = types.firstIndex(where: { $0.name == choice.type.name }) {
        types[place].count += 1
      } else {
        types.append((choice.type.name, 1))
      }
    }
    (self.bytesBefore, self.bytesAfter, self.types) = (bytesBefore, bytesAfter, types)
    fallbacks = choices.compactMap { name, choice in
      choice.wanted.map { Fallback(name: name, wanted: $0.name, type: choice.type.name) }
    }
  }
}
