import Checkpoints
import Datasets
import Files

extension VocabularyData {
  /// The vocabulary that a GGUF file's metadata hold.
  /// - Parameters:
  ///   - metadata: the file's.
  ///   - path: the file's, for messages.
  /// - Throws: ``/Files/AIGCError``: mismatch when the file has none, or values of other types.
  public init(_ metadata: GGUFMetadata, path: String) throws(AIGCError) {
    func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
    func texts(_ name: String) throws(AIGCError) -> Texts {
      let strings = try metadata.strings(key(name))
      var texts = Texts()
      for index in strings.indices {
        try Interruption.check(at: index)
        texts.append(strings.bytes(at: index))
      }
      return texts
    }
    func value<Value>(
      _ name: String, _ read: (String) throws(AIGCError) -> Value
    ) throws(AIGCError) -> Value? {
      metadata[key(name)] == nil ? nil : try read(key(name))
    }
    self.init(name: path, model: try metadata.string(key("model")))
    pre = try value("pre", metadata.string)
    tokens = try texts("tokens")
    scores = try value("scores", metadata.floats) ?? []
    types = try value("token_type", metadata.ints) ?? []
    if metadata[key("merges")] != nil { merges = try texts("merges") }
    startToken = try value("bos_token_id", metadata.int)
    endToken = try value("eos_token_id", metadata.int)
    unknownToken = try value("unknown_token_id", metadata.int)
    separatorToken = try value("seperator_token_id", metadata.int)
    endOfTurnToken = try value("eot_token_id", metadata.int)
    paddingToken = try value("padding_token_id", metadata.int)
    addsStart = try value("add_bos_token", metadata.bool)
    addsEnd = try value("add_eos_token", metadata.bool)
    addsSpacePrefix = try value("add_space_prefix", metadata.bool)
    lowercases = try value("normalizer.lowercase", metadata.bool)
    stripsAccents = try value("normalizer.strip_accents", metadata.bool)
  }
}

extension BPETokenizer {
  /// The tokenizer of a GGUF file, which need not hold weights.
  /// - Throws: ``/Files/AIGCError``: badInput when the file is damaged, mismatch when it has no vocabulary.
  public init(gguf path: String) throws(AIGCError) {
    try self.init(VocabularyData(GGUFFile.open(path).metadata, path: path))
  }
}

extension GGUFFile {
  /// Whether a file's first bytes are those of GGUF.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it cannot be read.
  public static func recognizes(_ path: String) throws(AIGCError) -> Bool {
    if isFolder(path) { return false }
    let bytes = try MappedFile(path: path).bytes()
    return bytes.count >= 4
      && bytes.indices.prefix(4).elementsEqual("GGUF".utf8) { bytes[$0] == $1 }
  }
}
