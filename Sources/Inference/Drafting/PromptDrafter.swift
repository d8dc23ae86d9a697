/// Drafts from the text itself: what followed when its last tokens stood there before, the latest time. The prompt
/// is part of the text, so that what is quoted, edited or repeated is found (prompt lookup decoding, Saxena 2023).
///
/// The last four tokens are looked up, then the last three, two, one. A step costs the same however long the text is.
public struct PromptDrafter: TokenDrafter {
  /// The most tokens that are looked up together.
  static let longest = 4

  private var tokens: [Int32] = []
  /// Where the text went on behind n-grams of each length, by their hashes.
  private var places: [UInt64: Int32] = [:]

  /// Creates a drafter at the start of a text.
  public init() {}

  /// Moves on by one token of the text.
  public mutating func append(_ token: Int32) {
    let place = Int32(truncatingIfNeeded: tokens.count)
    var hash = Self.seed
    for length in 1...Self.longest where length <= tokens.count {
      hash = Self.mix(hash, tokens[tokens.count - length])
      places[hash] = place
    }
    tokens.append(token)
  }

  /// What followed the last tokens before. Where that reaches the end of the text, it goes on from its own start: a
  /// text that repeats itself goes on to do so.
  public mutating func draft(_ count: Int) -> [DraftToken] {
    guard count > 0, let (start, length) = match() else { return [] }
    var result: [DraftToken] = []
    for index in 0..<count {
      let place = start + index
      let id = place < tokens.count ? tokens[place] : result[place - tokens.count].id
      // What is right so far makes the match longer.
      result.append(DraftToken(id: id, grade: length - 1 + index))
    }
    return result
  }

  /// Where the text went on behind the longest of its last n-grams that stood there before, and how many tokens are
  /// equal before that place.
  private func match() -> (start: Int, length: Int)? {
    var hashes: [UInt64] = []
    var hash = Self.seed
    for length in 1...Self.longest where length <= tokens.count {
      hash = Self.mix(hash, tokens[tokens.count - length])
      hashes.append(hash)
    }
    for hash in hashes.reversed() {
      guard let place = places[hash] else { continue }
      let start = Int(place)
      var length = 0
      while length < DraftToken.grades, length < start,
        tokens[start - 1 - length] == tokens[tokens.count - 1 - length]
      {
        length += 1
      }
      // Different n-grams may have one hash.
      if length > 0 { return (start, length) }
    }
    return nil
  }

  private static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ hash: UInt64, _ token: Int32) -> UInt64 {
    let x = (hash ^ UInt64(UInt32(bitPattern: token))) &* 0xFF51_AFD7_ED55_8CCD
    return x ^ x >> 32
  }
}
