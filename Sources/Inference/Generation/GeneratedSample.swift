import Files

/// A part of a sample's text, as soon as it is decided.
public struct Piece: Equatable, Sendable {
  /// Number of the sample, from 0.
  public var sample: Int
  /// The bytes that follow those handed out before for the same sample.
  public var bytes: [UInt8]

  /// Creates a piece of the sample of this number.
  public init(sample: Int, bytes: [UInt8]) {
    self.sample = sample
    self.bytes = bytes
  }
}

/// Why a sample ended.
public enum StopReason: String, Codable, Sendable {
  /// The limit on tokens was reached.
  case length
  /// A stop text.
  case stop
  /// The end of a sentence, where asked for.
  case sentence
  /// The model ended the text, or nothing can follow.
  case end
  /// Ctrl-C.
  case interrupted
}

/// One generated text.
public struct GeneratedSample: Equatable, Sendable {
  /// The text, as it was also handed out in pieces: the prompt only where echoed.
  public var bytes: [UInt8] = []
  /// Generated tokens, those of a stop text and an end token included.
  public var tokens: [Int32] = []
  /// Why the sample ended.
  public var reason = StopReason.length
  /// One entry a token, where asked for.
  public var logProbabilities: [SampledToken]?
  /// Why there is no more of it; the generator throws it.
  var failure: AIGCError?

  /// Creates a sample that has no text yet.
  public init() {}

  /// The bytes as text; what is not UTF-8 shows as U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
