import ArgumentParser
import Checkpoints
import Console
import Datasets
import Files
import Training

/// A kind of model: its name in `config.json`, its commands, and how its files are read.
///
/// A new family is a folder in `Sources/Families` and one line in ``families``.
public protocol Family: Sendable {
  /// The name in `config.json` and after `aigc train`: "ngram".
  var name: String { get }

  /// What its models make: "text", "image".
  var kind: String { get }

  /// `aigc train <name>`. Its configuration sets `commandName`: without one ArgumentParser derives a
  /// name by reflection, which costs every start of the program a tenth of a millisecond.
  var trainCommand: any ParsableCommand.Type { get }

  /// Measures the model at `path` on a file, where its family has a way of its own: `aigc evaluate`.
  /// - Returns: nil for language models, which are all measured the same way.
  /// - Throws: ``AIGCError`` (mismatch) when the file does not fit the model.
  func evaluate(_ path: String, on file: String) throws(AIGCError) -> Evaluation?

  /// Verbs that only this family has, such as `interpolate`.
  var commands: [any ParsableCommand.Type] { get }

  /// What `aigc bench` measures of it.
  var benchmarks: [Benchmark] { get }

  /// Whether a bare file, outside a model folder, is this family's: `model.arpa`.
  func claims(_ path: String) -> Bool

  /// What `aigc inspect` says of the model at `path` beyond the common lines: sizes, counts.
  func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member]

  /// Writes the model at `path`, a model folder or a file that the family ``claims(_:)``, in the
  /// format that the name `output` asks for: `aigc convert`.
  /// - Throws: ``AIGCError``: usage when the family has no other format.
  func convert(
    _ path: String, to output: String, options: ConversionOptions
  ) throws(AIGCError)

  /// Whether its models are of two networks that were trained together: `aigc convert --part`.
  var hasParts: Bool { get }

  /// Whether a model of a file of tensors needs its tokens too: `aigc convert --vocab`.
  var takesVocabulary: Bool { get }

  /// What tensors of such a model look like in files of other programs; nil when none are read.
  var importForm: ImportForm? { get }

  /// What makes a model folder of a bare state_dict: see `importCheckpoint`.
  /// - Returns: nil when its names are not those of such a model.
  /// - Throws: ``AIGCError``: mismatch when its shapes make none.
  func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter?

  /// Whether ``update(_:with:to:options:)`` takes new data.
  var isUpdatable: Bool { get }

  /// Trains the model at `path` further on `data`; the result goes to `output`, which may be the same
  /// folder.
  /// - Returns: what came of it, for `--json`.
  @discardableResult
  func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions
  ) throws(AIGCError) -> [JSONValue.Member]
}

/// What `aigc evaluate` prints.
public struct Evaluation: Sendable {
  public var members: [JSONValue.Member]
  /// For people: lines, the last one ended.
  public var text: String
}

/// The train command of a family whose models another family's command trains.
struct NoTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "none", shouldDisplay: false)
}

extension Family {
  @discardableResult
  public func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions
  ) throws(AIGCError) -> [JSONValue.Member] {
    throw .usage(
      "\(path): models of the family \(name) take no new data: train a model on all of it with 'aigc "
        + "train'")
  }

  public var trainCommand: any ParsableCommand.Type { NoTrainCommand.self }
  public func evaluate(_ path: String, on file: String) throws(AIGCError) -> Evaluation? { nil }
  public var commands: [any ParsableCommand.Type] { [] }
  public var benchmarks: [Benchmark] { [] }
  public func claims(_ path: String) -> Bool { false }
  public var hasParts: Bool { false }
  public var isUpdatable: Bool { false }
  public var takesVocabulary: Bool { false }
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] { [] }

  public func convert(
    _ path: String, to output: String, options: ConversionOptions
  ) throws(AIGCError) {
    throw .usage("\(path): a model of the family \(name) has no other format")
  }

  public var importForm: ImportForm? { nil }

  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? { nil }
}

/// A family whose models are language models, usable by every text verb.
public protocol TextFamily: Family {
  /// Opens the model folder, or the bare file that the family ``Family/claims(_:)``.
  func load(_ path: String) throws(AIGCError) -> any LanguageModel

  /// The same with a choice of how many tokens the model sees at once; nil: all it can.
  /// - Throws: ``AIGCError`` (usage) where the family has no such choice, or not this one.
  func load(_ path: String, context: Int?) throws(AIGCError) -> any LanguageModel

  /// How the model at `path` cuts text into tokens: `aigc tokenize`. Reads no weights where it can.
  /// - Throws: ``AIGCError``: badInput when its files are missing or damaged, usage when the model
  ///   has no tokenizer. The default reads the BPE files of the model folder.
  func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer
}

extension TextFamily {
  public var kind: String { "text" }

  public func load(_ path: String, context: Int?) throws(AIGCError) -> any LanguageModel {
    guard context == nil else {
      throw .usage("--ctx-size is of models with a context, such as gpt2; \(path) has none")
    }
    return try load(path)
  }

  public func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    guard isFolder(path) else { throw .usage("\(path): a model without a tokenizer") }
    return try BPETokenizer(folder: path)
  }
}

/// A family whose models make pictures of latents.
public protocol ImageFamily: Family {
  /// `aigc sample <name>`.
  var sampleCommand: any ParsableCommand.Type { get }

  /// Opens the model folder.
  /// - Throws: ``AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit
  ///   each other.
  func load(_ path: String) throws(AIGCError) -> any ImageGenerator

  /// What `aigc evaluate` says of pictures by their likelihood.
  /// - Parameters:
  ///   - generator: a model of the family.
  ///   - path: of the pictures.
  /// - Returns: nothing where the family has no likelihood.
  /// - Throws: ``AIGCError``: badInput for pictures that cannot be read, mismatch for those that are not
  ///   the model's.
  func likelihood(
    _ generator: any ImageGenerator, of path: String, _ options: LikelihoodOptions
  ) throws(AIGCError) -> [JSONValue.Member]
}

/// How likelihoods are measured.
public struct LikelihoodOptions: Sendable {
  /// Pictures at most.
  public var count: Int
  /// Latents for each picture of the importance-weighted bound; 0: without it.
  public var draws: Int
  public var badPictures: PictureOptions.BadPictures
  public var seed: UInt64
  /// See ``Datasets/PictureOptions/ignoresOrientation``.
  public var ignoresOrientation = false
}

extension ImageFamily {
  public func likelihood(
    _ generator: any ImageGenerator, of path: String, _ options: LikelihoodOptions
  ) throws(AIGCError) -> [JSONValue.Member] { [] }

  public var kind: String { "image" }
}

/// Every family of the program.
public let families: [any Family] = [
  NGramFamily(), RecurrentFamily<RNNName>(), RecurrentFamily<GRUName>(),
  RecurrentFamily<LSTMName>(), GPT2Family(), ForecastFamily(), ClassifierFamily(),
  GANFamily<GANName>(), GANFamily<DCGANName>(), VAEFamily<VAEName>(), VAEFamily<VAEGANName>(),
]

/// Every verb of `aigc`, in the order of its help.
public let verbs: [any ParsableCommand.Type] =
  [
    Train.self, Generate.self, Sample.self, Next.self, Evaluate.self, Score.self, Tokenize.self,
    Detokenize.self, Inspect.self, Convert.self,
    Update.self, Finetune.self, Encode.self, Reconstruct.self,
    Models.self, Bench.self, Completion.self,
  ] + families.flatMap { $0.commands }

/// The family of the model at `path`: a model folder or a bare file.
/// - Throws: ``AIGCError`` (badInput) when no family knows it.
public func family(of path: String) throws(AIGCError) -> any Family {
  if isFolder(path) {
    let name = try ModelConfiguration.read(folder: path).family
    if let family = families.first(where: { $0.name == name }) { return family }
    let known = families.map { $0.name }.joined(separator: ", ")
    throw .badInput("\(path): unknown model family '\(name)'; this program knows: \(known)")
  }
  if let family = families.first(where: { $0.claims(path) }) { return family }
  throw .badInput("\(path): no model that this program reads")
}
