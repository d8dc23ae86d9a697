import Files
import Glibc
import Kernels

// MARK: config.json

extension ModelFields {
  /// The rotary embedding of a model whose layers all have the same: `rope_parameters` (transformers 5), or
  /// `rope_theta` with `rope_scaling` (before).
  /// - Parameter context: the most positions.
  func rotary(context: Int) throws(AIGCError) -> RotaryEmbedding {
    try refuse("partial_rotary_factor", unless: 1)
    // The older form wins where both are there, as in transformers.
    var parameters = try filledObject("rope_scaling")
    if parameters == nil { parameters = try object("rope_parameters") }
    let base = try positive("rope_theta", 10000)
    guard let parameters else { return RotaryEmbedding(base: base) }
    for name in ["full_attention", "sliding_attention"] { try parameters.refuse(name) }
    return RotaryEmbedding(
      base: try parameters.positive("rope_theta", base),
      scaling: try parameters.rotaryScaling(context: context))
  }

  /// That of Gemma 3, where layers with a window have a base of their own.
  func rotaryByLayerType(context: Int) throws(AIGCError) -> RotaryEmbedding {
    try refuse("partial_rotary_factor", unless: 1)
    let parameters = try object("rope_parameters")
    for name in ["rope_type", "type", "rope_theta", "factor"] { try parameters?.refuse(name) }
    let (full, sliding) = (
      try parameters?.object("full_attention"), try parameters?.object("sliding_attention")
    )
    let base =
      try full?.number("rope_theta") == nil
      ? positive("rope_theta", 1_000_000) : full?.positive("rope_theta")
    let local =
      try sliding?.number("rope_theta") == nil
      ? positive("rope_local_base_freq", 10000) : sliding?.positive("rope_theta")
    for type in ["rope_type", "type"] { try sliding?.refuse(type, unless: "default") }
    let older = try filledObject("rope_scaling")
    if let theta = try older?.number("rope_theta"), theta != base {
      throw error("rope_scaling.rope_theta", "is \(theta), where 'rope_theta' is another number")
    }
    return RotaryEmbedding(
      base: base ?? 1_000_000, localBase: local,
      scaling: try (older ?? full)?.rotaryScaling(context: context) ?? .none)
  }

  /// An object with members.
  private func filledObject(_ name: String) throws(AIGCError) -> ModelFields? {
    guard let found = try object(name), !found.names.isEmpty else { return nil }
    return found
  }

  /// How the frequencies are stretched, of an object of rotary parameters.
  private func rotaryScaling(context: Int) throws(AIGCError) -> RotaryScaling {
    try refuse("partial_rotary_factor", unless: 1)
    let name = has("rope_type") ? "rope_type" : "type"
    switch try string(name) {
    case nil, "default": return .none
    case "linear": return .linear(factor: try positive("factor"))
    case "llama3":
      let (low, high) = (try positive("low_freq_factor"), try positive("high_freq_factor"))
      guard low < high else {
        throw error("high_freq_factor", "is \(high), not above low_freq_factor, which is \(low)")
      }
      return .llama3(
        factor: try positive("factor"), low: low, high: high,
        original: try positive("original_max_position_embeddings", Double(context)))
    case .some(let other): throw refusal(name, .string(other))
    }
  }
}

extension RotaryEmbedding {
  /// `rope_theta` and `rope_scaling`, which every version of transformers reads.
  var config: [JSONValue.Member] {
    let parameters: JSONValue =
      switch scaling {
      case .none: .null
      case .linear(let factor): ["rope_type": "linear", "factor": .double(factor)]
      case .llama3(let factor, let low, let high, let original):
        [
          "rope_type": "llama3", "factor": .double(factor), "low_freq_factor": .double(low),
          "high_freq_factor": .double(high),
          "original_max_position_embeddings": .number(original),
        ]
      }
    return [.init("rope_theta", .double(base)), .init("rope_scaling", parameters)]
  }
}

extension JSONValue {
  /// A whole number without a fraction's point.
  static func number(_ value: Double) -> JSONValue {
    Int(exactly: value).map { .int($0) } ?? .double(value)
  }
}

// MARK: GGUF

extension ModelFields {
  /// The rotary embedding that GGUF metadata give; `rope.dimension_count` must be the whole head.
  /// - Parameter factors: `rope_freqs.weight`, by which the file divides frequencies; nil: it has none.
  func ggufRotary(headSize: Int, factors: [Float]?) throws(AIGCError) -> RotaryEmbedding {
    let turned = try size("rope.dimension_count", headSize, in: 1...1 << 20)
    guard turned == headSize else {
      throw error("rope.dimension_count", "is \(turned), where heads have \(headSize) values")
    }
    var result = RotaryEmbedding(base: try positive("rope.freq_base", 10000))
    try refuse("rope.scaling.attn_factor", unless: 1)
    let old = has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear"
    switch try string("rope.scaling.type") {
    case "none": break
    case nil, "linear":
      // 0 stands for no scaling.
      if let factor = try number(old), factor != 0, factor != 1 {
        result.scaling = .linear(factor: try positive(old))
      }
    case .some(let other): throw refusal("rope.scaling.type", .string(other))
    }
    guard let factors, factors.contains(where: { $0 != 1 }) else { return result }
    guard factors.count == headSize / 2 else {
      throw .badInput(
        "\(place)rope_freqs.weight has \(factors.count) values, where heads have \(headSize)")
    }
    guard result.scaling == .none, let scaling = RotaryScaling(factors: factors, base: result.base)
    else {
      throw .badInput("\(place)rope_freqs.weight stretches frequencies in no way that is known")
    }
    result.scaling = scaling
    return result
  }
}

extension RotaryEmbedding {
  /// Metadata of GGUF, without those of ``factors(headSize:)``.
  var gguf: [JSONValue.Member] {
    var result = [JSONValue.Member("rope.freq_base", .double(base))]
    if case .linear(let factor) = scaling {
      result.append(.init("rope.scaling.type", "linear"))
      result.append(.init("rope.scaling.factor", .double(factor)))
    }
    return result
  }

  /// `rope_freqs.weight` of GGUF files: [headSize / 2], by what frequencies are divided; nil where all
  /// are alike.
  func factors(headSize: Int) -> [Float]? {
    guard case .llama3(let factor, let low, let high, let original) = scaling else { return nil }
    return (0..<headSize / 2).map { index in
      let wavelength = 2 * Double.pi * pow(base, 2 * Double(index) / Double(headSize))
      if wavelength < original / high { return 1 }
      if wavelength > original / low { return Float(factor) }
      let share = (original / wavelength - low) / (high - low)
      return Float(1 / ((1 - share) / factor + share))
    }
  }
}

extension RotaryScaling {
  /// Llama 3's scaling that gives these factors. Its four numbers are found again of the factor of the
  /// slowest waves and two of the waves between; `low` can be any number, as only the others' ratios to it
  /// count, and is 1.
  /// - Returns: nil when it is none.
  init?(factors: [Float], base: Double) {
    guard let slowest = factors.max(), slowest.isFinite, factors.allSatisfy({ $0 >= 1 }) else {
      return nil
    }
    let factor = Double(slowest)
    // (1 - share) / factor + share = 1 / value, and the share is linear in the frequency.
    let middle = factors.indices.filter { factors[$0] > 1 && factors[$0] < slowest }
    func share(_ index: Int) -> Double {
      (1 / Double(factors[index]) - 1 / factor) / (1 - 1 / factor)
    }
    func turns(_ index: Int) -> Double {
      pow(base, -Double(index) / Double(factors.count)) / (2 * Double.pi)
    }
    var candidates: [RotaryScaling] = []
    if let first = middle.first, let last = middle.last, first != last {
      let slope = (share(first) - share(last)) / (turns(first) - turns(last))
      let offset = slope * turns(first) - share(first)
      if slope > 0, offset > 0 {
        let high = 1 + 1 / offset
        candidates.append(
          .llama3(
            factor: factor, low: 1, high: high.nearlyWhole,
            original: (slope * (high - 1)).nearlyWhole))
      }
    }
    candidates.append(.llama3(factor: factor, low: 1, high: 4, original: 8192))
    let found = candidates.first { candidate in
      let given =
        RotaryEmbedding(base: base, scaling: candidate)
        .factors(headSize: 2 * factors.count) ?? []
      return zip(given, factors).allSatisfy { abs($0 - $1) <= 1e-4 * $1 }
    }
    guard let found else { return nil }
    self = found
  }
}

extension Double {
  /// The whole number that it was before it was rounded to 32 bits, if it was one.
  fileprivate var nearlyWhole: Double {
    abs(self - rounded()) <= 1e-4 * abs(self) ? rounded() : self
  }
}
