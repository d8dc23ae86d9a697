/// BERT's normalizer, as `BertNormalizer` of the package `tokenizers` has it.
struct BertNormalization: Sendable, Equatable {
  /// Whether control characters go and white space becomes spaces (`clean_text`).
  var cleans = true
  /// Whether Chinese characters stand by themselves (`handle_chinese_chars`).
  var partsIdeographs = true
  /// Whether marks on letters go (`strip_accents`); nil: as ``lowercases``.
  var stripsAccents: Bool?
  /// Whether text becomes lower case (`lowercase`).
  var lowercases = true

  /// Normalizes characters in place.
  func apply(to scalars: inout [UInt32]) {
    let table = BertCharacterTable.shared
    typealias Kind = BertCharacterTable.Kind
    // Most text is changed by nothing but the lower case.
    if scalars.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
      if lowercases {
        for index in scalars.indices where scalars[index] &- 0x41 < 26 { scalars[index] += 32 }
      }
      return
    }
    if cleans || partsIdeographs {
      var cleaned: [UInt32] = []
      cleaned.reserveCapacity(scalars.count)
      for scalar in scalars {
        let kind = table.kind(scalar)
        if cleans, kind == Kind.removed { continue }
        if cleans, kind == Kind.space {
          cleaned.append(0x20)
        } else if partsIdeographs, kind == Kind.ideograph {
          cleaned += [0x20, scalar, 0x20]
        } else {
          cleaned.append(scalar)
        }
      }
      scalars = cleaned
    }
    if stripsAccents ?? lowercases {
      CanonicalComposition.shared.decompose(&scalars)
      scalars.removeAll { table.kind($0) == Kind.mark }
    }
    if lowercases {
      var lower: [UInt32] = []
      lower.reserveCapacity(scalars.count)
      for scalar in scalars { table.appendLowercase(scalar, to: &lower) }
      scalars = lower
    }
  }

  /// Hands the words of normalized text to `body`: what stands between white space, and each punctuation mark
  /// (`BertPreTokenizer`). It goes on as long as `body` returns true.
  static func forEachWord(_ scalars: [UInt32], _ body: (ArraySlice<UInt32>) -> Bool) {
    let table = BertCharacterTable.shared
    var start = 0
    for (index, scalar) in scalars.enumerated() {
      let kind = table.kind(scalar)
      let isPunctuation = kind == BertCharacterTable.Kind.punctuation
      guard isPunctuation || kind == BertCharacterTable.Kind.space else { continue }
      if start < index, !body(scalars[start..<index]) { return }
      start = index + 1
      if isPunctuation, !body(scalars[index...index]) { return }
    }
    if start < scalars.count { _ = body(scalars[start...]) }
  }
}
