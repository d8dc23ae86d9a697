import Autograd
import Checkpoints
import Datasets
import Files
import Glibc
import Kernels
import NN
import Training
import Weights

/// A recurrent language model with its tokenizer: what the text verbs work with.
public final class RecurrentLanguageModel: LanguageModel, @unchecked Sendable {
  // The network's parameters are read only once it is loaded, from any thread.
  /// What `config.json` says of the model: its sizes and tokens.
  public let configuration: RecurrentConfiguration
  let network: RecurrentNetwork
  let tokenizer: any Tokenizer
  /// The file of its weights; nil for a model in memory.
  private let path: String?

  init(
    _ configuration: RecurrentConfiguration, _ network: RecurrentNetwork,
    _ tokenizer: any Tokenizer, path: String? = nil
  ) {
    self.configuration = configuration
    self.network = network
    self.tokenizer = tokenizer
    self.path = path
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its files
  ///   do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try RecurrentConfiguration.read(folder: folder)
    let tokenizer = try loadTokenizer(kind: configuration.tokens, folder: folder)
    guard tokenizer.vocabularySize == configuration.vocabularySize else {
      throw .mismatch(
        "\(folder): config.json says \(counted(configuration.vocabularySize, "token")), the vocabulary has "
          + "\(tokenizer.vocabularySize)")
    }
    let checkpoint = try ModelWeights.open(folder)
    let network = ParameterPlan.shapes { RecurrentNetwork(configuration.sizes, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    self.init(configuration, network, tokenizer, path: checkpoint.path)
  }

  /// The number of tokens of the tokenizer, which are those of the network.
  public var vocabularySize: Int { tokenizer.vocabularySize }
  /// The tokenizer's end token: `</s>` for words, `<|endoftext|>` for BPE; nil for characters and
  /// bytes.
  public var endToken: Int32? { tokenizer.endToken }
  /// Whether the end token ends the text, as that of BPE does, or a line.
  public var endTokenEndsText: Bool { tokenizer.endTokenEndsText }
  /// Always true: a step takes one thread.
  public var generatesInParallel: Bool { true }

  /// The ids of a prompt, without an end that is not in it.
  /// - Throws: ``/Files/AIGCError``: mismatch for text that the vocabulary cannot write, badInput for text
  ///   that the tokenizer refuses, failed without memory.
  public func encode(_ text: String) throws(AIGCError) -> [Int32] {
    try tokenizer.encode(prompt: text, addsSpecialTokens: true)
  }

  /// A decoder of the model's tokenizer.
  public func makeDecoder() -> any TokenDecoder { tokenizer.makeDecoder() }
  /// The bytes of each token; nil for words.
  public var tokenTexts: [[UInt8]]? { tokenizer.tokenTexts }
  /// A session at the start of a text, with the states of all layers.
  public func makeSession() -> any GenerationSession { RecurrentSession(self) }

  /// Names the first tensor with a value that is not finite; else says that the scores are not
  /// numbers although the weights are. Never nil.
  public func damage() -> AIGCError? {
    DamagedWeights.error("scores", of: path, network.namedParameters)
  }

  /// What stands before a text: the end of a sentence where tokens are words, else nothing.
  var startToken: Int32? { tokenizer.kind.wordMode == nil ? nil : tokenizer.endToken }

  /// Natural-log probabilities of tokens, each from all before it; nil for a first one that nothing
  /// stands before.
  func logProbabilities(_ tokens: [Int32]) throws(AIGCError) -> [Float?] {
    var inputs = tokens.dropLast()
    var targets = tokens.dropFirst()
    var result: [Float?] = []
    if let startToken {
      inputs = [startToken] + inputs
      targets = tokens[...]
    } else if !tokens.isEmpty {
      result.append(nil)
    }
    result.reserveCapacity(tokens.count)
    var state: RecurrentState?
    let context = Context.inference
    let piece = 512
    for first in stride(from: 0, to: targets.count, by: piece) {
      let count = min(piece, targets.count - first)
      let start = inputs.startIndex + first
      let indices = Indices(Array(inputs[start..<start + count]), [count, 1])
      let (output, next) = network.states(indices, state, context)
      state = next
      let begin = targets.startIndex + first
      let losses = linearCrossEntropyLosses(
        output, network.fc.weight.value, network.fc.bias?.value,
        Array(targets[begin..<begin + count]))
      result.append(contentsOf: losses.map { -$0 })
      try Interruption.check()
    }
    try checkScores(result)
    return result
  }

  /// Perplexity and bits per byte of a text that is read as a whole, the states carried from token
  /// to token; for a model of words also the perplexity without unknown ones.
  /// - Throws: ``/Files/AIGCError``: badInput for too short a text, text that the tokenizer refuses and
  ///   damaged weights; mismatch for text that the vocabulary cannot write; interrupted.
  public func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    let tokens = try tokenizer.encode(text, name: name)
    let scores = try logProbabilities(tokens)
    let hasUnknown = tokenizer.unknownToken != nil
    var (total, unknownTotal, counted, unknown) = (0.0, 0.0, 0, 0)
    for (token, score) in zip(tokens, scores) {
      guard let score else { continue }
      total += Double(score)
      counted += 1
      if hasUnknown, token == tokenizer.unknownToken {
        unknownTotal += Double(score)
        unknown += 1
      }
    }
    guard counted > 0 else { throw .badInput("\(name): no text to evaluate") }
    let known = counted - unknown
    return TextEvaluation(
      perplexity: exp(-total / Double(counted)),
      perplexityWithoutUnknown: hasUnknown && known > 0
        ? exp(-(total - unknownTotal) / Double(known)) : nil,
      bitsPerByte: -total / M_LN2 / Double(max(text.count, 1)), tokens: counted,
      unknown: hasUnknown ? unknown : nil)
  }

  /// The natural-log probability of each token from all before it. For words the first follows the
  /// end of a sentence; for other tokens it has no probability.
  /// - Throws: ``/Files/AIGCError``: as ``evaluate(_:name:)``, though a short text is no error.
  public func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] {
    let tokens = try tokenizer.encode(text, name: name)
    let ranges = try tokenizer.ranges(of: text, name: name)
    let scores = try logProbabilities(tokens)
    return try Interruption.map(tokens.count) { (index) throws(AIGCError) in
      let token = tokens[index]
      let isEnd = token == startToken
      return ScoredToken(
        id: token, bytes: isEnd ? Array("</s>".utf8) : ranges[index].map { text[$0] },
        logProbability: scores[index],
        isUnknown: tokenizer.unknownToken.map { $0 == token })
    }
  }
}

/// The files of a model folder.
enum RecurrentFolder {
  static let weights = "model.safetensors"
}
