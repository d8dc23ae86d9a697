import Checkpoints
import Datasets
import Files
import NN
import Training

/// GPT-2 models: our own, and those published as Hugging Face folders.
public struct GPT2Family: TextFamily {
  public init() {}

  public var name: String { "gpt2" }
  public var benchmarks: [Benchmark] { GPT2TrainingBenchmarks.all + GPT2GenerationBenchmarks.all }

  public func load(_ path: String) throws(AIGCError) -> any LanguageModel {
    try GPT2LanguageModel(folder: path)
  }

  public func load(_ path: String, context: Int?) throws(AIGCError) -> any LanguageModel {
    try GPT2LanguageModel(folder: path, context: context)
  }

  public func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    try GPT2LanguageModel.tokenizer(path, .read(folder: path))
  }

  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try GPT2LanguageModel(folder: path)
    let configuration = model.configuration
    return [
      .init("tokens", .string(configuration.tokens.rawValue)),
      .init("vocabulary", .int(configuration.vocabularySize)),
      .init("context", .int(configuration.context)),
      .init("width", .int(configuration.width)),
      .init("layers", .int(configuration.layers)),
      .init("heads", .int(configuration.heads)),
      .init("inner", .int(configuration.innerSize)),
      .init("activation", .string(configuration.activation)),
      .init("dropout", .float(configuration.residualDropout)),
      .init("tied", .bool(configuration.isTied)),
      .init("parameters", .int(configuration.parameterCount)),
      .init("type", JSONValue(model.weights?.type.rawValue)),
      .init("training_tokens", JSONValue(configuration.trainingTokens)),
      .init("updatable", .bool(true)),
    ]
  }

  /// A Hugging Face folder again: one safetensors file, in the type that is asked for.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    guard !output.hasSuffix(".safetensors") else {
      throw .usage("\(output): a GPT-2 model is a folder; name one")
    }
    let model = try GPT2LanguageModel(folder: path)
    var configuration = model.configuration
    let weights = try GPT2Weights(folder: path, configuration)
    let target = try RunFolder.path(
      family: name, data: path, out: output, force: options.force)
    let folder = try OutputFolder(path: target)
    try model.tokenizer.write { folder.file($0) }
    (configuration.startToken, configuration.endTokens) = model.marks
    try GPT2Folder.write(try weights.newTensors(options.type), to: folder.file(GPT2Weights.file))
    try configuration.write(to: folder.file(ModelConfiguration.fileName))
    try folder.commit()
  }
}

/// How the files of a model are written.
enum GPT2Folder {
  /// Weights as transformers reads them: it asks for the note that they are PyTorch's.
  static func write(_ tensors: [NewTensor], to path: String) throws(AIGCError) {
    try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: path, sync: true)
  }
}
