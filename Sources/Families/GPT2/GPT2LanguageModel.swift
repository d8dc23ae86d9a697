import Autograd
import Checkpoints
import Datasets
import Files
import Glibc
import Kernels
import NN
import Synchronization
import Training

/// A GPT-2 model with its tokenizer: what the text verbs work with. Opening it maps the weights and
/// reads none of them.
public final class GPT2LanguageModel: LanguageModel, @unchecked Sendable {
  // A network's parameters are read only once it is loaded, from any thread; the lock guards that.
  public let configuration: GPT2Configuration
  let tokenizer: any Tokenizer
  /// nil for a model that was made in memory.
  let weights: GPT2Weights?
  private let lock = Mutex(())
  private var loaded: GPT2Network?

  init(
    _ configuration: GPT2Configuration, _ network: GPT2Network, _ tokenizer: any Tokenizer
  ) {
    self.configuration = configuration
    self.tokenizer = tokenizer
    weights = nil
    loaded = network
  }

  /// Opens a model folder: one of ours, or one that transformers wrote.
  /// - Throws: ``AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its files
  ///   do not fit together.
  public init(folder: String) throws(AIGCError) {
    configuration = try GPT2Configuration.read(folder: folder)
    tokenizer = try loadTokenizer(kind: configuration.tokens, folder: folder)
    // A published vocabulary may be padded; what the tokenizer does not know is never generated.
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw .mismatch(
        "\(folder): config.json says \(configuration.vocabularySize) tokens, the tokenizer has "
          + "\(tokenizer.vocabularySize)")
    }
    weights = try GPT2Weights(folder: folder, configuration)
  }

  public var vocabularySize: Int { tokenizer.vocabularySize }
  public var endToken: Int32? { tokenizer.endToken }
  public var endTokenEndsText: Bool { tokenizer.endTokenEndsText }

  public func encode(_ text: String) throws(AIGCError) -> [Int32] {
    try tokenizer.encode(prompt: text)
  }

  public func makeDecoder() -> any TokenDecoder { tokenizer.makeDecoder() }
  public func makeSession() -> any GenerationSession { GPT2PlainSession(self) }

  /// The network in 32 bits, for training and for whole texts. Made when it is first asked for.
  func network() throws(AIGCError) -> GPT2Network {
    try lock.withLock { _ throws(AIGCError) in
      if let loaded { return loaded }
      var nothing = RandomSource.zeros
      let network = GPT2Network(configuration.sizes, using: &nothing)
      try weights?.load(into: network)
      loaded = network
      return network
    }
  }

  /// What stands before a text that begins with nothing: the end of the one before, or of a line.
  var startToken: Int32 {
    tokenizer.endToken ?? (try? tokenizer.encode(prompt: "\n"))?.first ?? 0
  }
}

// MARK: Whole texts

extension GPT2LanguageModel {
  /// How many tokens go through the network at once.
  private static let tokensAtOnce = 4096

  /// Natural-log probabilities of tokens, each from those before it in its window; nil for the first.
  ///
  /// Windows of `context` tokens begin `stride` tokens apart. Each token is scored once, in the first
  /// window that holds it, so that all but the first window's have at least context - stride before
  /// them (the way of transformers' guide "Perplexity of fixed-length models"). Windows that would
  /// only touch overlap by one token, so that each token has one before it.
  func logProbabilities(
    _ tokens: [Int32], context: Int, stride: Int
  ) throws(AIGCError) -> [Float?] {
    let network = try network()
    var result = [Float?](repeating: nil, count: tokens.count)
    let (context, stride) = (max(context, 2), max(1, min(stride, context - 1)))
    var starts: [Int] = [0]
    while let last = starts.last, last + context < tokens.count { starts.append(last + stride) }
    var scored = 1
    var next = 0
    while next < starts.count {
      // Windows of one length side by side; only the last may be shorter.
      let length = min(context, tokens.count - starts[next])
      guard length > 1 else { break }
      var rows = 1
      while next + rows < starts.count, starts[next + rows] + length <= tokens.count,
        (rows + 1) * length <= Self.tokensAtOnce
      {
        rows += 1
      }
      var (inputs, targets): ([Int32], [Int32]) = ([], [])
      for start in starts[next..<next + rows] {
        inputs += tokens[start..<start + length - 1]
        targets += tokens[start + 1..<start + length]
      }
      let losses = network.losses(Indices(inputs, [rows, length - 1]), targets: targets)
      for row in 0..<rows {
        let start = starts[next + row]
        for place in scored..<max(scored, start + length) {
          result[place] = -losses[row * (length - 1) + place - start - 1]
        }
        scored = max(scored, start + length)
      }
      next += rows
      try Interruption.check()
    }
    if result.contains(where: { $0?.isFinite == false }), let problem = weights?.nonFiniteProblem()
    {
      throw problem
    }
    return result
  }

  public func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    let tokens = try tokenizer.encode(text, name: name)
    let context = configuration.context
    let scores = try logProbabilities(tokens, context: context, stride: max(1, context / 2))
    var (total, counted) = (0.0, 0)
    for case let score? in scores {
      total += Double(score)
      counted += 1
    }
    guard counted > 0 else { throw .badInput("\(name): too little text to evaluate") }
    return TextEvaluation(
      perplexity: exp(-total / Double(counted)), perplexityWithoutUnknown: nil,
      bitsPerByte: -total / M_LN2 / Double(max(text.count, 1)), tokens: counted, unknown: nil)
  }

  public func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] {
    let tokens = try tokenizer.encode(text, name: name)
    let ranges = try tokenizer.ranges(of: text, name: name)
    let context = configuration.context
    let scores = try logProbabilities(tokens, context: context, stride: max(1, context / 2))
    return tokens.indices.map { index in
      ScoredToken(
        id: tokens[index], bytes: ranges[index].map { text[$0] }, logProbability: scores[index],
        isUnknown: tokenizer.unknownToken.map { $0 == tokens[index] })
    }
  }
}
