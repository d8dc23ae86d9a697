/// What BERT's tokenizer takes characters for, as one table, made when it is first needed.
struct BertCharacterTable: Sendable {
  /// The numbers of ``bertCharacterRuns``.
  enum Kind {
    static let removed: UInt8 = 1
    static let space: UInt8 = 2
    static let punctuation: UInt8 = 3
    static let ideograph: UInt8 = 4
    static let mark: UInt8 = 5
  }

  static let shared = BertCharacterTable()

  private let kinds: [UInt8]
  /// Characters in lower case; -1 for those that stay.
  private let lowercases: ScalarMap

  private init() {
    var kinds = [UInt8](repeating: 0, count: 0x110000)
    var place = 0
    for run in bertCharacterRuns {
      let end = min(place + Int(run >> 3), kinds.count)
      for scalar in place..<end { kinds[scalar] = UInt8(run & 7) }
      place = end
    }
    self.kinds = kinds
    var lowercases = ScalarMap()
    for first in stride(from: 0, to: bertLowercaseRuns.count - 3, by: 4) {
      let (start, distance) = (bertLowercaseRuns[first], bertLowercaseRuns[first + 3])
      for index in 0..<bertLowercaseRuns[first + 1] {
        let scalar = start + index * bertLowercaseRuns[first + 2]
        lowercases[scalar] = Int32(bitPattern: scalar &+ distance)
      }
    }
    self.lowercases = lowercases
  }

  /// The kind of a character of Unicode.
  @inline(__always)
  func kind(_ scalar: UInt32) -> UInt8 { kinds[Int(scalar)] }

  /// Adds a character in lower case.
  @inline(__always)
  func appendLowercase(_ scalar: UInt32, to output: inout [UInt32]) {
    if scalar == 0x130 {
      output += [0x69, 0x307]
      return
    }
    let lower = lowercases[scalar]
    output.append(lower < 0 ? scalar : UInt32(bitPattern: lower))
  }
}
