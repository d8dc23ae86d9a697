import ArgumentParser
import Families
import NN

/// `aigc train FAMILY DATA`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model.",
    subcommands: [
      TrainNGram.self, TrainCommand<RecurrentArguments<RNNName>>.self,
      TrainCommand<RecurrentArguments<GRUName>>.self,
      TrainCommand<RecurrentArguments<LSTMName>>.self,
      TrainCommand<TransformerArguments<GPT2Name>>.self,
      TrainCommand<TransformerArguments<LlamaName>>.self,
      TrainCommand<TransformerArguments<Qwen3Name>>.self,
      TrainCommand<TransformerArguments<Gemma3Name>>.self,
      TrainCommand<ClassifierArguments>.self, TrainCommand<GANArguments<GANName>>.self,
      TrainCommand<GANArguments<DCGANName>>.self, TrainCommand<VAEArguments<VAEName>>.self,
      TrainCommand<VAEArguments<VAEGANName>>.self, TrainCommand<VQVAEArguments>.self,
      TrainCommand<CycleGANArguments>.self, TrainCommand<StyleGANArguments>.self,
      TrainCommand<TextClassifierArguments<SentimentName>>.self,
      TrainCommand<TextClassifierArguments<TextClassifierLabelsName>>.self,
      TrainSummarizer.self, TrainCommand<ReinforcementArguments>.self,
    ])
  init() {}
}
