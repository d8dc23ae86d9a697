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

  /// The last layer.
  var head: PolicyHead { get }

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

/// The policies of one run, which may share what none of them changes.
public protocol TextPolicies {
  /// The model that is tuned, as it is before the first step.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit.
  func tuned() throws(AIGCError) -> any TextPolicy
  /// The same model, which stays as it is.
  /// - Throws: as ``tuned()``.
  func reference() throws(AIGCError) -> any TextPolicy
  /// The model that the run in a folder has saved.
  /// - Throws: as ``tuned()``.
  func saved(in folder: String) throws(AIGCError) -> any TextPolicy
}

/// A family of language models that rewards can tune: `aigc finetune PROMPTS --reward …`.
public protocol RewardTunableFamily: Family {
  /// The model in a folder as a policy, whose own weights learn.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit.
  func policy(at path: String) throws(AIGCError) -> any TextPolicy

  /// Policies on a model that stays as it is, of which an adapter learns.
  /// - Parameters:
  ///   - base: the model's path.
  ///   - adapters: which projections are changed.
  ///   - seed: of the adapter's first values.
  /// - Throws: ``/Files/AIGCError``: usage for settings that make no adapter, and for families that have none; else
  ///   as ``policy(at:)``.
  func policies(
    on base: String, _ adapters: AdapterSettings, seed: UInt64
  ) throws(AIGCError) -> any TextPolicies
}

extension RewardTunableFamily {
  /// Refuses: models of other families than transformers have no adapters.
  public func policies(
    on base: String, _ adapters: AdapterSettings, seed: UInt64
  ) throws(AIGCError) -> any TextPolicies {
    throw .usage("\(base): models of the family \(name) have no adapters: leave out `adapters`")
  }
}

/// Policies whose own weights learn: each is a model of its own.
struct WholePolicies: TextPolicies {
  let family: any RewardTunableFamily
  /// Of the model that the run starts from, or of the run that goes on, which restores the first one.
  let path: String

  func tuned() throws(AIGCError) -> any TextPolicy { try family.policy(at: path) }
  func reference() throws(AIGCError) -> any TextPolicy { try family.policy(at: path) }
  func saved(in folder: String) throws(AIGCError) -> any TextPolicy {
    try family.policy(at: folder)
  }
}
