import Datasets
import Files
import Inference
import Training

/// The states of texts in a language model, or an encoder's vectors of texts.
struct PooledStates: Sendable {
  /// What the states are of.
  enum Source: Sendable {
    case languageModel(any LanguageModel)
    case encoder(any TextEmbedder)
  }

  let source: Source
  /// How many layers there are to choose from.
  let layers: Int
  /// What texts are read in.
  private(set) var prompt = TextPrompt.plain
  private let cache = StateCache()
  /// Tokens of a text that are read, where the model could read more.
  private static let mostTokens = 512
  /// Texts that an encoder reads at once.
  private static let batch = 256

  /// Opens a language model or an encoder by name or path.
  /// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for one without states.
  init(_ nameOrPath: String) throws(AIGCError) {
    let path = try embedderPath(nameOrPath)
    if EncoderFamily(of: path) != nil {
      (source, layers) = (.encoder(try loadEmbedder(path)), 1)
      return
    }
    let model = try textFamily(of: path).load(path)
    guard let layers = model.stateLayers else {
      throw .mismatch(
        "\(path): a language model without hidden states; a neural one or an encoder is needed")
    }
    (source, self.layers) = (.languageModel(model), layers)
  }

  /// Has texts be read in a prompt.
  /// - Throws: ``/Files/AIGCError``: usage for an encoder, and what ``TextPrompt`` says.
  mutating func read(in prompt: String) throws(AIGCError) {
    guard case .languageModel(let model) = source else {
      throw .usage("`settings.prompt`: an encoder makes vectors of texts alone; leave it out")
    }
    self.prompt = try TextPrompt(prompt, model, limit: limit(model))
  }

  /// Has texts be read in the prompt that is wished, else in the usual one where that can be.
  /// - Returns: the prompt; nil for none.
  /// - Throws: ``/Files/AIGCError``: as ``read(in:)`` of a wish.
  mutating func ask(
    _ wish: String?, else usual: String, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> String? {
    guard wish == nil else {
      try read(in: wish ?? "")
      return wish
    }
    guard case .languageModel = source else { return nil }
    do {
      try read(in: usual)
      return usual
    } catch {
      report(.note("texts are read without a prompt: \(error.description)"))
      return nil
    }
  }

  /// Tokens that are read at once.
  private func limit(_ model: any LanguageModel) -> Int {
    min(model.contextSize ?? Self.mostTokens, Self.mostTokens)
  }

  /// The tokens that are read of a text, and which of them are the text's own.
  func tokens(
    _ text: ArraySlice<UInt8>, _ model: any LanguageModel
  ) throws(AIGCError) -> (all: [Int32], text: Range<Int>) {
    try prompt.tokens(text, model, limit: limit(model))
  }

  /// For each place the state of each text, [places][texts · width]; not numbers where a text has no tokens.
  /// - Throws: ``/Files/AIGCError``: what the model says of damaged weights, interrupted after Ctrl-C.
  func states(
    _ texts: TextList, _ places: [StatePlace]
  ) throws(AIGCError) -> [[Float]] {
    var result = [[Float]](repeating: [], count: places.count)
    let model: any LanguageModel
    switch source {
    case .languageModel(let found): model = found
    case .encoder(let encoder): return [try vectors(texts, encoder)]
    }
    for index in 0..<texts.count {
      try Interruption.check()
      let text = texts[index]
      var found = places.compactMap { cache.state(text, $0) }
      if found.count < places.count {
        found = try states(text, places, model)
        cache.keep(text, Array(zip(places, found)))
      }
      for place in places.indices { result[place] += found[place] }
    }
    return result
  }

  /// The states of each text one behind the other, [texts, columns].
  /// - Throws: as ``states(_:_:)``.
  func rows(_ texts: TextList, _ places: [StatePlace]) throws(AIGCError) -> [Float] {
    let parts = try states(texts, places)
    guard parts.count > 1 else { return parts.first ?? [] }
    let widths = parts.map { $0.count / max(texts.count, 1) }
    return (0..<texts.count).flatMap { text in
      zip(parts, widths).flatMap { $0[text * $1..<(text + 1) * $1] }
    }
  }

  /// [texts · width].
  private func vectors(
    _ texts: TextList, _ encoder: any TextEmbedder
  ) throws(AIGCError) -> [Float] {
    let place = StatePlace(layer: 1, isLast: false)
    var result: [Float] = []
    for first in stride(from: 0, to: texts.count, by: Self.batch) {
      let places = first..<min(first + Self.batch, texts.count)
      let unknown = places.filter { cache.state(texts[$0], place) == nil }
      var tables: [Table<UInt8>] = []
      for index in unknown {
        tables.append(
          try Table(Array(String(decoding: texts[index], as: UTF8.self).utf8)))
      }
      let made = try encoder.embed(tables, batch: 32) { "text \(unknown[$0] + 1)" }
      let new = Dictionary(uniqueKeysWithValues: zip(unknown, made))
      for index in places {
        if let vector = new[index] {
          cache.keep(texts[index], [(place, vector)])
          result += vector
        } else {
          result += cache.state(texts[index], place) ?? []
        }
      }
    }
    return result
  }

  private func states(
    _ text: ArraySlice<UInt8>, _ places: [StatePlace], _ model: any LanguageModel
  ) throws(AIGCError) -> [[Float]] {
    let tokens = try tokens(text, model)
    let layers = Set(places.map { $0.layer }).sorted()
    // Without tokens one stands in, so that the width is known.
    let read = tokens.all.isEmpty ? [0] : tokens.all
    guard model.vocabularySize > 0, let states = try model.hiddenStates(of: read, layers: layers)
    else { return places.map { _ in [] } }
    let found = Dictionary(uniqueKeysWithValues: zip(layers, states))
    return places.map { place in
      guard let states = found[place.layer] else { return [] }
      if tokens.all.isEmpty { return [Float](repeating: .nan, count: states.width) }
      return place.isLast ? Array(states[states.count - 1]) : Self.mean(states, tokens.text)
    }
  }

  /// Of no tokens no numbers, in whose place the mean of all texts is taken.
  private static func mean(_ states: HiddenStates, _ tokens: Range<Int>) -> [Float] {
    var sums = [Float](repeating: 0, count: states.width)
    for token in tokens {
      for (place, value) in states[token].enumerated() { sums[place] += value }
    }
    return sums.map { tokens.isEmpty ? .nan : $0 / Float(tokens.count) }
  }
}
