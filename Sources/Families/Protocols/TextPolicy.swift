import Autograd
import Datasets
import Files
import Inference
import NN

/// A language model whose weights change while it writes: what reinforcement learning calls a policy. Its
/// actions are tokens; ``languageModel()`` draws them, and ``states(_:_:)`` with ``head`` gives their
/// probabilities with history.
public protocol TextPolicy: AnyObject {
  /// What its tokens are.
  var tokenizer: any Tokenizer { get }
  /// What the model reads before it continues a prompt: its tokens, with those that a text begins with; one at
  /// least.
  func inputs(_ prompt: [Int32]) -> [Int32]
  /// The tokens that end a text; empty: nothing does.
  var endTokens: [Int32] { get }
  /// The most tokens in view; nil: any number.
  var contextSize: Int? { get }
  /// Values of a token's last state.
  var width: Int { get }
  /// All parameters, as they are saved.
  var parameters: NamedParameters { get }
  /// Those that learn.
  var trainable: NamedParameters { get }
  /// Whether blocks are computed again in the backward pass; of families that can.
  var recomputesBlocks: Bool { get set }
  /// Tokens that the model had learned from before.
  var trainingTokens: Int { get }

  /// The last layer: [tokens, width], and [tokens] where it has a bias.
  var head: (weight: Tensor, bias: Tensor?) { get }

  /// What goes into the last layer after each token, without dropout: a policy's ratios compare the same
  /// network with itself.
  /// - Parameters:
  ///   - tokens: [batch, steps], each sequence from its start.
  ///   - context: one of training is taken to its end after Ctrl-C.
  /// - Returns: [batch · steps, width].
  func states(_ tokens: Indices, _ context: Context) -> Tensor

  /// The model with its present weights, to write with; it does not follow later ones.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func languageModel() throws(AIGCError) -> any LanguageModel

  /// Writes the model's files; see ``/Training/TrainingTask/write(to:items:)``.
  func write(to path: (String) -> String, items: Int) throws(AIGCError)
}

/// A family of language models that rewards can tune: `aigc finetune PROMPTS --reward …`.
public protocol RewardTunableFamily: Family {
  /// The model in a folder as a policy.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit.
  func policy(at path: String) throws(AIGCError) -> any TextPolicy
}
