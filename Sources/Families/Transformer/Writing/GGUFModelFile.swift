import Checkpoints
import Datasets
import Files
import Inference
import Kernels
import Weights

/// A transformer as a GGUF file, which llama.cpp reads: what is written in it, and as which type.
struct GGUFModelFile {
  /// Of the file, but for the types of its tensors.
  private let metadata: [(key: String, value: GGUFValue)]
  let tensors: [GGUFModelTensor]
  private let rotaryFactors: [Float]?

  private static let rotaryName = "rope_freqs.weight"

  /// - Parameters:
  ///   - name: what the model is called where its files do not say.
  /// - Throws: ``/Files/AIGCError``: mismatch for a model or a tokenizer that the format cannot say; badInput when
  ///   a file is damaged.
  ///   - adapters: what is added to the weights.
  init(_ files: TransformerFiles, name: String, adapters: [Adapter] = []) throws(AIGCError) {
    let configuration = files.configuration
    let weights = try files.weights().merged(with: adapters)
    let shape = configuration.shape
    tensors = try weights.ggufTensors()
    if let known = files.gguf {
      rotaryFactors = try files.tensor(Self.rotaryName)?.floats()
      metadata = known.entries.filter { !Self.isOfTypes($0.key) }
    } else {
      if case .rotary(let rotary) = shape.positions {
        rotaryFactors = rotary.factors(headSize: shape.headSize)
      } else {
        rotaryFactors = nil
      }
      let fields = configuration.architecture.gguf(shape).map { $0.inFloats }
      try Self.check(fields, tensors, rotaryFactors, configuration, files.path)
      let family = configuration.family
      metadata =
        [
          ("general.architecture", .string(family)), ("general.type", .string("model")),
          ("general.name", .string(configuration.description ?? name)),
        ] + fields.compactMap { field in field.value.gguf.map { ("\(family).\(field.name)", $0) } }
        + (try Self.tokenizer(files))
    }
  }

  /// Metadata that say how the weights of another file were made.
  private static func isOfTypes(_ key: String) -> Bool {
    key == "general.file_type" || key == "general.quantization_version"
      || key.hasPrefix("quantize.")
  }

  /// - Throws: ``/Files/AIGCError`` (mismatch) when the metadata give another shape.
  private static func check(
    _ fields: [JSONValue.Member], _ tensors: [GGUFModelTensor], _ factors: [Float]?,
    _ configuration: TransformerConfiguration, _ path: String
  ) throws(AIGCError) {
    let architecture = configuration.architecture
    let shapes = Dictionary(tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { $1 })
    let read = try architecture.shape(
      gguf: GGUFSource(
        fields: ModelFields(fields, place: "\(path): ", prefix: "\(architecture.name)."),
        shapes: shapes, rotaryFactors: factors))
    guard read.isSame(as: configuration.shape) else {
      throw .mismatch(
        "\(path): GGUF's metadata of \(architecture.title) cannot say all settings of this model, which stays a folder"
      )
    }
  }

  private static func tokenizer(
    _ files: TransformerFiles
  ) throws(AIGCError) -> [(key: String, value: GGUFValue)] {
    guard let bpe = files.tokenizer as? BPETokenizer else {
      throw .mismatch(
        "\(files.path): tokens of the kind \(files.tokenizer.kind.rawValue), and GGUF has those of BPE only"
      )
    }
    var data = try VocabularyData(
      bpe, size: files.configuration.shape.vocabulary, name: files.path)
    let marks = TransformerLanguageModel.savedMarks(
      files.configuration, files.defaults, files.tokenizer)
    let (start, ends) = (marks.start, marks.ends ?? [])
    data.startToken = data.startToken ?? start
    data.endToken = ends.first ?? data.endToken
    if data.endOfTurnToken == nil { data.endOfTurnToken = ends.dropFirst().first }
    var result = try data.metadata()
    if let template = try files.chatTemplate() {
      result.append((ChatTemplate.metadataKey, .string(template.source)))
      if let tools = template.toolSource {
        result.append((ChatTemplate.toolMetadataKey, .string(tools)))
      }
    }
    return result
  }

  // MARK: Writing

  /// Writes the file in one step.
  /// - Parameters:
  ///   - types: of the tensors, one for each of ``tensors``.
  ///   - fileType: "general.file_type"; nil: it is not said.
  func write(
    types: [GGUFType], fileType: UInt32?, to path: String
  ) throws(AIGCError) {
    var pairs = metadata
    let place = min(3, pairs.count)
    if let fileType { pairs.insert(("general.file_type", .uint32(fileType)), at: place) }
    let hasBlocks = types.contains { if case .blocks = $0 { true } else { false } }
    // The version of GGML's blocks since 2023.
    if hasBlocks { pairs.insert(("general.quantization_version", .uint32(2)), at: place) }
    var written = zip(tensors, types).map { $0.written(as: $1) }
    if let rotaryFactors {
      let (name, shape) = (Self.rotaryName, [rotaryFactors.count])
      written.append(
        GGUFTensor(name: name, shape: shape, as: .scalar(.f32)) { () throws(AIGCError) in
          try StoredTensor(
            name: name, type: .f32, shape: shape, storage: Table(rotaryFactors).rawBytes,
            place: name)
        })
    }
    try GGUFWriter.write(metadata: pairs, written, to: path, sync: true)
  }
}

extension JSONValue.Member {
  /// With numbers as GGUF's float32 holds them.
  fileprivate var inFloats: JSONValue.Member {
    if case .double(let number) = value { return .init(name, .double(Double(Float(number)))) }
    return self
  }
}

extension JSONValue {
  /// Whole numbers are uint32, others float32.
  fileprivate var gguf: GGUFValue? {
    switch self {
    case .int(let number): UInt32(exactly: number).map { .uint32($0) }
    case .string(let text): .string(text)
    case .bool(let flag): .bool(flag)
    default: number.map { .float32(Float($0)) }
    }
  }
}

extension TransformerShape {
  /// Whether both make the same network, as far as 32 bits tell.
  fileprivate func isSame(as other: TransformerShape) -> Bool {
    var other = other
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-6 * abs(b) }
    let frequencies = (0..<min(layers, other.layers)).allSatisfy { layer in
      let (own, others) = (
        rotaryFrequencies(ofLayer: layer), other.rotaryFrequencies(ofLayer: layer)
      )
      // Factors that go smoothly from one to another are found again to 1e-4 only.
      return own.count == others.count
        && zip(own, others).allSatisfy { abs($0 - $1) <= 2e-4 * abs($1) }
    }
    guard frequencies, isNear(Double(attentionScale), Double(other.attentionScale)) else {
      return false
    }
    if case .rotary = other.positions { other.positions = positions }
    other.attentionScale = attentionScale
    return self == other
  }
}
