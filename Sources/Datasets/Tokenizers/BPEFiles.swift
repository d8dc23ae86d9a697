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

  /// Reads the tokenizer of a folder: `tokenizer.json` where it is, else `vocab.json` and
  /// `merges.txt`, with what `TokenizerCompanions` finds beside them, as transformers'
  /// AutoTokenizer does.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, lacks a token for some
  ///   byte, a merge names or makes a token that is not there, or a file asks for what is not
  ///   supported.
  public init(folder: String) throws(AIGCError) {
    let companions = try TokenizerCompanions(folder: folder)
    let path = "\(folder)/\(TokenizerJSON.fileName)"
    if fileExists(path) {
      try self.init(companions, TokenizerJSON(path: path), folder: folder)
      return
    }
    let vocabularyPath = "\(folder)/\(Self.vocabularyFile)"
    let vocabulary = try VocabularyJSON(path: vocabularyPath)
    // What the vocabulary itself lacks is said before what its merges miss.
    _ = try Self.byteTokens(vocabulary, name: vocabularyPath, isWhole: true)
    let merges = try Self.readMerges("\(folder)/\(Self.mergesFile)", vocabulary)
    var model = BPEModel()
    if companions.addsPrefixSpace { model.pipeline.preparation.prefix = .space }
    try self.init(companions, vocabulary, merges, nil, model, folder: folder)
  }

  private init(
    _ companions: TokenizerCompanions, _ file: TokenizerJSON, folder: String
  ) throws(AIGCError) {
    let (vocabulary, merges) = try file.parts()
    var model = try file.model()
    // GPT2Tokenizer makes its own pipeline. Of a file with another, SmolLM's say, it is the file that counts.
    if companions.reader == .gpt2, model.pipeline.isGPT2 {
      model.pipeline.preparation.prefix = companions.addsPrefixSpace ? .space : .none
    }
    if companions.reader == .llama, !model.isByteLevel {
      model = companions.llamaModel(unknown: model.unknown)
    }
    try self.init(companions, vocabulary, merges, file, model, folder: folder)
  }

  private init(
    _ companions: TokenizerCompanions, _ vocabulary: VocabularyJSON, _ merges: MergeTable,
    _ file: TokenizerJSON?, _ model: BPEModel, folder: String
  ) throws(AIGCError) {
    let list = try Self.addedTokens(companions, vocabulary, file, folder: folder)
    let marks = companions.named.map {
      (name: $0.name, id: $0.token.flatMap { list.token($0.content)?.id })
    }
    let path = file?.path ?? "\(folder)/\(Self.vocabularyFile)"
    try self.init(
      vocabulary, merges: merges, addedTokens: list.tokens.sorted { $0.id < $1.id }, model: model,
      name: path)
    namedTokens = marks
    func mark(_ name: String) -> Int32? { marks.first { $0.name == name }?.id }
    if marks.contains(where: { $0.name == "eos_token" }) { endToken = mark("eos_token") }
    splitsSpecialTokens = companions.splitsSpecialTokens
    parsesSpecialTokens = !splitsSpecialTokens
    if let file {
      try frame(prefix: file.prefix, suffix: file.suffix, path: file.path)
    } else {
      let start = companions.addsStart ? mark("bos_token").map { [$0] } : nil
      let end = companions.addsEnd ? mark("eos_token").map { [$0] } : nil
      try frame(prefix: start ?? [], suffix: end ?? [], path: folder)
    }
  }

  /// Text is searched for all of them at once, by tables of some twenty bytes for each of theirs.
  private static let mostAddedBytes = 16 << 20

  private static func addedTokens(
    _ companions: TokenizerCompanions, _ vocabulary: VocabularyJSON, _ file: TokenizerJSON?,
    folder: String
  ) throws(AIGCError) -> AddedTokenList {
    var list = AddedTokenList(vocabulary)
    if companions.reader != .gpt2, let file {
      for token in file.added { try list.add(token, path: file.path) }
    }
    // Of two for one id the later file's is taken.
    var tokens: [Int32: (token: AddedToken, path: String)] = [:]
    if let decoder = companions.decoder {
      let path = "\(folder)/\(TokenizerCompanions.configuration)"
      for token in decoder { tokens[token.id] = (token, path) }
    } else {
      let path = "\(folder)/\(TokenizerCompanions.addedTokens)"
      for token in companions.legacy { tokens[token.id] = (token, path) }
      if let file { for token in file.added { tokens[token.id] = (token, file.path) } }
    }
    let named = companions.named.compactMap { $0.token }
    let special = Set(named.map { $0.content })
    for (_, entry) in tokens.sorted(by: { $0.key < $1.key }) {
      if list.token(entry.token.content) == entry.token { continue }
      var token = entry.token
      if special.contains(token.content) { token.isSpecial = true }
      try list.add(token, path: entry.path)
    }
    // Of several marks that are one token the last one's flags are taken.
    let known = Set(list.tokens.map { $0.content })
    for token in named + companions.extra where !known.contains(token.content) {
      try list.add(token, path: folder)
    }
    guard list.tokens.reduce(0, { $0 + $1.content.count }) <= mostAddedBytes else {
      throw .badInput("\(folder): added tokens of more than \(mostAddedBytes >> 20) MiB together")
    }
    return list
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
    let byteTokens = try Self.byteTokens(vocabulary, name: path, isWhole: true)
    let end = vocabulary.id(of: Self.endOfText).map { AddedToken(id: $0, content: Self.endOfText) }
    try self.init(
      vocabulary, byteTokens: byteTokens, merges: try Self.readMerges(mergesPath, vocabulary),
      addedTokens: end.map { [$0] } ?? [])
  }

  /// The id of each byte; -1 for one that has none.
  /// - Parameters:
  ///   - name: the vocabulary's file, for messages.
  ///   - isWhole: whether each byte must have one. Published vocabularies lack bytes that their training texts did
  ///     not hold.
  static func byteTokens(
    _ vocabulary: VocabularyJSON, name: String, isWhole: Bool
  ) throws(AIGCError) -> [Int32] {
    let tokens = (UInt8.min...UInt8.max).map { byte in
      vocabulary.id(of: ByteAlphabet.encode([byte])) ?? -1
    }
    let missing = tokens.indices.filter { tokens[$0] < 0 }
    // Without printable ASCII it is none.
    if let byte = missing.first(where: { isWhole || (0x20..<0x7F).contains($0) }) {
      throw .badInput("\(name): no token for byte \(byte): not a byte-level vocabulary")
    }
    return tokens
  }

  /// - Parameters:
  ///   - vocabulary: the tokens as the files spell them.
  ///   - addedTokens: those that are not in the vocabulary have the ids behind it, in order.
  init(
    _ vocabulary: VocabularyJSON, byteTokens: [Int32], merges: MergeTable,
    addedTokens: [AddedToken], pipeline: TextPipeline = TextPipeline(), ignoresMerges: Bool = false,
    unknown: Int32? = nil
  ) throws(AIGCError) {
    // An added token that the merges do not make stands for its characters.
    var plain: Set<Int32> = []
    let spelled = addedTokens.filter { $0.content.contains { $0 >= 0x80 } }.map { $0.id }
    if !spelled.isEmpty { plain = Set(spelled).subtracting(byteTokens).subtracting(merges.made) }
    var tokens = TokenBytes(capacity: vocabulary.count)
    let alphabet = ByteAlphabet.bytes
    func append(_ id: Int32, _ token: ArraySlice<UInt8>) {
      if plain.contains(id) {
        tokens.append(token)
      } else if !tokens.append(spelled: token, alphabet) {
        plain.insert(id)
      }
    }
    vocabulary.forEach(append)
    for token in addedTokens where Int(token.id) >= vocabulary.count {
      append(token.id, token.content[...])
    }
    try self.init(
      tokens: tokens, plainTokens: plain, byteTokens: byteTokens, merges: merges,
      addedTokens: addedTokens, pipeline: pipeline, wholePieces: ignoresMerges ? vocabulary : nil,
      endToken: vocabulary.id(of: Self.endOfText))
    if byteTokens.contains(where: { $0 < 0 }) { unknownByte = unknown }
  }

  private static func readMerges(
    _ path: String, _ vocabulary: VocabularyJSON
  ) throws(AIGCError) -> MergeTable {
    let file = try MappedFile(path: path)
    guard file.count <= largest else { throw .badInput("\(path): too large for merges") }
    var merges = MergeReader(vocabulary)
    let text = Array(try file.bytes())
    var (line, start) = (0, 0)
    while start < text.count {
      line += 1
      let end = text[start...].firstIndex(of: 10) ?? text.count
      var content = text[start..<end]
      if content.last == 13 { content = content.dropLast() }
      start = end + 1
      if content.isEmpty || line == 1 && content.starts(with: MergeReader.version) { continue }
      if let wrong = merges.addSpaced(content) { throw .badInput("\(path): line \(line) \(wrong)") }
    }
    return merges.table
  }

  // MARK: Writing

  /// Writes `tokenizer.json`, and where that is GPT-2's `vocab.json` and `merges.txt` with the same, and a
  /// `tokenizer_config.json`, so that transformers' AutoTokenizer reads the folder.
  public func write(to path: (String) -> String) throws(AIGCError) {
    if pipeline.isGPT2 {
      let spelled = (0..<vocabularySize).lazy.map { written(Int32($0)) }
      try VocabularyJSON.write(spelled, to: path(Self.vocabularyFile))
      let file = try OutputFile(path: path(Self.mergesFile))
      try file.write("#version: 0.2\n")
      for merge in writtenMerges {
        try file.write(merge.left + [32] + merge.right + [10])
      }
      try file.commit(sync: true)
    }
    for (name, content) in [
      (TokenizerJSON.fileName, TokenizerJSON.written(self)),
      (Self.configurationFile, TokenizerJSON.writtenConfiguration(self)),
    ] {
      let file = try OutputFile(path: path(name))
      try file.write(content)
      try file.commit(sync: true)
    }
  }

  /// The merges, each as two tokens. Those of tokens with spaces, which no text can reach, are left out.
  var writtenMerges: some Sequence<(left: [UInt8], right: [UInt8])> {
    (characters == nil ? merges.pairs : merges.ordered).lazy.compactMap { pair in
      let (left, right) = (written(pair.left), written(pair.right))
      return left.contains(32) || right.contains(32) ? nil : (left, right)
    }
  }

  /// A token as the files hold it.
  func written(_ id: Int32) -> [UInt8] {
    if characters != nil {
      return fallbackBytes[id].map(CharacterTokens.spelled) ?? Array(tokens[id])
    }
    return plainTokens.contains(id) ? Array(tokens[id]) : ByteAlphabet.encode(tokens[id])
  }
}

/// Takes merges one by one.
struct MergeReader {
  private let vocabulary: VocabularyJSON
  private(set) var table: MergeTable
  /// The token that a merge makes.
  private var made: [UInt8] = []
  /// Most merges make the token behind that of the last one, which saves looking it up.
  private var next: Int32 = 0

  /// How the first line of `merges.txt` begins.
  static let version = Array("#version".utf8)

  init(_ vocabulary: VocabularyJSON) {
    self.vocabulary = vocabulary
    table = MergeTable(capacity: vocabulary.count)
  }

  /// Adds the merge of two tokens with a space between them, as the files spell them.
  /// - Returns: what is wrong with it; nil when all is well.
  mutating func addSpaced(_ pair: ArraySlice<UInt8>) -> String? {
    guard let space = pair.firstIndex(of: 32), !pair[(space + 1)...].contains(32) else {
      return "is not two tokens with a space between them"
    }
    return add(pair[..<space], pair[(space + 1)...])
  }

  /// Adds the merge of two tokens.
  /// - Returns: what is wrong with it; nil when all is well.
  mutating func add(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> String? {
    guard let leftID = vocabulary.id(of: left), let rightID = vocabulary.id(of: right) else {
      return "names a token that is not in the vocabulary"
    }
    made.removeAll(keepingCapacity: true)
    made.append(contentsOf: left)
    made.append(contentsOf: right)
    guard let id = vocabulary.isToken(next, made) ? next : vocabulary.id(of: made) else {
      return "makes a token that is not in the vocabulary"
    }
    table.append(leftID, rightID, becomes: id)
    next = id + 1
    return nil
  }
}
