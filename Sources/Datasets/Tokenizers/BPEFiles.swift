import Files

/// The files that GPT-2 and Hugging Face read: `tokenizer.json`, or `vocab.json`, an object of tokens
/// and their ids, and `merges.txt`, a version line and then the two tokens of each merge.
extension BPETokenizer {
  static let vocabularyFile = "vocab.json"
  static let mergesFile = "merges.txt"
  /// Also what transformers asks for: which class reads the folder.
  static let configurationFile = "tokenizer_config.json"
  /// The files hold 0.5 MB for 50,000 merges.
  private static let largest = 64 << 20

  /// Reads the tokenizer of a folder: `tokenizer.json` where it is, as transformers does, else
  /// `vocab.json` and `merges.txt`.
  /// - Throws: ``AIGCError`` (badInput) when a file is missing or damaged, lacks a token for some
  ///   byte, a merge names or makes a token that is not there, or `tokenizer.json` asks for what is
  ///   not supported.
  public init(folder: String) throws(AIGCError) {
    let path = "\(folder)/\(TokenizerJSON.fileName)"
    if fileExists(path) {
      try self.init(tokenizerJSON: path)
    } else {
      try self.init(
        vocabulary: "\(folder)/\(Self.vocabularyFile)", merges: "\(folder)/\(Self.mergesFile)")
    }
  }

  /// Reads a `tokenizer.json` with a byte-level BPE model.
  /// - Throws: as ``init(folder:)``.
  public init(tokenizerJSON path: String) throws(AIGCError) {
    self = try TokenizerJSON(path: path).tokenizer()
  }

  /// Reads `vocab.json` and `merges.txt`, or the two under other names.
  /// - Throws: as ``init(folder:)``.
  public init(vocabulary path: String, merges mergesPath: String) throws(AIGCError) {
    let vocabulary = try VocabularyJSON(path: path)
    let end = vocabulary.id(of: Self.endOfText).map { AddedToken(id: $0, content: Self.endOfText) }
    try self.init(
      vocabulary, merges: try Self.readMerges(mergesPath, vocabulary),
      addedTokens: end.map { [$0] } ?? [], name: path)
  }

  /// - Parameters:
  ///   - vocabulary: the tokens as the files spell them.
  ///   - addedTokens: those that are not in the vocabulary have the ids behind it, in order.
  ///   - name: the vocabulary's file, for messages.
  init(
    _ vocabulary: VocabularyJSON, merges: MergeTable, addedTokens: [AddedToken],
    addsPrefixSpace: Bool = false, name: String
  ) throws(AIGCError) {
    var byteTokens: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      guard let id = vocabulary.id(of: ByteAlphabet.encode([byte])) else {
        throw .badInput("\(name): no token for byte \(byte): not a byte-level vocabulary")
      }
      byteTokens.append(id)
    }
    // An added token that the merges do not make stands for its characters.
    var plain: Set<Int32> = []
    for token in addedTokens where token.content.contains(where: { $0 >= 0x80 }) {
      if !byteTokens.contains(token.id), !merges.makes(token.id) { plain.insert(token.id) }
    }
    var tokens = TokenBytes()
    for id in 0..<vocabulary.count {
      let token = vocabulary.token(id)
      if plain.contains(Int32(id)) {
        tokens.append(token)
      } else if !tokens.append(spelled: token) {
        plain.insert(Int32(id))
      }
    }
    for token in addedTokens where Int(token.id) >= vocabulary.count {
      if plain.contains(token.id) {
        tokens.append(token.content)
      } else if !tokens.append(spelled: token.content[...]) {
        plain.insert(token.id)
      }
    }
    try self.init(
      tokens: tokens, plainTokens: plain, byteTokens: byteTokens, merges: merges,
      addedTokens: addedTokens, addsPrefixSpace: addsPrefixSpace,
      endToken: vocabulary.id(of: Self.endOfText))
  }

  private static func readMerges(
    _ path: String, _ vocabulary: VocabularyJSON
  ) throws(AIGCError) -> MergeTable {
    let file = try MappedFile(path: path)
    guard file.count <= largest else { throw .badInput("\(path): too large for merges") }
    let text = try file.bytes()
    var merges = MergeReader(vocabulary)
    var (line, start) = (1, 0)
    while start < text.count {
      var end = start
      while end < text.count, text[end] != 10 { end += 1 }
      let next = end + 1
      if end > start, text[end - 1] == 13 { end -= 1 }
      merges.pair.removeAll(keepingCapacity: true)
      text.slice(start..<end).withUnsafeBuffer { merges.pair.append(contentsOf: $0) }
      if end > start, line > 1 || !merges.pair.starts(with: MergeReader.version) {
        if let wrong = merges.addSpaced() { throw .badInput("\(path): line \(line) \(wrong)") }
      }
      line += 1
      start = next
    }
    return merges.table
  }

  // MARK: Writing

  /// Writes `vocab.json` and `merges.txt`, and the same as `tokenizer.json`, with a
  /// `tokenizer_config.json`, so that transformers' AutoTokenizer reads the folder.
  public func write(to path: (String) -> String) throws(AIGCError) {
    let spelled = (0..<vocabularySize).lazy.map { written(Int32($0)) }
    try VocabularyJSON.write(spelled, to: path(Self.vocabularyFile))
    let file = try OutputFile(path: path(Self.mergesFile))
    try file.write("#version: 0.2\n")
    for merge in writtenMerges { try file.write(merge + [10]) }
    try file.commit(sync: true)
    for (name, content) in [
      (TokenizerJSON.fileName, TokenizerJSON.written(self)),
      (Self.configurationFile, TokenizerJSON.writtenConfiguration(self)),
    ] {
      let file = try OutputFile(path: path(name))
      try file.write(content)
      try file.commit(sync: true)
    }
  }

  /// The merges, each as two tokens with a space between them. Those of tokens with spaces, which no
  /// text can reach, are left out.
  var writtenMerges: some Sequence<[UInt8]> {
    merges.pairs.lazy.compactMap { pair in
      let (left, right) = (written(pair.left), written(pair.right))
      return left.contains(32) || right.contains(32) ? nil : left + [32] + right
    }
  }

  /// A token as the files hold it.
  func written(_ id: Int32) -> [UInt8] {
    plainTokens.contains(id) ? bytes(of: id) : ByteAlphabet.encode(bytes(of: id))
  }
}

/// Takes merges one by one.
struct MergeReader {
  private let vocabulary: VocabularyJSON
  private(set) var table: MergeTable
  /// The two tokens of the next merge, as the files spell them.
  var pair: [UInt8] = []

  /// How the first line of `merges.txt` begins.
  static let version = Array("#version".utf8)

  init(_ vocabulary: VocabularyJSON) {
    self.vocabulary = vocabulary
    table = MergeTable(capacity: vocabulary.count)
  }

  /// Adds the merge of ``pair``, which holds a space between the two.
  /// - Returns: what is wrong with it; nil when all is well.
  mutating func addSpaced() -> String? {
    guard let space = pair.firstIndex(of: 32), pair.lastIndex(of: 32) == space else {
      return "is not two tokens with a space between them"
    }
    pair.remove(at: space)
    return add(split: space)
  }

  /// Adds the merge of ``pair``, whose second token begins at `split`.
  /// - Returns: what is wrong with it; nil when all is well.
  mutating func add(split: Int) -> String? {
    guard let left = vocabulary.id(of: pair, at: 0..<split),
      let right = vocabulary.id(of: pair, at: split..<pair.count)
    else { return "names a token that is not in the vocabulary" }
    guard let id = vocabulary.id(of: pair, at: pair.indices) else {
      return "makes a token that is not in the vocabulary"
    }
    table.append(left, right, becomes: id)
    return nil
  }
}
