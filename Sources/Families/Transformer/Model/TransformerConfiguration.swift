import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Rates of dropout, from 0 to below 1.
public struct TransformerDropout: Equatable, Sendable {
  /// Of the sum of token and position embeddings.
  public var embedding: Float = 0
  /// Of what attention and the feed-forward network add to the residual stream.
  public var residual: Float = 0
  /// Kept for other programs: attention has no dropout here.
  public var attention: Float = 0

  /// Creates rates of 0.
  public init() {}
}

/// What the file beside the weights says of a transformer: `config.json` with Hugging Face's keys, so that a model of
/// ours is one of transformers too, and with the keys that every model here has, which published ones lack; or the
/// metadata of a GGUF file.
public struct TransformerConfiguration: Sendable {
  let architecture: any Architecture
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the text model to take when none is named.
  public var isDefault: Bool?
  /// The kind of the tokenizer, whose files lie in the same folder; BPE where the file does not
  /// say.
  public var tokens = TokenizerKind.bpe
  /// Tokens learned from in training; nil where nobody counted.
  public var trainingTokens: Int?
  /// The network. A published model may have more rows of embeddings than its tokenizer has tokens.
  public var shape: TransformerShape
  /// For training.
  public var dropout = TransformerDropout()
  /// The token before a text (`bos_token_id`); nil where the file names none.
  public var startToken: Int?
  /// Tokens that end a text (`eos_token_id`): none for `null` in the file, nil where it does not say.
  public var endTokens: [Int]?
  /// The first of them.
  public var endToken: Int? { endTokens?.first }

  /// The name of the family: "llama".
  public var family: String { architecture.name }

  init(_ architecture: any Architecture, _ shape: TransformerShape, tokens: TokenizerKind = .bpe) {
    (self.architecture, self.shape, self.tokens) = (architecture, shape, tokens)
  }
}

extension TransformerConfiguration {
  /// The network as shapes alone.
  var network: Transformer {
    ParameterPlan.shapes { Transformer(shape, architecture, dropout: dropout, using: &$0) }
  }

  /// The network with weights to begin with.
  func network(using random: inout RandomSource) -> Transformer {
    random.drawn { Transformer(shape, architecture, dropout: dropout, using: &$0) }
  }
}

extension TransformerConfiguration: Equatable {
  public static func == (a: TransformerConfiguration, b: TransformerConfiguration) -> Bool {
    a.family == b.family && a.description == b.description && a.isDefault == b.isDefault
      && a.tokens == b.tokens && a.trainingTokens == b.trainingTokens && a.shape == b.shape
      && a.dropout == b.dropout && a.startToken == b.startToken && a.endTokens == b.endTokens
  }
}

// MARK: config.json

extension TransformerConfiguration {
  private static let largestFile = 16 << 20

  /// Reads `config.json` of a model folder: one of ours, or one that transformers wrote.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its settings make no model that is
  ///   built here; it names the key.
  public static func read(folder: String) throws(AIGCError) -> TransformerConfiguration {
    let path = "\(folder)/\(ModelConfiguration.fileName)"
    let file = try MappedFile(path: path)
    guard file.count <= largestFile else {
      throw .badInput("\(path): too large for a configuration")
    }
    let value: JSONValue
    do { value = try JSONValue(parsing: try file.bytes()) } catch {
      throw .badInput("\(path): not valid JSON")
    }
    guard case .object(let members) = value else { throw .badInput("\(path): no JSON object") }
    return try TransformerConfiguration(ModelFields(members, place: "\(path): "))
  }

  init(_ fields: ModelFields) throws(AIGCError) {
    let type = try fields.string(fields["family"] == nil ? "model_type" : "family") ?? ""
    guard let architecture = Families.architecture(ofType: type) else {
      let known = architectures.map { $0.name }.joined(separator: ", ")
      throw .badInput(
        "\(fields.place)a model of the type '\(printable(type))'; read are: \(known)")
    }
    try fields.refuse("format_version", unless: 1)
    // Of a model that sees images too, the language model's settings stand apart.
    let own = try fields.object("text_config") ?? fields
    self.architecture = architecture
    shape = try architecture.shape(config: own)
    description = try fields.string("description")
    isDefault = fields["default"] == nil ? nil : try fields.flag("default", false)
    if let name = try fields.string("tokens") {
      guard let kind = TokenizerKind(rawValue: name) else {
        throw fields.refusal("tokens", .string(name))
      }
      tokens = kind
    }
    trainingTokens = try fields.integer("training_tokens")
    for (name, rate) in architecture.dropoutNames {
      let value = try own.number(name) ?? architecture.standardDropout
      guard value >= 0, value < 1 else {
        throw own.error(name, "is \(value); dropout rates must be from 0 to below 1")
      }
      dropout[keyPath: rate] = Float(value)
    }
    let standard = architecture.standardMarks
    startToken =
      own.has("bos_token_id") ? try own.integer("bos_token_id") : standard.start
    endTokens = try own.tokens("eos_token_id") ?? standard.ends
    if let sizeProblem { throw .badInput("\(fields.place)\(sizeProblem)") }
  }

  /// Writes the `config.json` at `path`, keys sorted.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    try ModelConfiguration.write(config, to: path)
  }

  /// `config.json`. Ids of tokens that are nil are written as null, as transformers takes its own for a missing
  /// key.
  var config: JSONValue {
    var members: [JSONValue.Member] = [
      .init("family", .string(family)), .init("format_version", 1), .init("kind", "text"),
      .init("tokens", .string(tokens.rawValue)),
      .init("model_type", .string(architecture.modelTypes[0])),
      .init("architectures", [.string(architecture.className)]),
      .init("bos_token_id", JSONValue(startToken)),
    ]
    if let description { members.append(.init("description", .string(description))) }
    if let isDefault { members.append(.init("default", .bool(isDefault))) }
    if let trainingTokens { members.append(.init("training_tokens", .int(trainingTokens))) }
    if let endTokens, endTokens.count > 1 {
      members.append(.init("eos_token_id", .array(endTokens.map { .int($0) })))
    } else {
      members.append(.init("eos_token_id", JSONValue(endToken)))
    }
    members += architecture.dropoutNames.map { .init($0.name, .float(dropout[keyPath: $0.rate])) }
    return .object(members + architecture.config(shape))
  }

  /// Why the settings make no model that is built here, or none of the architecture; nil: they do.
  public var problem: String? {
    do {
      let read = try TransformerConfiguration(ModelFields(config.members, place: ""))
      return read.shape == shape ? nil : "\(architecture.title) has no such model"
    } catch {
      return error.description
    }
  }

  /// Why the shape makes no model; nil: it does.
  private var sizeProblem: String? {
    var total = 0
    for tensor in architecture.tensors(of: shape) {
      var count = 1
      for size in tensor.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, size > 0 else { return "the tensor \(tensor.name) is too large" }
        count = product
      }
      let (sum, overflow) = total.addingReportingOverflow(count)
      guard !overflow, sum <= ParameterPlan.largestCount else {
        return "a model of more than \(ParameterPlan.largestCount) weights is too large"
      }
      total = sum
    }
    return nil
  }
}

extension JSONValue {
  /// Of an object; else none.
  var members: [Member] {
    if case .object(let members) = self { members } else { [] }
  }
}

extension ModelFields {
  /// A token, a list of them, or null for none; nil where there is no such key.
  fileprivate func tokens(_ name: String) throws(AIGCError) -> [Int]? {
    guard has(name) else { return nil }
    guard case .array(let list)? = self[name] else { return try integer(name).map { [$0] } ?? [] }
    return try list.map { (value) throws(AIGCError) in
      guard case .int(let token) = value else { throw error(name, "is no list of tokens") }
      return token
    }
  }
}

// MARK: GGUF

extension TransformerConfiguration {
  /// The configuration that a GGUF file gives.
  /// - Throws: ``/Files/AIGCError``: badInput when the file's metadata make no model that is built here, or it is
  ///   no GGUF file.
  init(_ checkpoint: Checkpoint) throws(AIGCError) {
    guard let metadata = checkpoint.gguf else {
      throw .badInput("\(checkpoint.path): no GGUF file")
    }
    let name = try metadata.string("general.architecture")
    guard let architecture = architectures.first(where: { $0.name == name }) else {
      let known = architectures.map { $0.name }.joined(separator: ", ")
      throw .badInput(
        "\(checkpoint.path): a model of the architecture '\(printable(name))'; read are: \(known)")
    }
    let fields = ModelFields(metadata, prefix: "\(name).", place: "\(checkpoint.path): ")
    let shapes = Dictionary(
      checkpoint.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { $1 })
    self.architecture = architecture
    shape = try architecture.shape(
      gguf: GGUFSource(
        fields: fields, shapes: shapes,
        rotaryFactors: try checkpoint["rope_freqs.weight"]?.floats()))
    description = try? metadata.string("general.name")
    startToken = metadata["tokenizer.ggml.bos_token_id"]?.int
    var ends: [Int] = []
    for name in ["eos", "eot", "eom"] {
      guard let id = metadata["tokenizer.ggml.\(name)_token_id"]?.int else { continue }
      if !ends.contains(id) { ends.append(id) }
    }
    endTokens = ends.isEmpty ? nil : ends
    if let sizeProblem { throw .badInput("\(checkpoint.path): \(sizeProblem)") }
  }
}

extension TransformerConfiguration {
  /// The names and shapes of all tensors in Hugging Face's files, the table of embeddings first.
  public var tensorShapes: [(name: String, shape: [Int])] {
    architecture.tensors(of: shape).map { ($0.name, $0.shape) }
  }

  /// How many weights the model has.
  public var parameterCount: Int {
    architecture.tensors(of: shape).reduce(0) { $0 + $1.shape.reduce(1, *) }
  }
}
