import Files
import Kernels

/// The type of a tensor in a GGUF file: plain values, or blocks of few bits with scales.
public enum GGUFType: Hashable, Sendable {
  case scalar(ScalarType)
  case blocks(BlockType)

  /// GGML's name of the type, such as "Q4_K".
  public var name: String {
    switch self {
    case .scalar(let type): type.rawValue
    case .blocks(let type): type.rawValue
    }
  }

  /// The number that stands for the type in a file (enum `ggml_type`).
  var number: UInt32? { Self.numbers.first { $0.value == self }?.key }

  /// Bytes of a tensor; nil where a row is no whole number of blocks, or there are too many.
  /// - Parameter shape: outermost first.
  func byteCount(of shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      // The others must be possible sizes where one is 0, too.
      let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
      guard size >= 0, !overflow else { return nil }
      count = product
    }
    if shape.contains(0) { count = 0 }
    switch self {
    case .scalar(let type):
      let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
      return overflow ? nil : size
    case .blocks(let type):
      return (shape.last ?? 1) % type.values == 0 ? type.byteCount(of: count) : nil
    }
  }

  private static let numbers: [UInt32: GGUFType] = [
    0: .scalar(.f32), 1: .scalar(.f16), 2: .blocks(.q40), 3: .blocks(.q41), 6: .blocks(.q50),
    7: .blocks(.q51), 8: .blocks(.q80), 10: .blocks(.q2K), 11: .blocks(.q3K),
    12: .blocks(.q4K), 13: .blocks(.q5K), 14: .blocks(.q6K), 20: .blocks(.iq4NL),
    23: .blocks(.iq4XS), 24: .scalar(.i8), 25: .scalar(.i16), 26: .scalar(.i32),
    27: .scalar(.i64), 28: .scalar(.f64), 30: .scalar(.bf16),
  ]

  /// The types that are known by name and not read.
  private static let unread: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S", 29: "IQ1_M", 31: "Q4_0_4_4", 32: "Q4_0_4_8",
    33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8", 39: "MXFP4", 40: "NVFP4",
  ]

  /// - Throws: ``/Files/AIGCError`` (badInput) for a type that is not read; `place` says where it stands.
  init(number: UInt32, place: String) throws(AIGCError) {
    guard let type = Self.numbers[number] else {
      let name = Self.unread[number].map { "of type \($0)" } ?? "of an unknown type, \(number),"
      let known = (BlockType.allCases.map { $0.rawValue }).joined(separator: ", ")
      throw .badInput("\(place): values \(name) are not read; known are: F32, F16, BF16, \(known)")
    }
    self = type
  }
}
