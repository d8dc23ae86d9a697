import Files
import Kernels

/// A kind of decoder-only transformer: how its shape stands in `config.json` and in GGUF metadata, and what
/// its tensors are called. All else, training, generation and files, is the same for all kinds.
protocol Architecture: Sendable {
  /// The name of the family, and `general.architecture` of GGUF files: "llama".
  var name: String { get }
  /// For messages: "Llama".
  var title: String { get }
  /// What `model_type` in `config.json` may be; the first is written.
  var modelTypes: [String] { get }
  /// What `architectures` in `config.json` says: "LlamaForCausalLM".
  var className: String { get }
  var names: TensorNames { get }
  /// What may stand before Hugging Face's names in place of the base of ``names``.
  var otherBases: [String] { get }
  /// Tokens that transformers takes where `config.json` does not say; nil: it has none.
  var standardMarks: (start: Int?, ends: [Int]?) { get }
  /// The keys of `config.json` for rates of dropout.
  var dropoutNames: [(name: String, rate: WritableKeyPath<TransformerDropout, Float>)] { get }
  /// The rates where the file does not say.
  var standardDropout: Double { get }
  /// Whether queries, keys and values are one matrix.
  var isFused: Bool { get }
  /// Whether matrices stand as [inputs, outputs] in Hugging Face's files.
  var isByInput: Bool { get }
  /// Whether rows of queries and keys are interleaved in GGUF files: see
  /// ``TransformerTensor/GGUFForm/interleaved(headSize:)``.
  var isInterleaved: Bool { get }

  /// The shape that `config.json` gives. What is not in the file is as in transformers' configuration class.
  /// - Throws: ``/Files/AIGCError`` (badInput) for settings that are out of range or make another network
  ///   than is built here.
  func shape(config: ModelFields) throws(AIGCError) -> TransformerShape
  /// The keys of `config.json` that say the same; transformers reads them too.
  func config(_ shape: TransformerShape) -> [JSONValue.Member]

  /// The shape that a GGUF file gives.
  /// - Throws: as ``shape(config:)``.
  func shape(gguf: GGUFSource) throws(AIGCError) -> TransformerShape
  /// The metadata that say the same as far as the format can, without the architecture's name: whole numbers
  /// are its uint32, others its float32.
  func gguf(_ shape: TransformerShape) -> [JSONValue.Member]
}

/// What a GGUF file says of its model's shape.
struct GGUFSource: Sendable {
  /// Metadata of the architecture, without its name: `attention.head_count`.
  var fields: ModelFields
  /// Shapes of all tensors, outermost first, by name.
  var shapes: [String: [Int]]
  /// `rope_freqs.weight`: by what the file divides rotary frequencies; nil: it does not.
  var rotaryFactors: [Float]?
}

/// Every architecture of the program.
let architectures: [any Architecture] = [
  GPT2Architecture(), LlamaArchitecture(), Qwen2Architecture(), Qwen3Architecture(),
  Gemma3Architecture(),
]

/// The architecture whose models say `modelType` in their `config.json`.
func architecture(ofType modelType: String) -> (any Architecture)? {
  architectures.first { $0.name == modelType || $0.modelTypes.contains(modelType) }
}

extension Architecture {
  var otherBases: [String] { [""] }
  var standardMarks: (start: Int?, ends: [Int]?) { (nil, nil) }
  var dropoutNames: [(name: String, rate: WritableKeyPath<TransformerDropout, Float>)] {
    [("attention_dropout", \.attention)]
  }
  var standardDropout: Double { 0 }
  var isFused: Bool { false }
  var isByInput: Bool { false }
  var isInterleaved: Bool { false }
}

// MARK: Tensors

extension Architecture {
  /// All tensors of a model of that shape, in the order of Hugging Face's files: the table of embeddings
  /// first, the head last where it is not tied.
  func tensors(of shape: TransformerShape) -> [TransformerTensor] {
    var result = [tensor(.embeddings, nil, [shape.vocabulary, shape.width], shape)]
    if shape.positions == .learned {
      result.append(tensor(.positions, nil, [shape.context, shape.width], shape))
    }
    for layer in 0..<shape.layers { result += tensors(ofLayer: layer, shape) }
    result += norm(.norm, nil, shape.width, shape)
    if !shape.isTied {
      result.append(tensor(.head, nil, [shape.vocabulary, shape.width], shape))
    }
    return result
  }

  private func tensors(ofLayer layer: Int, _ shape: TransformerShape) -> [TransformerTensor] {
    let width = shape.width
    func linear(
      _ part: TransformerPart, _ inputs: Int, _ outputs: Int, bias: Bool
    ) -> [TransformerTensor] {
      let weight = tensor(
        part, layer, isByInput ? [inputs, outputs] : [outputs, inputs], isByInput: isByInput, shape)
      return bias ? [weight, tensor(part, layer, [outputs], isBias: true, shape)] : [weight]
    }
    var result = norm(.attentionNorm, layer, width, shape)
    let (queries, keys) = (shape.queryWidth, shape.keyValueWidth)
    let bias = shape.hasQueryKeyValueBias
    if isFused {
      result += linear(.queryKeyValue, width, queries + 2 * keys, bias: bias)
    } else {
      result += linear(.query, width, queries, bias: bias)
      result += linear(.key, width, keys, bias: bias)
      result += linear(.value, width, keys, bias: bias)
    }
    if shape.normalizesHeads {
      result += norm(.queryNorm, layer, shape.headSize, shape)
      result += norm(.keyNorm, layer, shape.headSize, shape)
    }
    result += linear(.output, queries, width, bias: shape.hasOutputBias)
    if shape.hasSandwichNorms { result += norm(.attentionOutputNorm, layer, width, shape) }
    result += norm(.feedForwardNorm, layer, width, shape)
    if shape.isGated { result += linear(.gate, width, shape.inner, bias: shape.hasInnerBias) }
    result += linear(.up, width, shape.inner, bias: shape.hasInnerBias)
    result += linear(.down, shape.inner, width, bias: shape.hasInnerBias)
    if shape.hasSandwichNorms { result += norm(.feedForwardOutputNorm, layer, width, shape) }
    return result
  }

  private func norm(
    _ part: TransformerPart, _ layer: Int?, _ size: Int, _ shape: TransformerShape
  ) -> [TransformerTensor] {
    let weight = tensor(part, layer, [size], shape)
    return shape.norm == .layer
      ? [weight, tensor(part, layer, [size], isBias: true, shape)] : [weight]
  }

  private func tensor(
    _ part: TransformerPart, _ layer: Int?, _ sizes: [Int], isBias: Bool = false,
    isByInput: Bool = false, _ shape: TransformerShape
  ) -> TransformerTensor {
    let key = TransformerTensor.Key(part: part, layer: layer, isBias: isBias)
    var form = isByInput ? TransformerTensor.GGUFForm.transposed : .same
    if isInterleaved, part == .query || part == .key {
      form = .interleaved(headSize: shape.headSize)
    }
    if part.isNorm, shape.norm == .rms(addsOne: true) { form = .plusOne }
    return TransformerTensor(
      key: key, name: names.name(key), shape: sizes, isByInput: isByInput,
      ggufName: TensorNames.gguf(key), ggufForm: form)
  }
}
