/// Where the chance of a generation comes from.
public enum Seed: Codable, Equatable, Sendable, ExpressibleByIntegerLiteral {
  /// The same number gives the same result.
  case fixed(UInt64)
  /// Another one each time.
  case random

  /// A fixed seed.
  public init(integerLiteral value: UInt64) { self = .fixed(value) }

  /// The number to use: that of a fixed seed, or a random one of 32 bits.
  public func resolved() -> UInt64 {
    switch self {
    case .fixed(let seed): seed
    case .random: UInt64.random(in: 0...UInt64(UInt32.max))
    }
  }
}
