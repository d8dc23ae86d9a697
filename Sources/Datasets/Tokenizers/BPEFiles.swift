import Files

/// The two files that GPT-2 and Hugging Face read: `vocab.json`, an object of tokens and their ids,
/// and `merges.txt`, a version line and then the two tokens of each merge.
extension BPETokenizer {
  static let vocabularyFile = "vocab.json"
  static let mergesFile = "merges.txt"
  /// The files hold 0.5 MB for 50,000 merges.
  private static let largest = 64 << 20

  /// Reads `vocab.json` and `merges.txt` of a folder.
  /// - Throws: ``AIGCError`` (badInput) when one is missing or damaged, lacks a token for some byte,
  ///   or a merge names or makes a token that is not there.
  public init(folder: String) throws(AIGCError) {
    try self.init(
      vocabulary: "\(folder)/\(Self.vocabularyFile)", merges: "\(folder)/\(Self.mergesFile)")
  }

  /// Reads the two files under other names.
  public init(vocabulary path: String, merges mergesPath: String) throws(AIGCError) {
    let vocabulary = try VocabularyJSON(path: path)
    var plain: Set<Int32> = []
    var tokens: [[UInt8]] = []
    for id in 0..<vocabulary.count {
      let text = vocabulary.token(id)
      let token = ByteAlphabet.decode(text)
      if token == nil { plain.insert(Int32(id)) }
      tokens.append(token ?? Array(text))
    }
    var byteTokens: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      guard let id = vocabulary.id(of: ByteAlphabet.encode([byte])) else {
        throw .badInput("\(path): no token for byte \(byte): not a byte-level vocabulary")
      }
      byteTokens.append(id)
    }
    self.init(
      tokens: tokens, plainTokens: plain, byteTokens: byteTokens,
      merges: try Self.readMerges(mergesPath, vocabulary),
      endToken: vocabulary.id(of: PieceScanner.endOfText))
  }

  private static func readMerges(
    _ path: String, _ vocabulary: VocabularyJSON
  ) throws(AIGCError) -> MergeTable {
    let file = try MappedFile(path: path)
    guard file.count <= largest else { throw .badInput("\(path): too large for merges") }
    let text = try file.bytes()
    var merges = MergeTable()
    var (line, start) = (1, 0)
    while start < text.count {
      var end = start
      while end < text.count, text[end] != 10 { end += 1 }
      var bytes = (start..<end).map { text[$0] }
      if bytes.last == 13 { bytes.removeLast() }
      if !bytes.isEmpty, line > 1 || !bytes.starts(with: Array("#version".utf8)) {
        do {
          try append(bytes, to: &merges, vocabulary)
        } catch {
          throw .badInput("\(path): line \(line): \(error)")
        }
      }
      line += 1
      start = end + 1
    }
    return merges
  }

  /// What is wrong with a line.
  private struct BadMerge: Error, CustomStringConvertible {
    let description: String
  }

  private static func append(
    _ line: [UInt8], to merges: inout MergeTable, _ vocabulary: VocabularyJSON
  ) throws(BadMerge) {
    let parts = line.split(separator: 32, omittingEmptySubsequences: false)
    guard parts.count == 2, let left = vocabulary.id(of: Array(parts[0])),
      let right = vocabulary.id(of: Array(parts[1]))
    else {
      throw BadMerge(
        description: parts.count == 2
          ? "a token that is not in the vocabulary" : "not two tokens with a space between them")
    }
    guard let id = vocabulary.id(of: Array(parts[0]) + parts[1]) else {
      throw BadMerge(description: "makes a token that is not in the vocabulary")
    }
    merges.append(left, right, becomes: id)
  }

  public func write(to path: (String) -> String) throws(AIGCError) {
    try VocabularyJSON.write(
      (0..<vocabularySize).lazy.map { written(Int32($0)) }, to: path(Self.vocabularyFile))
    let file = try OutputFile(path: path(Self.mergesFile))
    try file.write("#version: 0.2\n")
    for (left, right) in merges.pairs {
      try file.write(written(left) + [32] + written(right) + [10])
    }
    try file.commit(sync: true)
  }

  /// A token as the files hold it.
  private func written(_ id: Int32) -> [UInt8] {
    plainTokens.contains(id) ? bytes(of: id) : ByteAlphabet.encode(bytes(of: id))
  }
}
