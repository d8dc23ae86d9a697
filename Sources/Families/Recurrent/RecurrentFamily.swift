import ArgumentParser
import Checkpoints
import Console
import Datasets
import Files
import Kernels
import NN
import Training

/// Recurrent language models: RNN, GRU and LSTM, one family each, of one make.
struct RecurrentFamily<Name: RecurrentCommandName>: TextFamily {
  var name: String { Name.kind.rawValue }
  var trainCommand: any ParsableCommand.Type { TrainRecurrent<Name>.self }
  var benchmarks: [Benchmark] { Name.kind == .lstm ? RecurrentBenchmarks.all : [] }

  func load(_ path: String) throws(AIGCError) -> any LanguageModel {
    try RecurrentLanguageModel(folder: path)
  }

  func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    let configuration = try RecurrentConfiguration.read(folder: path)
    return try loadTokenizer(kind: configuration.tokens, folder: path)
  }

  func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
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
