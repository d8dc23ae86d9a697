/// The pieces of JSON texts that schemas are made of.
enum SchemaText {
  /// White space between tokens: none, a space, or a line end with an indentation.
  static let space: GrammarExpression = .choice([
    .sequence([]), .text(" "),
    .sequence([.text("\n"), .repeated(.characters([9...9, 32...32]), least: 0, most: 20)]),
  ])

  /// Characters that stand for themselves in a string.
  static let plain = CharacterRanges.complement([0...0x1F, 0x22...0x22, 0x5C...0x5C])
  static let digit: GrammarExpression = .characters([0x30...0x39])
  static let hexadecimal: GrammarExpression = .characters([0x30...0x39, 0x41...0x46, 0x61...0x66])

  /// One character of a string; escapes are whole, so that lengths can be counted.
  static let character: GrammarExpression = .choice([
    .characters(plain),
    .sequence([
      .text("\\"),
      .choice([
        .characters(
          CharacterRanges.normalized("\"\\/bfnrt".unicodeScalars.map { $0.value...$0.value })),
        .sequence([.text("u"), escaped]),
      ]),
    ]),
  ])

  /// The digits behind `\u`: a character, or both halves of one.
  private static let escaped: GrammarExpression = {
    let d: GrammarExpression = .characters([0x44...0x44, 0x64...0x64])
    func digits(_ count: Int) -> GrammarExpression {
      .repeated(hexadecimal, least: count, most: count)
    }
    return .choice([
      .sequence([
        .characters([0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66]), digits(3),
      ]),
      .sequence([d, .characters([0x30...0x37]), digits(2)]),
      .sequence([
        d, .characters([0x38...0x39, 0x41...0x42, 0x61...0x62]), digits(2), .text("\\u"), d,
        .characters([0x43...0x46, 0x63...0x66]), digits(2),
      ]),
    ])
  }()

  /// Characters of this set as a string spells them.
  static func spelled(_ ranges: [ClosedRange<UInt32>]) -> GrammarExpression {
    let set = CharacterRanges.normalized(ranges)
    var choices: [GrammarExpression] = []
    let plain = CharacterRanges.intersection(set, plain)
    if !plain.isEmpty { choices.append(.characters(plain)) }
    for range in CharacterRanges.intersection(set, CharacterRanges.complement(Self.plain)) {
      for value in range { choices.append(.literal(escape(value))) }
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private static func escape(_ value: UInt32) -> [UInt8] {
    switch value {
    case 8: Array("\\b".utf8)
    case 9: Array("\\t".utf8)
    case 10: Array("\\n".utf8)
    case 12: Array("\\f".utf8)
    case 13: Array("\\r".utf8)
    case 0x22: Array("\\\"".utf8)
    case 0x5C: Array("\\\\".utf8)
    default:
      Array("\\u00".utf8)
        + [value >> 4, value & 15].map { UInt8(truncatingIfNeeded: $0 < 10 ? 48 + $0 : 87 + $0) }
    }
  }

  static func quoted(_ body: GrammarExpression) -> GrammarExpression {
    .sequence([.text("\""), body, .text("\"")])
  }

  /// Strings of plain characters that are none of `names`: from what they begin with in common, another
  /// character, or an end where no name ends.
  static func names(otherThan names: [[UInt32]]) -> GrammarExpression {
    var children: [UInt32: [[UInt32]]] = [:]
    for name in names {
      if let first = name.first { children[first, default: []].append(Array(name.dropFirst())) }
    }
    let keys = children.keys.sorted()
    let others = CharacterRanges.intersection(
      plain, CharacterRanges.complement(CharacterRanges.normalized(keys.map { $0...$0 })))
    var choices: [GrammarExpression] = [
      .sequence([.characters(others), .repeated(.characters(plain), least: 0, most: nil)])
    ]
    for key in keys where !CharacterRanges.intersection([key...key], plain).isEmpty {
      choices.append(
        .sequence([.characters([key...key]), self.names(otherThan: children[key] ?? [])]))
    }
    if !names.contains([]) { choices.append(.sequence([])) }
    return .choice(choices)
  }

  // MARK: Formats

  /// The strings of a format, RFC 3339 and RFC 4122; nil for one that is not known.
  static func format(_ name: String) -> GrammarExpression? {
    switch name {
    case "date": date
    case "time": time
    case "date-time": .sequence([date, .text("T"), time])
    case "uuid":
      .sequence(
        [8, 4, 4, 4, 12].enumerated().flatMap { index, count in
          (index == 0 ? [] : [.text("-")])
            + [GrammarExpression.repeated(hexadecimal, least: count, most: count)]
        })
    default: nil
    }
  }

  /// Two digits of a range within ten.
  private static func pair(_ tens: Unicode.Scalar, _ ones: ClosedRange<UInt32>) -> GrammarExpression
  {
    .sequence([.text(String(tens)), .characters([(48 + ones.lowerBound)...(48 + ones.upperBound)])])
  }
  private static func days(_ last: GrammarExpression...) -> GrammarExpression {
    .choice([pair("0", 1...9), pair("1", 0...9)] + last)
  }

  /// Days that every year has.
  private static let date: GrammarExpression = .sequence([
    .characters([0x31...0x39]), .repeated(digit, least: 3, most: 3), .text("-"),
    .choice([
      .sequence([
        .choice(["01", "03", "05", "07", "08", "10", "12"].map { .text($0) }), .text("-"),
        days(pair("2", 0...9), pair("3", 0...1)),
      ]),
      .sequence([
        .choice(["04", "06", "09", "11"].map { .text($0) }), .text("-"),
        days(pair("2", 0...9), .text("30")),
      ]),
      .sequence([.text("02-"), days(pair("2", 0...8))]),
    ]),
  ])

  private static let hour: GrammarExpression = .choice([
    pair("0", 0...9), pair("1", 0...9), pair("2", 0...3),
  ])
  private static let sixty: GrammarExpression = .sequence([.characters([0x30...0x35]), digit])
  private static let time: GrammarExpression = .sequence([
    hour, .text(":"), sixty, .text(":"), sixty,
    GrammarExpression.sequence([.text("."), .repeated(digit, least: 1, most: 6)]).optional,
    .choice([
      .text("Z"), .sequence([.characters([0x2B...0x2B, 0x2D...0x2D]), hour, .text(":"), sixty]),
    ]),
  ])
}
