import Files

/// How values of few bits stand in a file: in blocks with common scales, as GGML lays them out
/// (github.com/ggml-org/ggml, ggml-common.h). The raw value is GGML's name.
public enum BlockType: String, CaseIterable, Codable, Sendable {
  case q80 = "Q8_0"
  case q40 = "Q4_0"
  case q41 = "Q4_1"
  case q50 = "Q5_0"
  case q51 = "Q5_1"
  case q2K = "Q2_K"
  case q3K = "Q3_K"
  case q4K = "Q4_K"
  case q5K = "Q5_K"
  case q6K = "Q6_K"
  case iq4NL = "IQ4_NL"
  case iq4XS = "IQ4_XS"

  /// Values of one block, which are neighbours in a row.
  public var values: Int {
    switch self {
    case .q80, .q40, .q41, .q50, .q51, .iq4NL: 32
    case .q2K, .q3K, .q4K, .q5K, .q6K, .iq4XS: 256
    }
  }

  /// Bytes of one block.
  public var bytes: Int {
    switch self {
    case .q80: 34
    case .q40, .iq4NL: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q2K: 84
    case .q3K: 110
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    case .iq4XS: 136
    }
  }

  /// Bytes of `count` values, a multiple of ``values``; nil where they are no whole blocks or too many.
  public func byteCount(of count: Int) -> Int? {
    guard count >= 0, count % values == 0 else { return nil }
    let (size, overflow) = (count / values).multipliedReportingOverflow(by: bytes)
    return overflow ? nil : size
  }
}
