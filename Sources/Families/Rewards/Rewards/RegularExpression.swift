import Files

/// A regular expression that is matched in time proportional to its size times the text's, whatever both are:
/// all places of the expression at once are moved over the text (Thompson 1968), and nothing is tried twice.
///
/// Letters, `.`, classes `[a-z]` and `[^,]`, `\d \w \s \D \W \S`, `\n \t`, groups `( )` and `(?: )`, `|`, `* + ?`
/// and `{2,5}`, `^` and `$` for the text's start and end, `\b`; `(?i)` at the start: the same in both cases.
/// What looks around or back is refused.
public struct RegularExpression: Sendable {
  /// One place of the expression.
  enum Step: Sendable {
    case one(ScalarSet)
    case split(Int, Int)
    case jump(Int)
    case start, end, boundary
    case match
  }

  /// The most places, so that a text of some thousand letters takes milliseconds.
  static let most = 4000

  private let steps: [Step]

  /// - Throws: ``/Files/AIGCError`` (usage) for what is no expression, and for one that is too large.
  public init(_ pattern: String) throws(AIGCError) {
    var parser = ExpressionParser(pattern)
    var compiler = ExpressionCompiler()
    try compiler.add(try parser.parse())
    steps = compiler.steps + [.match]
  }

  /// Whether a part of `text` matches.
  public func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var (now, next) = (PlaceSet(steps.count), PlaceSet(steps.count))
    for position in 0...scalars.count {
      // A match may begin at any place.
      if follow(0, position, scalars, into: &now) { return true }
      guard position < scalars.count else { break }
      next.removeAll()
      for place in now.places {
        guard case .one(let set) = steps[place], set.contains(scalars[position]) else { continue }
        if follow(place + 1, position + 1, scalars, into: &next) { return true }
      }
      swap(&now, &next)
    }
    return false
  }

  /// Adds a place and all that are reached from it without a letter.
  /// - Returns: whether the match is one of them.
  private func follow(
    _ place: Int, _ position: Int, _ text: [Unicode.Scalar], into set: inout PlaceSet
  ) -> Bool {
    var open = [place]
    while let place = open.popLast() {
      guard set.insert(place) else { continue }
      switch steps[place] {
      case .one: break
      case .split(let first, let second): open += [second, first]
      case .jump(let target): open.append(target)
      case .start: if position == 0 { open.append(place + 1) }
      case .end: if position == text.count { open.append(place + 1) }
      case .boundary:
        let before = position > 0 && ScalarSet.word.contains(text[position - 1])
        let after = position < text.count && ScalarSet.word.contains(text[position])
        if before != after { open.append(place + 1) }
      case .match: return true
      }
    }
    return false
  }
}

/// Places in the order in which they came.
private struct PlaceSet {
  private(set) var places: [Int] = []
  private var isIn: [Bool]

  init(_ count: Int) { isIn = [Bool](repeating: false, count: count) }

  mutating func insert(_ place: Int) -> Bool {
    if isIn[place] { return false }
    isIn[place] = true
    places.append(place)
    return true
  }

  mutating func removeAll() {
    for place in places { isIn[place] = false }
    places.removeAll(keepingCapacity: true)
  }
}

/// A set of letters: ranges, or all but these.
struct ScalarSet: Sendable {
  var ranges: [ClosedRange<UInt32>]
  var isInverted = false

  static let digit = ScalarSet(ranges: [48...57])
  static let space = ScalarSet(ranges: [
    9...13, 32...32, 0x85...0x85, 0xA0...0xA0, 0x2000...0x200A, 0x3000...0x3000,
  ])
  static let word = ScalarSet(
    ranges: [48...57, 65...90, 95...95, 97...122], isLetters: true)
  static let any = ScalarSet(ranges: [10...10], isInverted: true)
  /// Whether letters of all scripts belong to it.
  var isLetters = false

  init(ranges: [ClosedRange<UInt32>], isInverted: Bool = false, isLetters: Bool = false) {
    (self.ranges, self.isInverted, self.isLetters) = (ranges, isInverted, isLetters)
  }

  init(_ scalar: Unicode.Scalar) { self.init(ranges: [scalar.value...scalar.value]) }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    let isIn =
      ranges.contains { $0.contains(value) }
      || isLetters && value > 127 && scalar.properties.isAlphabetic
    return isIn != isInverted
  }

  /// With the other case of the Latin letters.
  var inBothCases: ScalarSet {
    var result = self
    for range in ranges {
      for (first, shift) in [(UInt32(65), Int64(32)), (97, -32)] {
        let low = max(range.lowerBound, first)
        let high = min(range.upperBound, first + 25)
        if low <= high {
          result.ranges.append(UInt32(Int64(low) + shift)...UInt32(Int64(high) + shift))
        }
      }
    }
    return result
  }
}
