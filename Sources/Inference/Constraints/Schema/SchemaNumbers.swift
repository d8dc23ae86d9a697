/// Numbers between bounds, digit by digit.
enum SchemaNumbers {
  /// Digits of a number without bounds, as llama.cpp's grammars have them.
  private static let largestLength = 16

  static let integer: GrammarExpression = .sequence([GrammarExpression.text("-").optional, natural])
  static let number: GrammarExpression = .sequence([
    integer,
    GrammarExpression.sequence([.text("."), .repeated(SchemaText.digit, least: 1, most: 16)])
      .optional,
    GrammarExpression.sequence([
      .characters([0x45...0x45, 0x65...0x65]),
      GrammarExpression.characters([0x2B...0x2B, 0x2D...0x2D]).optional,
      .repeated(SchemaText.digit, least: 1, most: 2),
    ]).optional,
  ])
  private static let natural: GrammarExpression = .choice([
    .text("0"), .sequence([.characters([0x31...0x39]), any(0...(largestLength - 1))]),
  ])

  private static func any(_ counts: ClosedRange<Int>) -> GrammarExpression {
    .repeated(SchemaText.digit, least: counts.lowerBound, most: counts.upperBound)
  }

  /// Whole numbers from `low` to `high`; nil: no bound. The bounds are in order.
  /// - Parameter places: how many of the digits are decimals: bounds of 150 and 2 places are 1.50.
  static func integers(_ low: Int?, _ high: Int?, places: Int = 0) -> GrammarExpression {
    var choices: [GrammarExpression] = []
    if (low ?? .min) < 0 {
      let least = high.map { $0 < 0 ? $0.magnitude : 1 } ?? 1
      choices.append(.sequence([.text("-"), naturals(least, low.map { $0.magnitude }, places)]))
    }
    if (high ?? .max) >= 0 {
      choices.append(naturals(UInt(max(low ?? 0, 0)), high.map { UInt($0) }, places))
    }
    return .choice(choices)
  }

  /// Numbers with a fraction that is not 0 between whole numbers, which are in order; nil where there are none.
  static func fractions(_ low: Int?, _ high: Int?) -> GrammarExpression? {
    let fraction: GrammarExpression = .sequence([
      .text("."), any(0...5), .characters([0x31...0x39]),
    ])
    var choices: [GrammarExpression] = []
    if (low ?? .min) < 0 {
      // -n.5 lies between -n - 1 and -n.
      let least = high.map { $0 < 0 ? $0.magnitude : 0 } ?? 0
      let most = low.map { $0.magnitude - 1 }
      if least <= most ?? .max {
        choices.append(.sequence([.text("-"), naturals(least, most), fraction]))
      }
    }
    if (high ?? .max) > 0 {
      let least = UInt(max(low ?? 0, 0))
      let most = high.map { UInt($0) - 1 }
      if least <= most ?? .max { choices.append(.sequence([naturals(least, most), fraction])) }
    }
    return choices.isEmpty ? nil : .choice(choices)
  }

  /// Natural numbers from `low` to `high`.
  private static func naturals(
    _ low: UInt, _ high: UInt?, _ places: Int = 0
  ) -> GrammarExpression {
    let first = digits(low, places)
    let last = high.map { digits($0, places) }
    var choices: [GrammarExpression] = []
    let longest = last?.count ?? max(largestLength, first.count + 1)
    for length in first.count...max(longest, first.count) {
      // 0 is the only number that begins with 0.
      let least: [UInt8] =
        length == first.count ? first : [0x31] + [UInt8](repeating: 0x30, count: length - 1)
      let most =
        length == last?.count ? last ?? [] : [UInt8](repeating: 0x39, count: length)
      choices.append(between(least[...], most[...], places))
    }
    return .choice(choices)
  }

  /// The digits of a number, at least one before the decimals.
  private static func digits(_ number: UInt, _ places: Int) -> [UInt8] {
    let digits = Array(String(number).utf8)
    return [UInt8](repeating: 0x30, count: max(0, places + 1 - digits.count)) + digits
  }

  /// Digits of equal number, in order.
  private static func between(
    _ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>, _ places: Int
  ) -> GrammarExpression {
    guard let first = low.first, let last = high.first else { return .sequence([]) }
    if places > 0, low.count == places {
      return .sequence([.text("."), between(low, high, 0)])
    }
    let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
    if first == last {
      return .sequence([.literal([first]), between(lowRest, highRest, places)])
    }
    let count = lowRest.count
    let nines = [UInt8](repeating: 0x39, count: count)
    let zeros = [UInt8](repeating: 0x30, count: count)
    var choices: [GrammarExpression] = []
    // Ends whose other digits run through all values go with the digits between.
    let begin = Array(lowRest) == zeros ? first : first + 1
    let end = Array(highRest) == nines ? last : last - 1
    if begin > first {
      choices.append(.sequence([.literal([first]), between(lowRest, nines[...], places)]))
    }
    if begin <= end {
      choices.append(
        .sequence([
          .characters([UInt32(begin)...UInt32(end)]), between(zeros[...], nines[...], places),
        ]))
    }
    if end < last {
      choices.append(.sequence([.literal([last]), between(zeros[...], highRest, places)]))
    }
    return .choice(choices)
  }
}
