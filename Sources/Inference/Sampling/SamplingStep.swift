import Files

/// A step of the sampling chain, by llama.cpp's name: what `--samplers` puts into an order.
public enum SamplingStep: String, Codable, CaseIterable, Sendable {
  /// The penalties on recent tokens.
  case penalties
  /// See ``DRYSettings``.
  case dry
  /// See ``SamplingConfiguration/topNSigma``.
  case topNSigma = "top_n_sigma"
  /// See ``SamplingConfiguration/topK``.
  case topK = "top_k"
  /// See ``SamplingConfiguration/typical``.
  case typical = "typ_p"
  /// See ``SamplingConfiguration/topP``.
  case topP = "top_p"
  /// See ``SamplingConfiguration/minP``.
  case minP = "min_p"
  /// See ``XTCSettings``.
  case xtc
  /// See ``SamplingConfiguration/temperature``.
  case temperature

  /// The order in which llama.cpp has them without flags.
  public static let standardOrder = allCases

  /// The one letter that llama.cpp's `--sampler-seq` has for it.
  public var letter: Character {
    switch self {
    case .penalties: "e"
    case .dry: "d"
    case .topNSigma: "s"
    case .topK: "k"
    case .typical: "y"
    case .topP: "p"
    case .minP: "m"
    case .xtc: "x"
    case .temperature: "t"
    }
  }

  /// Reads names separated by `;`, in any case and also written as `top-k` and `topk`; an empty text is an
  /// order of no steps.
  /// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage`` for a name that no step has, or one
  ///   that comes twice.
  public static func order(names text: String) throws(AIGCError) -> [SamplingStep] {
    if text.isEmpty { return [] }
    var order: [SamplingStep] = []
    for name in text.split(separator: ";", omittingEmptySubsequences: false) {
      guard let step = named(name) else {
        let known = allCases.map { $0.rawValue }.joined(separator: ";")
        throw .usage(
          "`order(names:)` '\(printable(String(name)))': unknown; the steps are \(known)")
      }
      order.append(step)
    }
    try check(order, setting: "order(names:)")
    return order
  }

  /// Reads one letter a step, as `edskypmxt`.
  /// - Throws: as ``order(names:)``.
  public static func order(letters text: String) throws(AIGCError) -> [SamplingStep] {
    var order: [SamplingStep] = []
    for letter in text {
      guard let step = allCases.first(where: { $0.letter == letter }) else {
        let known = allCases.map { "\($0.letter) \($0.rawValue)" }.joined(separator: ", ")
        throw .usage(
          "`order(letters:)` '\(printable(String(letter)))': unknown; there are \(known)")
      }
      order.append(step)
    }
    try check(order, setting: "order(letters:)")
    return order
  }

  /// - Parameter setting: what the order was given as.
  /// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage`` for a step that comes twice.
  static func check(_ order: [SamplingStep], setting: String = "samplers") throws(AIGCError) {
    for (index, step) in order.enumerated() where order[..<index].contains(step) {
      throw .usage("`\(setting)`: \(step.rawValue) comes twice, each step has one place")
    }
  }

  private static func named(_ name: Substring) -> SamplingStep? {
    let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
    switch plain {
    case "nucleus": return .topP
    case "temp": return .temperature
    case "typ": return .typical
    default: return allCases.first { $0.rawValue.filter { $0 != "_" } == plain }
    }
  }
}
