import ArgumentParser
import Console
import Datasets
import Families
import Files
import Glibc
import Synchronization
import Training

/// `aigc train ngram`.
struct TrainNGram: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "ngram", abstract: "Train an n-gram language model on text.",
    discussion: """
      An n-gram of order 5 is a word with the four words before it: order = context + 1. The \
      article's n is the context, so its n = 2 is --context 2 or --order 3.
      """)

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]

  @Option(help: "Words of an n-gram, context included (1 to 32; default 5).")
  var order: Int?
  @Option(help: "Words before the predicted one: the order minus one (default 4).")
  var context: Int?
  @Option(help: "What a token is: \(names(TokenMode.self)) (default auto).")
  var tokens: TokenMode?
  @Option(
    help: """
      A language model whose tokenizer's ids are counted in place of words: 'generate text --draft' then takes this \
      model to draft texts of that one.
      """,
    completion: .model)
  var tokenizer: String?
  @Option(help: "How probabilities are estimated: \(names(Estimator.self)) (default kneser-ney).")
  var estimator: Estimator?
  @Option(help: "'article': the article's train_ngram, relative counts in one stream of words.")
  var preset: Preset?
  @Option(
    parsing: .upToNextOption,
    help: "Leave out n-grams that occur so often or less, for each order: 0,0,1 (default 0: none).")
  var prune: [String] = []
  @Option(help: "A file of words; n-grams with others are left out.", completion: .file())
  var vocab: String?
  @Option(help: "Keep only so many of the most frequent words (default: all).")
  var vocabSize: Int?
  @Option(
    help:
      "Memory for counting, as 2G, 500M or 80% of what there is; beyond it sorted runs go to disk.")
  var memory = "80%"
  @Option(help: "Folder for temporary files (default: beside the model).", completion: .directory)
  var tmp: String?
  @Flag(help: "Store probabilities in 8 bits.")
  var quantize = false
  @Flag(help: "Do not keep the counts: smaller, but 'aigc update' is not possible.")
  var noCounts = false
  @Flag(help: "Refuse <s>, </s>, <unk> in the text and data without discounts.")
  var strict = false
  @Option(help: "Also write the model as an ARPA file (.gz packs it).", completion: .file())
  var arpa: String?
  @Option(help: "Held-out text: its perplexity is printed.", completion: .file())
  var val: String?
  @Option(name: .shortAndLong, help: "Folder of the model (default runs/ngram-<data>).")
  var out: String?
  @Flag(help: "Replace the model at --out.")
  var force = false
  @OptionGroup var common: CommonOptions

  enum Preset: String, ExpressibleByArgument, CaseIterable { case article }

  func validate() throws {
    if order != nil, context != nil { throw ValidationError("--order or --context, not both") }
    if let order, !(1...32).contains(order) { throw ValidationError("--order \(order): 1 to 32") }
    if let context, !(0...31).contains(context) {
      throw ValidationError("--context \(context): 0 to 31")
    }
    if let vocabSize, vocabSize < 1 { throw ValidationError("--vocab-size: 1 or more") }
    if preset == .article, estimator != nil { throw ValidationError("--preset sets the estimator") }
    if preset == .article, (context ?? (order ?? 3) - 1) < 1 {
      throw ValidationError("--preset article needs a context of 1 or more")
    }
    if tokenizer != nil, let flag = wordFlag {
      throw ValidationError(
        "\(flag) is of words; --tokenizer counts the ids of a model's tokenizer")
    }
    if let arpa, common.json, isStandardOutput(arpa) {
      throw ValidationError("--arpa \(arpa) or --json, not both")
    }
    _ = try thresholds()
    _ = try memoryInBytes()
  }

  /// A flag of what the words of a text are.
  private var wordFlag: String? {
    tokens != nil ? "--tokens" : vocab != nil ? "--vocab" : preset != nil ? "--preset" : nil
  }

  func run() throws {
    try OutputPlan.check([(arpa, .arpa)], reading: data + [val, vocab])
    let path = try RunFolder.path(family: "ngram", data: data[0], out: out, force: force)
    let progress = TrainingProgress()
    var trainer = try trainer(progress)
    trainer.texts = data
    if let tokenizer {
      let model = try ModelStore.standard().resolve(tokenizer)
      trainer.tokenizer = try textFamily(of: model).tokenizer(model)
    }
    if let vocab { trainer.vocabulary = try words(in: vocab) }
    try trainer.train(to: path)
    progress.finish()
    try report(path, seconds: progress.seconds)
  }

  private func trainer(_ progress: TrainingProgress) throws -> NGramTrainer {
    var trainer = NGramTrainer()
    trainer.configuration.order = context.map { $0 + 1 } ?? order ?? (preset == .article ? 3 : 5)
    trainer.configuration.tokens = tokens ?? .auto
    trainer.configuration.estimator =
      preset == .article ? .maximumLikelihood : estimator ?? .kneserNey
    trainer.configuration.sentences = preset != .article
    trainer.configuration.prune = try thresholds()
    trainer.configuration.quantized = quantize
    trainer.vocabularyLimit = vocabSize
    trainer.memory = try memoryInBytes()
    trainer.temporaryFolder = tmp
    trainer.keepsCounts = !noCounts
    trainer.isStrict = strict
    trainer.warn = { Diagnostics.warning($0) }
    trainer.heldOut = val
    trainer.quantized = { Diagnostics.note($0.description) }
    trainer.progress = { progress.update($0, $1) }
    return trainer
  }

  private func report(_ path: String, seconds: Double) throws {
    let model = try NGramLanguageModel(folder: path)
    if let arpa { try writeARPA(model, to: arpa) { Diagnostics.show($0) } }
    let evaluation = try val.map { try model.evaluate(readText(path: $0), name: $0) }
    let counts = model.counts
    let answer = Answer.ofFinishedWork()
    if common.json {
      try answer.write(json: [
        .init("model", .string(path)), .init("tokens", .int(model.configuration.trainingTokens)),
        .init("ngrams", .array(counts.map { .int($0) })), .init("seconds", .double(seconds)),
        .init("perplexity", JSONValue(evaluation?.perplexity)),
      ])
    } else {
      Diagnostics.note(
        "\(counted(model.configuration.trainingTokens, "token")), \(counted(model.vocabularySize, "word")), order "
          + "\(model.order), \(counted(counts.reduce(0, +), "n-gram")) in \(Format.fixed(seconds, 2)) s"
      )
      if let evaluation { Diagnostics.note("perplexity \(Format.fixed(evaluation.perplexity, 2))") }
      // Behind an ARPA file it would be a line of it.
      if arpa.map({ isStandardOutput($0) }) != true { try answer.write("\(path)\n") }
      Diagnostics.note("use it: aigc generate text --model \(path)")
    }
    try answer.finish()
  }

  /// `--prune 0,0,1` or `--prune 0 0 1`, as lmplz has it.
  private func thresholds() throws -> [UInt32] {
    let fields = prune.flatMap { $0.split(separator: ",") }
    let values = fields.compactMap { UInt32($0) }
    guard values.count == fields.count, values == values.sorted(), (values.first ?? 0) == 0 else {
      throw ValidationError(
        "--prune \(prune.joined(separator: " ")): numbers that do not fall, the first 0")
    }
    return values.isEmpty ? [0] : values
  }

  private func memoryInBytes() throws -> Int {
    let factors: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let text = memory.uppercased()
    if let number = Double(text.dropLast()), number > 0, number < 1e6, let unit = text.last {
      if unit == "%" { return Int(Double(SystemMemory.available) * min(number, 100) / 100) }
      if let factor = factors[unit] { return Int(number * Double(factor)) }
    }
    throw ValidationError("--memory \(memory): a size like 2G, 500M or 80%")
  }
}

extension TokenMode: ExpressibleByArgument {}
extension Estimator: ExpressibleByArgument {}

private func names<Choice: CaseIterable & RawRepresentable>(_: Choice.Type) -> String
where Choice.RawValue == String { Choice.allCases.map { $0.rawValue }.joined(separator: ", ") }

extension QuantizationReport: CustomStringConvertible {
  /// What changed, in one line.
  public var description: String {
    "quantised: \(Format.byteCount(bytesBefore)) → \(Format.byteCount(bytesAfter)), perplexity "
      + "\(Format.fixed(perplexityBefore, 3)) → \(Format.fixed(perplexityAfter, 3)) on \(text)"
  }
}

/// The words of a vocabulary file, between white space.
private func words(in path: String) throws(AIGCError) -> Set<[UInt8]> {
  // Several words in one line are welcome too.
  Set(
    lines(of: try readText(path: path)).flatMap { line in
      line.split { $0 <= 32 }.map { Array($0) }
    })
}

/// The stages of training on the progress line, each from 0 to 100%.
final class TrainingProgress: Sendable {
  private let line = ProgressLine("reading", total: 0, unit: .share)
  private let stage = Mutex("")
  private let start = ContinuousClock.now
  private static let steps = 1000

  func update(_ name: String, _ done: Double) {
    let isNew = stage.withLock { stage in
      defer { stage = name }
      return stage != name
    }
    if isNew { line.begin(name, total: Self.steps, unit: .share) }
    line.advance(to: Int(done * Double(Self.steps)))
  }
  func finish() { line.finish() }
  var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}
