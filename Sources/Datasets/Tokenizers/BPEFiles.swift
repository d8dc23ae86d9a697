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
    for id in 0..<vocabulary.count where ByteAlphabet.decode(vocabulary.token(id)) == nil {
      plain.insert(Int32(id))
    }
    let tokens = (0..<vocabulary.count).lazy.map { id in
      ByteAlphabet.decode(vocabulary.token(id)) ?? Array(vocabulary.token(id))
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
    var made: [UInt8] = []
    var (line, start) = (1, 0)
    while start < text.count {
      var (end, space, spaces) = (start, start, 0)
      while end < text.count, text[end] != 10 {
        if text[end] == 32 { (space, spaces) = (end, spaces + 1) }
        end += 1
      }
      let next = end + 1
      if end > start, text[end - 1] == 13 { end -= 1 }
      let isVersion = line == 1 && (start..<end).map { text[$0] }.starts(with: Self.version)
      if end > start, !isVersion {
        func error(_ what: String) -> AIGCError { .badInput("\(path): line \(line) \(what)") }
        guard spaces == 1 else { throw error("is not two tokens with a space between them") }
        guard let left = vocabulary.id(of: text, at: start..<space),
          let right = vocabulary.id(of: text, at: space + 1..<end)
        else { throw error("names a token that is not in the vocabulary") }
        made.removeAll(keepingCapacity: true)
        for place in start..<end where place != space { made.append(text[place]) }
        guard let id = vocabulary.id(of: made) else {
          throw error("makes a token that is not in the vocabulary")
        }
        merges.append(left, right, becomes: id)
      }
      line += 1
      start = next
    }
    return merges
  }

  private static let version = Array("#version".utf8)

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
