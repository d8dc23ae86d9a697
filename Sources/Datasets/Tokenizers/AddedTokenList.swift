import Files

/// The added tokens of a tokenizer with the ids that they get, as the package `tokenizers` gives them:
/// those of the vocabulary keep theirs, the others follow behind it in the order in which they come.
struct AddedTokenList {
  private let vocabulary: VocabularyJSON
  private(set) var tokens: [AddedToken] = []
  private var places: [[UInt8]: Int] = [:]
  private var next: Int32

  init(_ vocabulary: VocabularyJSON) {
    self.vocabulary = vocabulary
    next = Int32(vocabulary.count)
  }

  func token(_ content: [UInt8]) -> AddedToken? { places[content].map { tokens[$0] } }

  /// Adds a token; one that is there takes the new flags.
  /// - Parameters:
  ///   - token: with the id that the file says, or -1.
  ///   - path: the file.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file says another id than the token gets.
  mutating func add(_ token: AddedToken, path: String) throws(AIGCError) {
    guard !token.content.isEmpty else { throw .badInput("\(path): an added token without content") }
    guard token.content.count <= AddedToken.longest else {
      throw .badInput("\(path): an added token of more than \(AddedToken.longest) bytes")
    }
    var token = token
    let declared = token.id
    func error(_ what: String) -> AIGCError {
      .badInput(
        "\(path): added token \(shown(String(decoding: token.content, as: UTF8.self))), id "
          + "\(declared): \(what)")
    }
    let known = places[token.content]
    if let id = known.map({ tokens[$0].id }) ?? vocabulary.id(of: token.content) {
      guard declared < 0 || declared == id else { throw error("its id in the vocabulary is \(id)") }
      token.id = id
    } else {
      guard declared < 0 || declared >= vocabulary.count else {
        throw error("another token has this id")
      }
      guard declared < 0 || declared == next else {
        throw error("there is no token with id \(next)")
      }
      token.id = next
      next += 1
    }
    if let known {
      tokens[known] = token
    } else {
      places[token.content] = tokens.count
      tokens.append(token)
    }
  }
}

/// A name of a file in quotes, short and on one line.
func shown(_ name: String?, limit: Int = 40) -> String {
  guard let name else { return "null" }
  let text = name.unicodeScalars.prefix(limit).map { scalar in
    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value | 1 == 0x2029
      ? "?" : String(scalar)
  }
  return "'\(text.joined())\(name.unicodeScalars.count > limit ? "…" : "")'"
}
