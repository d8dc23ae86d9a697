/// What a model's tokens can write, one unit after the other.
enum WritableCharacters: Sendable {
  /// Each byte is a token: every text can be written.
  case bytes
  /// Each of these bytes is a token: what has no other bytes can be written. Some vocabularies of bytes lack a few.
  case someBytes([Bool])
  /// These characters are tokens, in order and apart.
  case characters([ClosedRange<UInt32>])

  /// - Parameter tokens: the bytes of each token, none for tokens that are no text.
  init(_ tokens: [[UInt8]]) {
    var isByte = [Bool](repeating: false, count: 256)
    var characters: [ClosedRange<UInt32>] = []
    for token in tokens where (1...4).contains(token.count) {
      if token.count == 1 { isByte[Int(token[0])] = true }
      guard let text = String(validating: token, as: UTF8.self)?.unicodeScalars, text.count == 1,
        let scalar = text.first?.value
      else { continue }
      characters.append(scalar...scalar)
    }
    // Bytes that no text in UTF-8 has need no token.
    let isComplete = isByte.indices.allSatisfy {
      isByte[$0] || [0xC0, 0xC1].contains($0) || $0 > 0xF4
    }
    if isComplete {
      self = .bytes
    } else if isByte[0x80..<0xC0].allSatisfy({ $0 }) {
      self = .someBytes(isByte)
    } else {
      self = .characters(CharacterRanges.normalized(characters))
    }
  }

  func writable(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    switch self {
    case .bytes, .someBytes: ranges
    case .characters(let own): CharacterRanges.intersection(ranges, own)
    }
  }

  func canWrite(_ bytes: [UInt8]) -> Bool {
    guard case .characters(let own) = self else { return true }
    guard let text = String(validating: bytes, as: UTF8.self) else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      !CharacterRanges.intersection([scalar.value...scalar.value], own).isEmpty
    }
  }

  /// The bytes of a range that can be written.
  func writable(_ range: ClosedRange<UInt8>) -> [ClosedRange<UInt8>] {
    guard case .someBytes(let own) = self else { return [range] }
    var result: [ClosedRange<UInt8>] = []
    for byte in range where own[Int(byte)] {
      if let last = result.last, last.upperBound + 1 == byte {
        result[result.count - 1] = last.lowerBound...byte
      } else {
        result.append(byte...byte)
      }
    }
    return result
  }

  /// How many units a byte of a text takes: those of a character count once.
  func units(_ byte: UInt8) -> Int {
    if case .characters = self, (0x80..<0xC0).contains(byte) { return 0 }
    return 1
  }
}
