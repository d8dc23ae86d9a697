import Files

extension TokenizerJSON {
  /// The file's content.
  static func written(_ tokenizer: BPETokenizer) -> [UInt8] {
    func byteLevel(prefix: Bool, trims: Bool) -> JSONValue {
      [
        "type": "ByteLevel", "add_prefix_space": .bool(prefix), "trim_offsets": .bool(trims),
        "use_regex": true,
      ]
    }
    let added = tokenizer.addedTokens.map { token -> JSONValue in
      [
        "id": .int(Int(token.id)),
        "content": .string(String(decoding: token.content, as: UTF8.self)),
        "single_word": false, "lstrip": .bool(token.stripsLeft),
        "rstrip": .bool(token.stripsRight),
        "normalized": .bool(token.isNormalized), "special": .bool(token.isSpecial),
      ]
    }
    let head: JSONValue = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": .null,
      "pre_tokenizer": byteLevel(prefix: tokenizer.addsPrefixSpace, trims: true),
      "post_processor": template(tokenizer) ?? byteLevel(prefix: true, trims: false),
      "decoder": byteLevel(prefix: true, trims: true),
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": "",
        "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      ],
    ]
    var output: [UInt8] = []
    head.write(into: &output)
    // The two long members go into the last object, the model.
    output.removeLast(2)
    output += ",\"vocab\":".utf8
    VocabularyJSON.append(
      (0..<tokenizer.vocabularySize).lazy.map { tokenizer.written(Int32($0)) }, to: &output)
    output += ",\"merges\":[".utf8
    for (number, merge) in tokenizer.writtenMerges.enumerated() {
      if number > 0 { output.append(UInt8(ascii: ",")) }
      JSONValue.write(String(decoding: merge, as: UTF8.self), into: &output)
    }
    output += "]}}\n".utf8
    return output
  }

  /// The tokens around a text; nil where there are none.
  private static func template(_ tokenizer: BPETokenizer) -> JSONValue? {
    if tokenizer.prefix.isEmpty, tokenizer.suffix.isEmpty { return nil }
    func text(_ id: Int32) -> String { String(decoding: tokenizer.bytes(of: id), as: UTF8.self) }
    func special(_ ids: [Int32], _ type: Int) -> [JSONValue] {
      ids.map { ["SpecialToken": ["id": .string(text($0)), "type_id": .int(type)]] }
    }
    func sequence(_ name: String, _ type: Int) -> JSONValue {
      ["Sequence": ["id": .string(name), "type_id": .int(type)]]
    }
    func framed(_ name: String, _ type: Int) -> [JSONValue] {
      special(tokenizer.prefix, type) + [sequence(name, type)] + special(tokenizer.suffix, type)
    }
    let tokens = Set(tokenizer.prefix + tokenizer.suffix).sorted().map { id in
      JSONValue.Member(
        text(id),
        [
          "id": .string(text(id)), "ids": .array([.int(Int(id))]),
          "tokens": .array([.string(text(id))]),
        ])
    }
    return [
      "type": "TemplateProcessing", "single": .array(framed("A", 0)),
      "pair": .array(framed("A", 0) + framed("B", 1)), "special_tokens": .object(tokens),
    ]
  }

  /// `tokenizer_config.json`: transformers' class, and the tokens for the marks that it has.
  static func writtenConfiguration(_ tokenizer: BPETokenizer) -> [UInt8] {
    func name(_ id: Int32?) -> JSONValue {
      id.map { .string(String(decoding: tokenizer.bytes(of: $0), as: UTF8.self)) } ?? .null
    }
    var members: [JSONValue.Member] = [
      .init("tokenizer_class", "GPT2Tokenizer"),
      .init("add_prefix_space", .bool(tokenizer.addsPrefixSpace)),
    ]
    if tokenizer.splitsSpecialTokens { members.append(.init("split_special_tokens", true)) }
    // transformers puts `<|endoftext|>` where one of these is not there.
    let needed = ["bos_token", "eos_token", "unk_token"]
    var marks = tokenizer.namedTokens ?? needed.map { ($0, tokenizer.endToken) }
    let isAdded = tokenizer.addedTokens.contains { $0.id == tokenizer.endToken }
    for name in needed where !marks.contains(where: { $0.name == name }) {
      marks.append((name, name == "eos_token" && isAdded ? tokenizer.endToken : nil))
    }
    members += marks.map { .init($0.name, name($0.id)) }
    return Array((JSONValue.object(members).text + "\n").utf8)
  }
}
