import Files

/// A number added to the score of one token; -infinity bans it.
public struct LogitBias: Codable, Equatable, Sendable, CustomStringConvertible {
  /// The id of the token.
  public var token: Int32
  /// What is added to its score, before the softmax.
  public var bias: Float

  /// Creates a bias; one of -infinity forbids the token.
  public init(token: Int32, bias: Float) {
    self.token = token
    self.bias = bias
  }

  /// Reads `15=-2.5` or llama.cpp's `15-2.5`, `15+1`, `15-inf`.
  /// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage``.
  public init(argument: String) throws(AIGCError) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    var rest = argument[digits.endIndex...]
    let isSeparated = rest.first == "=" || rest.first == "+" || rest.first == "-"
    if rest.first == "=" { rest = rest.dropFirst() }
    guard isSeparated, let token = Int32(digits), let bias = Float(rest), !bias.isNaN else {
      throw .usage(
        "`logitBias` \(argument): must be a token id and a number, as 15=-2.5 or 15=-inf")
    }
    self.init(token: token, bias: bias)
  }

  /// The bias as `15=-2.5`.
  public var description: String { "\(token)=\(bias)" }

  private enum CodingKeys: String, CodingKey { case token, bias }

  /// JSON has no infinity: such a bias is written as text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(token, forKey: .token)
    if bias.isFinite {
      try container.encode(bias, forKey: .bias)
    } else {
      try container.encode("\(bias)", forKey: .bias)
    }
  }

  /// Reads a bias, which is a number or the text of one that JSON does not have.
  /// - Throws: `DecodingError` for something else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    token = try container.decode(Int32.self, forKey: .token)
    if let number = try? container.decode(Float.self, forKey: .bias) {
      bias = number
      return
    }
    let text = try container.decode(String.self, forKey: .bias)
    guard let number = Float(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .bias, in: container, debugDescription: "\(text) is not a number")
    }
    bias = number
  }
}
