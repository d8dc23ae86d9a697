import Files
import Kernels

/// Sorted counts as a file: what a model keeps for `aigc update`, and what counting writes to disk
/// when memory runs short.
///
/// A header of 64-bit words (magic, order, windows, bytes of payload, checksum, nodes of each
/// level), then one record a distinct window in sorted order: how many words it shares with the one
/// before and how many are new (one number), the new words, the count; all numbers are LEB128.
enum CountRun {
  static let magic: UInt64 = 0x3152_4E43_4E49_4141  // "AAINCNR1"
  static let fixedHeaderWords = 5

  static func write(_ counts: NGramCounts, to path: String) throws(AIGCError) {
    let parts = parts(of: counts)
    let encoded = try EncodedParts(counts, parts)
    let file = try OutputFile(path: path)
    var header = [UInt64](repeating: 0, count: fixedHeaderWords)
    header[0] = magic
    header[1] = UInt64(counts.order)
    header[2] = UInt64(encoded.windows)
    header += counts.levels.map { UInt64($0.nodeCount) }
    try file.write(try Table(header))
    var checksum: UInt64 = 0
    for part in parts.indices {
      let bytes = encoded.take(part)
      checksum = checksum &* 31 &+ (try Checksum.of(Table(bytes)))
      header[3] += UInt64(bytes.count)
      try file.write(bytes)
    }
    header[4] = checksum
    // Parts are found again by their lengths, so that the checksum can be taken part by part.
    try file.align(to: 8)
    try file.write(try Table(encoded.lengths.map { UInt64($0) }))
    try file.overwriteStart(with: try Table(header))
    try file.commit(sync: true)
  }

  /// Ranges of first words with some 64 Ki occurrences each.
  private static func parts(of counts: NGramCounts) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var (first, occurrences) = (0, 0)
    for id in 0..<counts.vocabularySize {
      occurrences += Int(counts.levels[0].counts[id])
      if occurrences >= 1 << 16 || id + 1 == counts.vocabularySize {
        parts.append(first..<id + 1)
        (first, occurrences) = (id + 1, 0)
      }
    }
    return parts
  }

  private final class EncodedParts: @unchecked Sendable {
    private let slots: ParallelSlots<RunEncoder>
    let lengths: [Int]
    let windows: Int

    init(_ counts: NGramCounts, _ parts: [Range<Int>]) throws(AIGCError) {
      let slots = ParallelSlots<RunEncoder>(count: parts.count)
      parallelFor(parts.count) { part in
        var encoder = RunEncoder(counts: counts)
        for id in parts[part] { encoder.encode(id) }
        slots.set(part, encoder)
      }
      try Interruption.check()
      self.slots = slots
      lengths = parts.indices.map { slots.get($0)?.bytes.count ?? 0 }
      windows = parts.indices.reduce(0) { $0 + (slots.get($1)?.windows ?? 0) }
    }

    func take(_ part: Int) -> [UInt8] { slots.take(part)?.bytes ?? [] }
  }
}

/// Writes the windows below one first word after another.
struct RunEncoder: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var windows = 0
  private let order: Int
  private let words: [Table<UInt32>]
  private let counts: [Table<UInt32>]
  private let firstChild: [Table<UInt32>]
  private var window: [UInt32]
  private var shared = 0

  init(counts: NGramCounts) {
    order = counts.order
    words = counts.levels.map { $0.words }
    self.counts = counts.levels.map { $0.counts }
    firstChild = counts.levels.map { $0.firstChild }
    window = [UInt32](repeating: 0, count: order)
  }

  mutating func encode(_ id: Int) {
    guard counts[0][id] > 0 else { return }
    shared = 0
    window[0] = UInt32(truncatingIfNeeded: id)
    visit(level: 0, node: id)
  }

  /// Windows that end at `node` come before those that go on.
  private mutating func visit(level: Int, node: Int) {
    let count = counts[level][node]
    guard level + 1 < order else {
      append(length: level + 1, count: count)
      return
    }
    let children = Int(firstChild[level][node])..<Int(firstChild[level][node + 1])
    let going = children.reduce(UInt32(0)) { $0 &+ counts[level + 1][$1] }
    if count > going { append(length: level + 1, count: count - going) }
    for child in children {
      window[level + 1] = words[level + 1][child]
      shared = min(shared, level + 1)
      visit(level: level + 1, node: child)
    }
  }

  private mutating func append(length: Int, count: UInt32) {
    appendNumber(UInt32(truncatingIfNeeded: shared * (order + 1) + length - shared))
    for index in shared..<length { appendNumber(window[index]) }
    appendNumber(count)
    windows += 1
    shared = length
  }

  private mutating func appendNumber(_ value: UInt32) {
    var value = value
    while value >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 128)
      value >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }
}

/// Reads a run window by window.
struct RunReader {
  /// The current window.
  private(set) var window: [UInt32] = []
  private(set) var count: UInt32 = 0
  let order: Int
  /// N-grams of each order in the run.
  let nodeCounts: [Int]

  private let path: String
  private let bytes: Table<UInt8>
  private var offset = 0
  private var remaining: Int
  private let vocabularySize: Int

  /// - Parameter vocabularySize: ids must be below it.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is damaged.
  init(path: String, vocabularySize: Int) throws(AIGCError) {
    let file = try MappedFile(path: path)
    let damaged = AIGCError.badInput("\(path): damaged or truncated counts; train the model again")
    self.path = path
    self.vocabularySize = vocabularySize
    let fixed = CountRun.fixedHeaderWords
    guard file.count >= fixed * 8 else { throw damaged }
    let head = try file.table(of: UInt64.self, at: 0, count: fixed)
    guard head[0] == CountRun.magic, head[1] >= 1, head[1] <= NGramFile.largestOrder,
      let windows = Int(exactly: head[2]), let payload = Int(exactly: head[3])
    else { throw damaged }
    order = Int(head[1])
    guard file.count >= (fixed + order) * 8 else { throw damaged }
    let nodes = try file.table(of: UInt64.self, at: fixed * 8, count: order)
    // Each n-gram takes a byte or more, so a wrong number cannot ask for much memory.
    guard nodes[0] <= UInt64(vocabularySize),
      nodes.indices.dropFirst().allSatisfy({ nodes[$0] <= head[3] })
    else { throw damaged }
    nodeCounts = nodes.indices.map { Int(clamping: nodes[$0]) }
    bytes = try file.table(at: (fixed + order) * 8, count: payload)
    guard try Self.checksum(of: file, payloadStart: (fixed + order) * 8, payload) == head[4] else {
      throw damaged
    }
    remaining = windows
  }

  private static func checksum(
    of file: MappedFile, payloadStart: Int, _ payload: Int
  ) throws(AIGCError) -> UInt64? {
    let (payloadEnd, overflow) = payloadStart.addingReportingOverflow(payload)
    guard !overflow, payloadEnd <= file.count else { return nil }
    let start = (payloadEnd + 7) / 8 * 8
    guard start <= file.count, (file.count - start) % 8 == 0 else { return nil }
    let lengths = try file.table(of: UInt64.self, at: start, count: (file.count - start) / 8)
    var (sum, offset): (UInt64, Int) = (0, payloadStart)
    for part in lengths.indices {
      guard let length = Int(exactly: lengths[part]), length <= payloadEnd - offset else {
        return nil
      }
      let part = try file.table(of: UInt8.self, at: offset, count: length)
      sum = sum &* 31 &+ (try Checksum.of(part))
      offset += length
    }
    return offset == payloadEnd ? sum : nil
  }

  /// Moves to the next window.
  /// - Returns: how many words it shares with the one before; nil at the end.
  mutating func next() throws(AIGCError) -> Int? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    let head = Int(try number())
    let (shared, new) = (head / (order + 1), head % (order + 1))
    guard shared <= window.count, shared + new <= order, new > 0 else { throw damage() }
    // Windows come in sorted order, each once, a shorter one before those that go on from it.
    let before = shared < window.count ? window[shared] : nil
    window.removeLast(window.count - shared)
    for index in 0..<new {
      let word = try number()
      guard word < vocabularySize else { throw damage() }
      if index == 0, let before, word <= before { throw damage() }
      window.append(word)
    }
    count = try number()
    guard count > 0 else { throw damage() }
    return shared
  }

  private mutating func number() throws(AIGCError) -> UInt32 {
    var (value, shift): (UInt32, UInt32) = (0, 0)
    while offset < bytes.count, shift < 35 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt32(byte & 127) << shift
      if byte < 128 { return value }
      shift += 7
    }
    throw damage()
  }

  private func damage() -> AIGCError {
    .badInput("\(path): damaged counts at byte \(offset); train the model again")
  }
}
