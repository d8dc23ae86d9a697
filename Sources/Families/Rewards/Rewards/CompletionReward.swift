import Files

/// A prompt with what a model wrote behind it.
public struct Completion: Equatable, Sendable {
  /// What was asked.
  public var prompt: String
  /// What followed, without the prompt.
  public var text: String

  /// Creates a completion of its prompt and what followed.
  public init(prompt: String, text: String) { (self.prompt, self.text) = (prompt, text) }
}

/// Says how good completions are: what reinforcement learning maximises.
public protocol CompletionReward {
  /// Its name in logs: "sentiment", "length".
  var name: String { get }

  /// One finite number for each completion, higher is better.
  /// - Throws: ``/Files/AIGCError``: failed where something outside of the program fails, interrupted after
  ///   Ctrl-C.
  func scores(_ completions: [Completion]) throws(AIGCError) -> [Double]
}

/// Several rewards, of which the weighted sum counts.
public struct RewardSum {
  /// The rewards with their weights.
  public let parts: [(reward: any CompletionReward, weight: Double)]

  /// - Parameters:
  ///   - specifications: as `aigc finetune --reward` takes them: see ``RewardKind``.
  ///   - weights: one for each; empty: 1 each.
  /// - Throws: ``/Files/AIGCError``: usage for what names no reward, and for another number of weights; badInput for
  ///   files and models that cannot be read.
  public init(_ specifications: [String], weights: [Double]) throws(AIGCError) {
    guard !specifications.isEmpty else {
      throw .usage("no `rewards`: what is the model to be rewarded for?")
    }
    guard weights.isEmpty || weights.count == specifications.count else {
      throw .usage(
        "`rewardWeights`: \(counted(weights.count, "weight")) for \(counted(specifications.count, "reward"))"
      )
    }
    guard weights.allSatisfy({ $0.isFinite }) else {
      throw .usage("`rewardWeights`: numbers are needed")
    }
    var parts: [(reward: any CompletionReward, weight: Double)] = []
    for (index, text) in specifications.enumerated() {
      parts.append((try RewardKind.reward(text), weights.isEmpty ? 1 : weights[index]))
    }
    self.parts = parts
  }

  /// The names of the rewards, each once: a second one of a kind gets a number.
  public var names: [String] {
    var seen: [String: Int] = [:]
    return parts.map { part in
      seen[part.reward.name, default: 0] += 1
      let count = seen[part.reward.name] ?? 1
      return count == 1 ? part.reward.name : "\(part.reward.name)_\(count)"
    }
  }

  /// The weighted sum for each completion, and what each reward gave.
  /// - Throws: as ``CompletionReward/scores(_:)``.
  public func scores(
    _ completions: [Completion]
  ) throws(AIGCError) -> (total: [Double], parts: [[Double]]) {
    var total = [Double](repeating: 0, count: completions.count)
    var all: [[Double]] = []
    for (reward, weight) in parts {
      try Interruption.check()
      let scores = try reward.scores(completions)
      guard scores.count == total.count, scores.allSatisfy({ $0.isFinite }) else {
        throw .failed("the reward \(reward.name) gave no finite number for each text")
      }
      for index in total.indices { total[index] += weight * scores[index] }
      all.append(scores)
    }
    return (total, all)
  }
}

/// The kinds of rewards by the names of the command line, each `KIND` or `KIND:ARGUMENT`.
public enum RewardKind: String, CaseIterable, Sendable {
  /// The probability of a class: `sentiment`, `sentiment:positive`, `sentiment:MODEL:CLASS`.
  case sentiment
  /// The share of words that occur: `words:happy,good` or `words:FILE`.
  case words
  /// How near the number of words is to a range: `length:40-80`, `length:40`.
  case length
  /// Whether the text holds a match of a regular expression: `format:^\w+ \d+$`.
  case format
  /// What a program answers: `command:python3 reward.py`.
  case command

  /// The reward of a specification.
  /// - Throws: ``/Files/AIGCError``: as ``RewardSum/init(_:weights:)``.
  static func reward(_ text: String) throws(AIGCError) -> any CompletionReward {
    let colon = text.firstIndex(of: ":")
    let argument = colon.map { String(text[text.index(after: $0)...]) }
    guard let kind = RewardKind(rawValue: String(text[..<(colon ?? text.endIndex)])) else {
      let known = allCases.map { $0.rawValue }.joined(separator: ", ")
      throw .usage("`rewards` \(printable(text)): no such reward; there are: \(known)")
    }
    if kind != .sentiment, argument ?? "" == "" {
      throw .usage("`rewards` \(kind.rawValue): say more behind a colon: \(kind.example)")
    }
    let rest = argument ?? ""
    switch kind {
    case .sentiment: return try ClassReward(rest)
    case .words: return try WordsReward(rest)
    case .length: return try LengthReward(rest)
    case .format: return try FormatReward(rest)
    case .command: return CommandReward(rest)
    }
  }

  private var example: String {
    switch self {
    case .sentiment: "sentiment:positive"
    case .words: "words:happy,good"
    case .length: "length:40-80"
    case .format: "format:[.!?]$"
    case .command: "command:python3 reward.py"
    }
  }
}
