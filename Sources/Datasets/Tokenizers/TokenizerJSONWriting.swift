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
    let isByteLevel = tokenizer.characters == nil
    let head: JSONValue = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": normalizer(tokenizer.pipeline),
      "pre_tokenizer": preTokenizer(tokenizer.pipeline, byteLevel),
      "post_processor": template(tokenizer)
        ?? (isByteLevel ? byteLevel(prefix: true, trims: false) : .null),
      "decoder": isByteLevel ? byteLevel(prefix: true, trims: true) : decoder(tokenizer),
      "model": [
        "type": "BPE", "dropout": .null,
        "unk_token": tokenizer.unknownToken.map {
          .string(String(decoding: tokenizer.written($0), as: UTF8.self))
        } ?? .null,
        "continuing_subword_prefix": "", "end_of_word_suffix": "",
        "fuse_unk": .bool(tokenizer.characters?.fusesUnknown ?? false),
        "byte_fallback": .bool(!tokenizer.fallbackBytes.isEmpty),
        "ignore_merges": .bool(tokenizer.wholePieces != nil),
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
      let text = String(decoding: merge.left + [32] + merge.right, as: UTF8.self)
      JSONValue.write(text, into: &output)
    }
    output += "]}}\n".utf8
    return output
  }

  private static func list(_ values: [JSONValue], _ name: String) -> JSONValue {
    values.count > 1
      ? .object([.init("type", "Sequence"), .init(name, .array(values))]) : values.first ?? .null
  }

  private static func normalizer(_ pipeline: TextPipeline) -> JSONValue {
    func text(_ bytes: [UInt8]) -> JSONValue { .string(String(decoding: bytes, as: UTF8.self)) }
    return list(
      pipeline.preparation.normalizers.map { step in
        switch step {
        case .canonicalComposition: ["type": "NFC"]
        case .prepend(let bytes): ["type": "Prepend", "prepend": text(bytes)]
        case .replace(let old, let new):
          ["type": "Replace", "pattern": ["String": text(old)], "content": text(new)]
        }
      }, "normalizers")
  }

  private static func preTokenizer(
    _ pipeline: TextPipeline, _ byteLevel: (_ prefix: Bool, _ trims: Bool) -> JSONValue
  ) -> JSONValue {
    func pattern(_ text: String?) -> JSONValue {
      let split: JSONValue = [
        "type": "Split", "pattern": ["Regex": .string(text ?? "")], "behavior": "Isolated",
        "invert": false,
      ]
      let rest: JSONValue = [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false,
      ]
      return list([split, rest], "pretokenizers")
    }
    func metaspace(splits: Bool) -> JSONValue {
      guard case .metaspace(let mark, let scheme) = pipeline.preparation.prefix else {
        return .null
      }
      return [
        "type": "Metaspace", "replacement": .string(mark),
        "prepend_scheme": .string(scheme.rawValue), "split": .bool(splits),
      ]
    }
    return switch pipeline.split {
    case .gpt2: byteLevel(pipeline.preparation.prefix == .space, true)
    case .digits:
      list(
        [["type": "Digits", "individual_digits": true], byteLevel(false, true)], "pretokenizers")
    case .llama3: pattern(PipelineJSON.llama3)
    case .qwen2: pattern(PipelineJSON.qwen2)
    case .metaspace: metaspace(splits: true)
    case .whole: metaspace(splits: false)
    }
  }

  private static func decoder(_ tokenizer: BPETokenizer) -> JSONValue {
    var steps: [JSONValue] = []
    if let mark = tokenizer.pipeline.spaceMark {
      let pattern: JSONValue = ["String": .string(String(decoding: mark, as: UTF8.self))]
      steps.append(["type": "Replace", "pattern": pattern, "content": " "])
    }
    steps += [["type": "ByteFallback"], ["type": "Fuse"]]
    if tokenizer.pipeline.dropsFirstSpace {
      steps.append(["type": "Strip", "content": " ", "start": .int(1), "stop": .int(0)])
    }
    return list(steps, "decoders")
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
      .init(
        "tokenizer_class",
        tokenizer.pipeline.isGPT2 ? "GPT2Tokenizer" : "PreTrainedTokenizerFast"),
      .init("add_prefix_space", .bool(tokenizer.addsPrefixSpace)),
    ]
    if tokenizer.splitsSpecialTokens { members.append(.init("split_special_tokens", true)) }
    // transformers puts `<|endoftext|>` where one of these is not there.
    let needed = ["bos_token", "eos_token", "unk_token"]
    var marks = tokenizer.namedTokens ?? needed.map { ($0, tokenizer.endToken) }
    let isAdded = tokenizer.addedTokens.contains { $0.id == tokenizer.endToken }
    for name in needed
    where tokenizer.pipeline.isGPT2 && !marks.contains(where: { $0.name == name }) {
      marks.append((name, name == "eos_token" && isAdded ? tokenizer.endToken : nil))
    }
    members += marks.map { .init($0.name, name($0.id)) }
    return Array((JSONValue.object(members).text + "\n").utf8)
  }
}
