import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// The flags of a text classifier's method and sizes.
struct TextClassifierModelArguments: ParsableArguments {
  @Option(
    help:
      "How the model is made: \(TextClassifierMethod.allCases.map { $0.rawValue }.joined(separator: ", ")) (default nb-logistic)."
  )
  var method: TextClassifierMethod?
  @Option(
    help: "A language model whose states are read: --method transfer (default: none).",
    completion: .model)
  var backbone: String?
  @Option(
    help:
      "transfer: what the language model reads each text in, {} being its place (default: sentiment 'Review: {}' and 'Sentiment:' in two lines, else 'Text: {}' and 'Label:')."
  )
  var prompt: String?
  @Option(
    parsing: .unconditional,
    help: "The longest n-grams in words, of methods that count them (default 2).")
  var ngrams: Int?
  @Option(
    parsing: .unconditional,
    help:
      "What a word behind a negation counts as, with a minus; 0: as itself (default: sentiment 1, else 0)."
  )
  var negation: Float?
  @Option(
    parsing: .unconditional,
    help: "Leave out n-grams and words that stand in fewer texts (default 1).")
  var minCount: Int?
  @Option(parsing: .unconditional, help: "nb-logistic: the penalty on squared weights (default 1).")
  var l2: Double?
  @Flag(
    help: "nb-logistic: divide the values of a text by the root of the sum of their squares.")
  var l2Norm = false
  @Option(parsing: .unconditional, help: "linear: values of an n-gram's vector (default 100).")
  var dim: Int?
  @Flag(help: "Have every class count the same, however many texts it has.")
  var balanced = false
  @Option(parsing: .unconditional, help: "cnn, lstm: values of a word's vector (default 300).")
  var embedding: Int?
  @Option(
    help:
      "cnn, lstm: word vectors to start with, a word and its values a line, .gz too (default: drawn).",
    completion: .file())
  var vectors: String?
  @Flag(help: "Leave the vectors of --vectors as they are.")
  var staticVectors = false
  @Option(help: "cnn: words of the windows (default 3,4,5).")
  var widths: String?
  @Option(parsing: .unconditional, help: "cnn: maps for each width (default 100).")
  var maps: Int?
  @Option(parsing: .unconditional, help: "lstm: units (default 128).")
  var hidden: Int?
  @Option(
    parsing: .unconditional, help: "cnn, lstm: dropout rate before the last layer (default 0.5).")
  var dropout: Float?
  @Option(
    parsing: .unconditional, help: "cnn, lstm: the most words of the vocabulary (default 50000).")
  var vocabSize: Int?

  func validate() throws {
    if staticVectors, vectors == nil {
      throw ValidationError("--static-vectors goes with --vectors")
    }
    for (name, value) in [
      ("--ngrams", ngrams), ("--min-count", minCount), ("--dim", dim), ("--embedding", embedding),
      ("--maps", maps), ("--hidden", hidden), ("--vocab-size", vocabSize),
    ] {
      if let value, !(1...1 << 30).contains(value) {
        throw ValidationError("\(name) \(value): a number from 1 up")
      }
    }
    if let l2, !(l2 > 0 && l2.isFinite) { throw ValidationError("--l2 \(l2): above 0") }
  }

  /// - Throws: ``/Files/AIGCError``: usage for another method than that of a backbone, badInput for a damaged run.
  func method(_ saved: SavedRun?) throws(AIGCError) -> TextClassifierMethod {
    if let backbone, let method, method != .transfer {
      throw .usage("--backbone \(backbone) is of --method transfer, not of \(method.rawValue)")
    }
    if let method { return method }
    if backbone != nil { return .transfer }
    return saved?["--method"].flatMap { TextClassifierMethod(rawValue: $0) } ?? .weightedRegression
  }

  /// Refuses flags that a method does not have.
  /// - Throws: ``/Files/AIGCError`` (usage).
  func check(_ method: TextClassifierMethod, _ training: TrainingFlags) throws(AIGCError) {
    let counts: [TextClassifierMethod] = [.naiveBayes, .weightedRegression, .linear]
    let networks: [TextClassifierMethod] = [.cnn, .lstm]
    let flags: [(flag: String, isGiven: Bool, methods: [TextClassifierMethod])] =
      [
        ("--ngrams", ngrams != nil, counts), ("--negation", negation != nil, counts),
        ("--min-count", minCount != nil, counts + networks),
        ("--l2", l2 != nil, [.weightedRegression]), ("--prompt", prompt != nil, [.transfer]),
        ("--dim", dim != nil, [.linear]), ("--l2-norm", l2Norm, [.weightedRegression]),
        ("--embedding", embedding != nil, networks),
        ("--vectors", vectors != nil, networks), ("--static-vectors", staticVectors, networks),
        ("--widths", widths != nil, [.cnn]), ("--maps", maps != nil, [.cnn]),
        ("--hidden", hidden != nil, [.lstm]), ("--dropout", dropout != nil, networks),
        ("--vocab-size", vocabSize != nil, networks),
      ]
      + training.loopFlags.map { ($0.flag, $0.isGiven, networks + ($0.isOfRate ? [.linear] : [])) }
    for entry in flags where entry.isGiven && !entry.methods.contains(method) {
      let list = entry.methods.map { $0.rawValue }.joined(separator: ", ")
      throw .usage("\(entry.flag) is of --method \(list), not of \(method.rawValue)")
    }
    if method == .transfer, backbone == nil, !training.resume {
      throw .usage("--method transfer: name a language model by --backbone")
    }
    if embedding != nil, vectors != nil {
      throw .usage("--embedding: the vectors of --vectors have their own size; leave it out")
    }
  }

  /// Puts in what was given, or what a run that goes on was started with.
  func fill(
    _ settings: inout TextClassifierSettings, _ saved: SavedRun?,
    _ known: TextClassifierConfiguration?
  ) throws(AIGCError) {
    func number<Value: LosslessStringConvertible>(_ flag: String, _ given: Value?) -> Value? {
      given ?? saved?[flag].flatMap { Value($0) }
    }
    if let features = known?.features { settings.features = features }
    if let network = known?.network { settings.network = network }
    if let ngrams { settings.features.ngrams = ngrams }
    if let negation { settings.features.negation = negation }
    if l2Norm { settings.features.isNormalized = true }
    if let value = number("--min-count", minCount) { settings.minCount = value }
    if let value = number("--l2", l2) { settings.l2 = value }
    if let value = number("--dim", dim) { settings.dimension = value }
    if let value = number("--vocab-size", vocabSize) { settings.vocabulary = value }
    settings.balances = balanced || saved?["--balanced"] != nil
    settings.backbone = backbone ?? saved?["--backbone"]
    settings.prompt = prompt ?? saved?["--prompt"]
    settings.vectorsPath = vectors ?? saved?["--vectors"]
    if let embedding { settings.network.embedding = embedding }
    if let widths { settings.network.widths = try sizes("--widths", widths, such: "3,4,5") }
    if let maps { settings.network.maps = maps }
    if let hidden { settings.network.hidden = hidden }
    if let dropout { settings.network.dropout = dropout }
    if vectors != nil { settings.network.vectors = staticVectors ? .isStatic : .nonStatic }
    if let problem = settings.features.problem ?? settings.network.problem {
      throw .usage("no model: \(problem)")
    }
  }

  /// What a run keeps.
  func settings(_ filled: TextClassifierSettings) -> [RunSetting] {
    let network = filled.network
    return [
      RunSetting("--method", filled.method.rawValue),
      RunSetting("--backbone", backbone, else: filled.backbone),
      RunSetting("--prompt", prompt, else: filled.prompt),
      RunSetting("--ngrams", ngrams, else: "\(filled.features.ngrams)"),
      RunSetting("--negation", negation, else: "\(filled.features.negation)"),
      RunSetting("--min-count", minCount, else: "\(filled.minCount)"),
      RunSetting("--l2", l2, else: "\(filled.l2)"),
      RunSetting("--l2-norm", isOn: l2Norm, else: filled.features.isNormalized == true),
      RunSetting("--dim", dim, else: "\(filled.dimension)"),
      RunSetting("--balanced", isOn: balanced),
      RunSetting("--embedding", embedding, else: "\(network.embedding)"),
      RunSetting("--vectors", vectors, else: filled.vectorsPath),
      RunSetting("--static-vectors", isOn: staticVectors),
      RunSetting("--widths", widths, else: network.widths.map { "\($0)" }.joined(separator: ",")),
      RunSetting("--maps", maps, else: "\(network.maps)"),
      RunSetting("--hidden", hidden, else: "\(network.hidden)"),
      RunSetting("--dropout", dropout, else: "\(network.dropout)"),
      RunSetting("--vocab-size", vocabSize, else: "\(filled.vocabulary)"),
    ]
  }
}

extension TextClassifierMethod: ExpressibleByArgument {}

extension TrainingFlags {
  /// The flags of a loop of steps: whether they were given, and whether a loop without optimizer has them too.
  var loopFlags: [(flag: String, isGiven: Bool, isOfRate: Bool)] {
    [
      ("--steps", steps != nil, true), ("--epochs", epochs != nil, true),
      ("--batch-size", batchSize != nil, true), ("--lr", lr != nil, true),
      ("--schedule", schedule != nil, true), ("--warmup", warmup != nil, true),
      ("--min-lr", minLR != nil, true), ("--optimizer", optimizer != nil, false),
      ("--weight-decay", weightDecay != nil, false), ("--grad-clip", gradClip != nil, false),
      ("--momentum", momentum != nil, false), ("--beta1", beta1 != nil, false),
      ("--beta2", beta2 != nil, false), ("--eval-every", evalEvery != nil, true),
      ("--save-every", saveEvery != nil, true), ("--log-every", logEvery != nil, true),
      ("--early-stop", earlyStop != nil, true),
    ]
  }
}
