import ArgumentParser
import Checkpoints
import Console
import Datasets
import Families
import Files
import Kernels
import Training

/// `aigc tokenize TEXT`.
struct Tokenize: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Print the token ids of a text.",
    discussion: "One line of ids with spaces between them; 'aigc detokenize' turns them back.")

  @OptionGroup var tokenizer: TokenizerOption

  @Argument(help: "Words, a file of that name, or - for standard input.")
  var text: String

  @Flag(help: "One token a line: its id, a tab, its text.")
  var pieces = false

  @Flag(help: "Print only how many tokens there are.")
  var count = false

  @Flag(help: "Take special tokens in the text, <|endoftext|> say, as plain text.")
  var noParseSpecial = false

  @Flag(help: "Leave out the begin and end tokens that the tokenizer puts around a text.")
  var noSpecialTokens = false

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    try tokenizer.check()
    if pieces, count { throw ValidationError("--pieces or --count, not both") }
    if common.json, pieces { throw ValidationError("--json shows the pieces already") }
  }

  func run() throws {
    try OutputPlan.check([(out, common.json ? .json : pieces ? .lines : .text)], reading: [text])
    let tokenizer = try loadTokenizer()
    let ids =
      switch try TextArgument(text) {
      case .words(let words):
        try tokenizer.encode(prompt: words, addsSpecialTokens: !noSpecialTokens)
      case .text(let text, let name):
        try tokenizer.encode(text, name: name, addsSpecialTokens: !noSpecialTokens)
      }
    let answer = try Answer(out, common.json ? .json : .text)
    try write(ids, of: tokenizer, to: answer)
    try answer.finish()
  }

  private func loadTokenizer() throws -> any TokenCoder {
    let found = try tokenizer.load()
    guard noParseSpecial || noSpecialTokens else { return found }
    if found.kind == .wordPiece, !noParseSpecial { return found }
    guard var bpe = found as? BPETokenizer else {
      throw AIGCError.usage(
        "\(noParseSpecial ? "--no-parse-special" : "--no-special-tokens") is of BPE tokens; this "
          + "model's are \(found.kind.rawValue) tokens")
    }
    bpe.parsesSpecialTokens = bpe.parsesSpecialTokens && !noParseSpecial
    return bpe
  }

  private func write(
    _ ids: [Int32], of tokenizer: any TokenCoder, to answer: Answer
  ) throws {
    if common.json {
      let count = JSONValue.Member("count", .int(ids.count))
      try answer.write(json: [count], array: "tokens", count: self.count ? 0 : ids.count) { index in
        .object(
          [.init("id", .int(Int(ids[index])))]
            + JSONValue.text(bytes: tokenizer.bytes(of: ids[index])))
      }
    } else if count {
      try answer.write("\(ids.count)\n")
    } else if pieces {
      try write(ids, to: answer) { id, block in
        append(id, to: &block)
        block.append(9)
        block += escaped(tokenizer.bytes(of: id))
        block.append(10)
      }
    } else {
      // By hand: formatting would take longer than the tokens.
      var separator: UInt8?
      try write(ids, to: answer) { id, block in
        if let separator { block.append(separator) }
        separator = 32
        append(id, to: &block)
      }
      try answer.write([10])
    }
  }

  /// Writes what `append` makes of each id, in blocks.
  private func write(
    _ ids: [Int32], to answer: Answer, _ append: (Int32, inout [UInt8]) -> Void
  ) throws(AIGCError) {
    var block: [UInt8] = []
    for id in ids {
      append(id, &block)
      if block.count >= 1 << 15 {
        try answer.write(block)
        block.removeAll(keepingCapacity: true)
        try Interruption.check()
      }
    }
    try answer.write(block)
  }

  private func append(_ id: Int32, to block: inout [UInt8]) {
    var power: Int32 = 1
    while id / power >= 10 { power *= 10 }
    var rest = id
    while power > 0 {
      block.append(UInt8(truncatingIfNeeded: 48 + rest / power))
      rest %= power
      power /= 10
    }
  }
}

/// `aigc detokenize IDS`.
struct Detokenize: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "detokenize", abstract: "Print the text of token ids.",
    discussion: "The exact bytes, without a line end of its own; special tokens are shown too.")

  @OptionGroup var tokenizer: TokenizerOption

  @Argument(
    help: "Ids with spaces or commas between them, a file of them, or - for standard input.")
  var ids: [String]

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws { try tokenizer.check() }

  func run() throws {
    try OutputPlan.check([(out, common.json ? .json : .text)], reading: ids)
    let tokenizer = try tokenizer.load()
    let limit = tokenizer.vocabularySize
    let ids =
      switch try ids.count == 1 ? TextArgument(ids[0]) : .words(ids.joined(separator: " ")) {
      case .words(let words):
        try TokenIDs.read(Table(Array(words.utf8)), name: "the ids", limit: limit)
      case .text(let text, let name): try TokenIDs.read(text, name: name, limit: limit)
      }
    let answer = try Answer(out, common.json ? .json : .text)
    try write(ids, of: tokenizer, to: answer)
    try answer.finish()
  }

  private func write(
    _ ids: [Int32], of tokenizer: any TokenCoder, to answer: Answer
  ) throws {
    if common.json {
      let text = try tokenizer.text(of: ids[...])
      try answer.write(json: [.init("count", .int(ids.count))] + JSONValue.text(bytes: text))
    } else if tokenizer.kind.joinsWords {
      try answer.write(tokenizer.text(of: ids[...]))
    } else {
      for start in stride(from: 0, to: ids.count, by: 1 << 14) {
        let block = ids[start..<min(start + 1 << 14, ids.count)]
        try answer.write(tokenizer.text(of: block, isFirst: start == 0))
        try Interruption.check()
      }
    }
  }
}

extension TokenCoder {
  /// The bytes of tokens; words are joined as sentences are written.
  /// - Parameter isFirst: whether a text begins with them, whose first space may be none of its own.
  fileprivate func text(
    of ids: ArraySlice<Int32>, isFirst: Bool = true
  ) throws(AIGCError) -> [UInt8] {
    var text: [UInt8] = []
    if !kind.joinsWords {
      for (index, id) in ids.enumerated() {
        try Interruption.check(at: index)
        text += bytes(of: id)
      }
      let dropsSpace = (self as? BPETokenizer)?.dropsFirstSpace == true
      if isFirst, dropsSpace, text.first == 32 { text.removeFirst() }
    } else {
      var decoder = makeDecoder()
      for (index, id) in ids.enumerated() {
        try Interruption.check(at: index)
        text += decoder.append(id)
      }
      text += decoder.finish()
    }
    return text
  }
}

/// Token ids as text.
enum TokenIDs {
  /// Numbers with white space or commas between them; the brackets of a list are passed over.
  /// - Parameter limit: ids are below it.
  /// - Throws: ``/Files/AIGCError`` (usage) for what is no id, or out of range.
  static func read(_ text: Table<UInt8>, name: String, limit: Int) throws(AIGCError) -> [Int32] {
    var ids: [Int32] = []
    var position = 0
    while position < text.count {
      if isSeparator(text[position]) {
        position += 1
        continue
      }
      let start = position
      var value = 0
      while position < text.count, case let digit = text[position], digit >= 48, digit <= 57 {
        try Interruption.check(at: position)
        value = min(value * 10 + Int(digit - 48), Int(Int32.max))
        position += 1
      }
      let end = position
      while position < text.count, !isSeparator(text[position]) { position += 1 }
      let word = text.text(start..<min(position, start + 40))
      guard end == position else { throw .usage("\(name): '\(word)' is not a token id") }
      guard value < limit else {
        throw .usage("\(name): id \(word) is out of range: ids are 0 to \(limit - 1)")
      }
      ids.append(Int32(value))
    }
    return ids
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte <= 32 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "[")
      || byte == UInt8(ascii: "]")
  }
}

/// `--model` or `--vocab`.
struct TokenizerOption: ParsableArguments {
  @OptionGroup var model: ModelOption

  @Option(
    help:
      "A folder with tokenizer.json, or vocab.json and merges.txt; or a tokenizer.json; or a GGUF file.",
    completion: .directory)
  var vocab: String?

  func check() throws {
    if vocab != nil, model.model != nil { throw ValidationError("--model or --vocab, not both") }
  }

  func load() throws(AIGCError) -> any TokenCoder {
    if let vocab {
      if isFolder(vocab) { return try BPETokenizer(folder: vocab) }
      return try GGUFFile.recognizes(vocab)
        ? try BPETokenizer(gguf: vocab) : try BPETokenizer(tokenizerJSON: vocab)
    }
    let path = try model.path()
    if let encoder = EncoderFamily(of: path) { return try encoder.tokenizer(path) }
    // A file may hold a vocabulary and no weights, of which no family makes a model.
    if try GGUFFile.recognizes(path) { return try BPETokenizer(gguf: path) }
    return try textFamily(of: path).tokenizer(path)
  }
}

/// What the user gave: the file of that name, standard input for `-`, else the words themselves.
private enum TextArgument {
  case words(String)
  case text(Table<UInt8>, name: String)

  init(_ argument: String) throws(AIGCError) {
    if argument == "-" {
      self = .text(try StandardInput.table(argument), name: "standard input")
    } else if fileExists(argument), !isFolder(argument) {
      self = .text(try readText(path: argument), name: argument)
    } else {
      self = .words(argument.withoutByteOrderMark)
    }
  }
}
