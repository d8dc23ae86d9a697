import Datasets
import Files
import Kernels
import Synchronization

/// The binary file of an n-gram model: a header of 8192 bytes, then sections aligned to 64 bytes,
/// little-endian, used in place from the mapped file.
///
/// The header is an array of 64-bit words: magic, version, order, flags, bits of the weight of an
/// unseen context, file length, number of sections; then offset, count of elements and checksum of
/// each section; the last word is the checksum of the words before. Sections: three of the
/// vocabulary; then for each level words, contexts, leaves, and for quantised models links,
/// suffixes, probability codes, back-off codes, values.
struct NGramFile {
  static let magic: UInt64 = 0x314D_4752_474E_4941  // "AINGRGM1"
  static let version: UInt64 = 1
  static let headerWords = 1024
  static let largestOrder = 32
  private static let quantizedFlag: UInt64 = 1
  private static let vocabularySections = 3
  private static let levelSections = 8

  let vocabulary: Vocabulary
  let levels: [NGramLevel]
  /// log10 weight of each step to a shorter context where the longer one is unknown; 0 except for
  /// stupid backoff.
  let unseenContextBackoff: Float

  // MARK: Writing

  /// - Parameter level: gives each level once, from the lowest; so only one need be in memory.
  static func write(
    to path: String, vocabulary: Vocabulary, order: Int, unseenContextBackoff: Float,
    isQuantized: Bool, level: (Int) throws(AIGCError) -> NGramLevel
  ) throws(AIGCError) {
    let file = try OutputFile(path: path)
    var header = [UInt64](repeating: 0, count: headerWords)
    header[0] = magic
    header[1] = version
    header[2] = UInt64(order)
    header[3] = isQuantized ? quantizedFlag : 0
    header[4] = UInt64(unseenContextBackoff.bitPattern)
    try file.write([UInt8](repeating: 0, count: headerWords * 8))
    var writer = SectionWriter(file: file)
    try writer.add(vocabulary.bytes)
    try writer.add(vocabulary.offsets)
    try writer.add(vocabulary.slots)
    for index in 0..<order {
      let level = try level(index)
      try writer.add(level.words)
      try writer.add(level.contexts)
      try writer.add(level.leaves)
      try writer.add(level.quantized.links)
      try writer.add(level.quantized.suffixes)
      try writer.add(level.quantized.probabilityCodes)
      try writer.add(level.quantized.backoffCodes)
      try writer.add(level.quantized.values)
      try Interruption.check()
    }
    header[5] = UInt64(file.offset)
    header[6] = UInt64(writer.entries.count / 3)
    header.replaceSubrange(7..<7 + writer.entries.count, with: writer.entries)
    header[headerWords - 1] = try Checksum.of(Table(Array(header.dropLast())))
    try file.overwriteStart(with: try Table(header))
    try file.commit(sync: true)
  }

  private struct SectionWriter {
    let file: OutputFile
    var entries: [UInt64] = []

    mutating func add<Element>(_ table: Table<Element>) throws(AIGCError) {
      try file.align(to: 64)
      entries += [UInt64(file.offset), UInt64(table.count), try Checksum.of(table)]
      try file.write(table)
    }
  }

  // MARK: Reading

  /// Maps the file and checks all of it: length, checksums, and that every link stays inside.
  /// - Throws: ``/Files/AIGCError`` (badInput) that names the file.
  init(path: String) throws(AIGCError) {
    let file = try MappedFile(path: path)
    let damaged = AIGCError.badInput("\(path): damaged or truncated n-gram model; train it again")
    guard file.count >= Self.headerWords * 8 else { throw damaged }
    let header = try file.table(of: UInt64.self, at: 0, count: Self.headerWords)
    guard header[0] == Self.magic else {
      throw .badInput("\(path): not an n-gram model of aigc")
    }
    guard header[1] == Self.version else {
      throw .badInput("\(path): n-gram format \(header[1]) is newer than this aigc; update aigc")
    }
    let start = (0..<Self.headerWords - 1).map { header[$0] }
    guard try Checksum.of(Table(start)) == header[Self.headerWords - 1],
      header[5] == UInt64(file.count), header[2] >= 1, header[2] <= Self.largestOrder
    else { throw damaged }
    let order = Int(header[2])
    let sections = Self.vocabularySections + Self.levelSections * order
    guard header[6] == UInt64(sections) else { throw damaged }
    file.useHugePages()
    parallelBlocks(file.count, size: 8 << 20) { first, end in file.populate(first, end - first) }
    var reader = SectionReader(file: file, header: header, damaged: damaged)
    vocabulary = try Vocabulary(
      bytes: try reader.next(), offsets: try reader.next(), slots: try reader.next(),
      name: path)
    let isQuantized = header[3] & Self.quantizedFlag != 0
    var levels: [NGramLevel] = []
    for index in 0..<order {
      let level = try Self.readLevel(
        &reader, index: index, isLast: index + 1 == order, isQuantized: isQuantized && index > 0,
        LinkLimits(
          words: vocabulary.count, suffixes: index == 0 ? Int.max : levels[index - 1].count))
      if let lower = levels.last.map(NGramLevelView.init) {
        guard lower.firstChild(0) == 0, lower.firstChild(lower.count) == level.count else {
          throw damaged
        }
      }
      levels.append(level)
    }
    self.levels = levels
    unseenContextBackoff = Float(bitPattern: UInt32(truncatingIfNeeded: header[4]))
  }

  private static func readLevel(
    _ reader: inout SectionReader, index: Int, isLast: Bool, isQuantized: Bool,
    _ limits: LinkLimits
  ) throws(AIGCError) -> NGramLevel {
    let words: Table<UInt32> = try reader.next { limits.areSound($0, $1, $2) }
    let contexts: Table<ContextNode> = try reader.next { limits.areSound($0, $1, $2) }
    let leaves: Table<LeafNode> = try reader.next { limits.areSound($0, $1, $2) }
    let quantized = QuantizedLevel(
      links: try reader.next { limits.areSound($0, $1, $2) },
      suffixes: try reader.next { limits.areSoundSuffixes($0, $1, $2) },
      probabilityCodes: try reader.next(), backoffCodes: try reader.next(),
      values: try reader.next { limits.areSound($0, $1, $2) })
    let count = index == 0 ? limits.words : words.count
    let nodes = isLast ? count : count + 1
    let plainSizes = [contexts.count, leaves.count]
    let codedSizes = [quantized.links.count, quantized.suffixes.count]
    let expected = isLast ? [0, nodes] : [nodes, 0]
    guard (isQuantized ? codedSizes : plainSizes) == expected, index > 0 || words.count == 0,
      !isQuantized
        || (quantized.probabilityCodes.count == count
          && quantized.backoffCodes.count == (isLast ? 0 : count)
          && quantized.values.count == 2 * QuantizedLevel.codes)
    else { throw reader.damaged }
    return NGramLevel(
      words: words, contexts: contexts, leaves: leaves, quantized: quantized,
      isQuantized: isQuantized, count: count)
  }

  private struct SectionReader {
    let file: MappedFile
    let header: Table<UInt64>
    let damaged: AIGCError
    var section = 0

    /// The next section, its checksum compared.
    /// - Parameter isSound: checks a block of its elements.
    mutating func next<Element>(
      _ isSound: @escaping @Sendable (Table<Element>, Int, Int) -> Bool = { _, _, _ in true }
    ) throws(AIGCError) -> Table<Element> where Element: BitwiseCopyable & Sendable {
      let entry = 7 + section * 3
      section += 1
      guard entry + 2 < header.count, let offset = Int(exactly: header[entry]),
        let count = Int(exactly: header[entry + 1]), offset % 64 == 0
      else { throw damaged }
      let table: Table<Element> = try file.table(at: offset, count: count)
      let faults = Atomic<Int>(0)
      let sum = try Checksum.of(table) { first, end in
        if !isSound(table, first, end) { faults.add(1, ordering: .relaxed) }
      }
      guard sum == header[entry + 2], faults.load(ordering: .relaxed) == 0 else { throw damaged }
      return table
    }
  }
}
