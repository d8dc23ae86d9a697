import Checkpoints
import Datasets
import Files
import Inference
import Training
import Weights

extension TransformerFamily {
  /// A GGUF file where the name ends in .gguf; else a Hugging Face folder with one safetensors file. The weights are
  /// of the type that is asked for; those of a GGUF file that goes to another stay as they are where none is.
  /// - Throws: ``/Files/AIGCError``: usage for another kind of file, mismatch for a model that GGUF cannot say,
  ///   badInput when a file is damaged.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    guard !output.hasSuffix(".safetensors") else {
      throw .usage(
        "\(output): a \(transformer.title) model is a folder or a .gguf file; name one of these")
    }
    if output.hasSuffix(".gguf") {
      try OutputPlan.check([(output, .gguf)], reading: [path])
      let file = try GGUFModelFile(TransformerFiles(path), name: Self.modelName(path))
      try file.write(options.type, to: output)
    } else {
      try writeFolder(TransformerFiles(path), to: output, options)
    }
  }

  /// - Parameter adapters: what is added to the weights.
  func writeFolder(
    _ files: TransformerFiles, _ adapters: [Adapter] = [], to output: String,
    _ options: ConversionOptions
  ) throws(AIGCError) {
    let path = files.path
    let (weights, tokenizer) = (try files.weights().merged(with: adapters), files.tokenizer)
    var configuration = files.configuration
    if let problem = configuration.problem {
      throw .mismatch("\(path): config.json cannot say this model: \(problem)")
    }
    let target = try RunFolder.path(
      family: name, data: path, out: output, force: options.force)
    let folder = try OutputFolder(path: target)
    try tokenizer.write { folder.file($0) }
    (configuration.startToken, configuration.endTokens) = TransformerLanguageModel.savedMarks(
      configuration, files.defaults, tokenizer)
    try TransformerFolder.write(
      try weights.newTensors(options.type), to: folder.file(TransformerWeights.file))
    try configuration.write(to: folder.file(ModelConfiguration.fileName))
    try TransformerFolder.write(
      try TransformerFolder.companions(files, configuration), to: { folder.file($0) })
    try folder.commit()
  }

  /// "models/smollm2.gguf" → "smollm2".
  static func modelName(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
    let name = String(parts.last ?? "model")
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }
}

extension GGUFModelFile {
  /// Writes the file with matrices of a type; nil: as they are.
  func write(_ type: ScalarType?, to path: String) throws(AIGCError) {
    let types = tensors.map { tensor -> GGUFType in
      guard let type, tensor.shape.count == 2, !tensor.name.hasPrefix("position_embd") else {
        return tensor.type
      }
      return .scalar(type)
    }
    let matrix = zip(tensors, types).first { $0.0.name.hasSuffix("ffn_up.weight") }?.1
    try write(types: types, fileType: matrix?.fileType, to: path)
  }
}

extension GGUFType {
  /// "general.file_type" of a model whose matrices are of that type; nil where the type does not say it.
  fileprivate var fileType: UInt32? {
    switch self {
    case .scalar(.f32): 0
    default: QuantizedType.allCases.first { $0.stored == self }?.fileType
    }
  }
}

/// How the files of a model are written.
enum TransformerFolder {
  /// A text that stands beside the weights.
  typealias Companion = (name: String, content: String)

  static func write(
    _ companions: [Companion], to path: (String) -> String
  ) throws(AIGCError) {
    for (name, content) in companions {
      try makeFolder(parentFolder(of: path(name)))
      let file = try OutputFile(path: path(name))
      try file.write(content)
      try file.commit(sync: true)
    }
  }

  /// Weights as transformers reads them: it asks for the note that they are PyTorch's.
  static func write(_ tensors: [NewTensor], to path: String) throws(AIGCError) {
    try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: path, sync: true)
  }

  /// What else transformers reads beside a model's own files: the templates of its chats, and the tokens that
  /// `generate` stops at.
  static func companions(
    _ files: TransformerFiles, _ configuration: TransformerConfiguration
  ) throws(AIGCError) -> [Companion] {
    var result = try templates(files)
    if files.gguf != nil {
      var ends = configuration.endTokens ?? []
      for end in files.turnEnds where !ends.contains(Int(end)) { ends.append(Int(end)) }
      let settings: JSONValue = [
        "bos_token_id": JSONValue(configuration.startToken),
        "eos_token_id": ends.count > 1
          ? .array(ends.map { .int($0) }) : JSONValue(ends.first),
        "pad_token_id": JSONValue(files.gguf?["tokenizer.ggml.padding_token_id"]?.int),
      ]
      result.append((GenerationDefaults.fileName, settings.text + "\n"))
    }
    return result
  }

  /// The templates of a model's chats; those of a GGUF file as they stand there, whether they can be rendered here or
  /// not.
  static func templates(_ files: TransformerFiles) throws(AIGCError) -> [Companion] {
    var (source, tools): (String?, String?) = (nil, nil)
    if let metadata = files.gguf {
      func text(_ key: String) throws(AIGCError) -> String? {
        metadata[key] == nil ? nil : try metadata.string(key)
      }
      source = try text(ChatTemplate.metadataKey)
      tools = try text(ChatTemplate.toolMetadataKey)
    } else if let template = try ChatTemplate.read(folder: files.path) {
      (source, tools) = (template.source, template.toolSource)
    }
    guard let source else { return [] }
    return [(ChatTemplate.templateFile, source)]
      + (tools.map { [(ChatTemplate.toolTemplateFile, $0)] } ?? [])
  }
}
