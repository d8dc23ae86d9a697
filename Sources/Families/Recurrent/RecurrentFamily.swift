import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Recurrent language models: RNN, GRU and LSTM, one family each, of one make.
public struct RecurrentFamily: TextFamily {
  let network: RecurrentKind

  /// - Parameter network: which of the three.
  public init(_ network: RecurrentKind) { self.network = network }

  /// The name in `config.json` and after `aigc train`: "rnn", "gru" or "lstm".
  public var name: String { network.rawValue }
  /// The benchmarks of training steps and generation with LSTMs, in tokens a second; none for the
  /// other kinds.
  public var benchmarks: [Benchmark] { network == .lstm ? RecurrentBenchmarks.all : [] }

  /// Opens a model folder, and reads all of its weights.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when its files
  ///   do not fit together.
  public func load(_ path: String) throws(AIGCError) -> any LanguageModel {
    try RecurrentLanguageModel(folder: path)
  }

  /// Reads the tokenizer of a model folder, and none of its weights.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged.
  public func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    let configuration = try RecurrentConfiguration.read(folder: path)
    return try loadTokenizer(kind: configuration.tokens, folder: path)
  }

  /// The tokens, vocabulary and sizes of the model, its parameters, and how many tokens were
  /// learned from.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try RecurrentLanguageModel(folder: path)
    let configuration = model.configuration
    return [
      .init("tokens", .string(configuration.tokens.rawValue)),
      .init("vocabulary", .int(configuration.vocabularySize)),
      .init("embedding", .int(configuration.embeddingSize)),
      .init("hidden", .int(configuration.hiddenSize)),
      .init("layers", .int(configuration.layers)),
      .init("dropout", .float(configuration.dropout)),
      .init("tied", .bool(configuration.isTied)),
      .init("parameters", .int(model.network.parameterCount)),
      .init("training_tokens", .int(configuration.trainingTokens)),
      .init("updatable", .bool(true)),
    ]
  }
}
