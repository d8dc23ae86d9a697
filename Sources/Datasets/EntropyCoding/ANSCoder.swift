import Files

/// An entropy coder: asymmetric numeral systems (Duda 2013) with a state of 39 bits that gives bytes.
/// Each symbol costs the logarithm of its probability, within 0.1%, and a whole message 5 bytes more.
///
/// It codes from the last symbol to the first, so that the decoder reads from the first to the last; the
/// decoder ends in the state that the encoder began with, which tells damaged bytes.
public struct ANSEncoder: Sendable {
  /// Starts and frequencies of the symbols so far.
  private var symbols: [SIMD2<UInt32>] = []

  /// Creates an encoder of a message that is still empty.
  public init() {}

  /// - Parameters:
  ///   - symbol: one of the table.
  ///   - table: frequencies of all symbols; the decoder needs the same.
  public mutating func append(_ symbol: Int, _ table: FrequencyTable) {
    symbols.append(SIMD2(table.start(symbol), table.frequency(symbol)))
  }

  /// The symbols of another one behind these.
  public mutating func append(_ other: ANSEncoder) { symbols += other.symbols }

  /// The bytes of all symbols.
  public func finished() -> [UInt8] {
    var bytes: [UInt8] = []
    var state = ANS.lower
    func push() {
      bytes.append(UInt8(truncatingIfNeeded: state))
      state >>= 8
    }
    for symbol in symbols.reversed() {
      let (start, frequency) = (UInt64(symbol[0]), UInt64(symbol[1]))
      // What would not fit the state after the symbol goes out before it.
      while state >= ANS.limit * frequency { push() }
      state =
        (state / frequency) << UInt64(FrequencyTable.bits) + state % frequency + start
    }
    for _ in 0..<ANS.stateBytes { push() }
    return bytes.reversed()
  }
}

/// Reads what ``ANSEncoder`` wrote. Any bytes can be read: wrong ones give wrong symbols, or an error.
public struct ANSDecoder: Sendable {
  private let bytes: Table<UInt8>
  private let name: String
  private var offset = ANS.stateBytes
  private var state: UInt64 = 0

  /// - Parameters:
  ///   - bytes: of ``ANSEncoder/finished()``.
  ///   - name: of the file, for errors.
  /// - Throws: ``/Files/AIGCError`` (badInput) for what cannot be its bytes.
  public init(_ bytes: Table<UInt8>, name: String) throws(AIGCError) {
    self.bytes = bytes
    self.name = name
    for index in 0..<min(ANS.stateBytes, bytes.count) {
      state = state << 8 | UInt64(bytes[index])
    }
    guard bytes.count >= ANS.stateBytes, (ANS.lower..<ANS.lower << 8).contains(state) else {
      throw ANS.damaged(name)
    }
  }

  /// The next symbol.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the bytes end before it.
  public mutating func next(_ table: FrequencyTable) throws(AIGCError) -> Int {
    let place = UInt32(truncatingIfNeeded: state) & UInt32(FrequencyTable.total - 1)
    let symbol = table.symbol(at: place)
    state =
      UInt64(table.frequency(symbol)) * (state >> UInt64(FrequencyTable.bits)) + UInt64(place)
      - UInt64(table.start(symbol))
    while state < ANS.lower {
      guard offset < bytes.count else { throw ANS.damaged(name) }
      state = state << 8 | UInt64(bytes[offset])
      offset += 1
    }
    return symbol
  }

  /// Checks that all was read.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it was not, or the bytes were other ones.
  public func finish() throws(AIGCError) {
    guard offset == bytes.count, state == ANS.lower else { throw ANS.damaged(name) }
  }
}

private enum ANS {
  /// The smallest state; the largest is below 256 times it.
  static let lower: UInt64 = 1 << 31
  static let stateBytes = 5
  /// A state of this times a symbol's frequency would grow too large by the symbol.
  static let limit = (lower >> UInt64(FrequencyTable.bits)) << 8

  static func damaged(_ name: String) -> AIGCError {
    .badInput("\(name): damaged: the coded numbers do not end where they should")
  }
}
