import Checkpoints
import Files
import Training

/// A kind of model: its name in `config.json`, and how its files are read, measured and converted.
///
/// A new family is a folder in `Sources/Families`, one line in ``families``, and a file of flags in
/// `Sources/Commands/Training/Recipes`.
public protocol Family: Sendable {
  /// The name in `config.json` and after `aigc train`: "ngram".
  var name: String { get }

  /// All names that its models are asked for by; ``name`` alone where nothing else is said.
  var names: [String] { get }

  /// Whether the model in `folder` is this family's.
  /// - Parameters:
  ///   - folder: of the model.
  ///   - name: the family in its `config.json`.
  func owns(_ folder: String, named name: String) -> Bool

  /// What its models make: "text", "image".
  var kind: String { get }

  /// Measures the model at `path` on a file, where its family has a way of its own: `aigc evaluate`.
  /// - Returns: nil for language models, which are all measured the same way.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when the file does not fit the model.
  func evaluate(
    _ path: String, on file: String, _ notices: NoticeHandler
  ) throws(AIGCError) -> (any Report)?

  /// What `aigc bench` measures of it.
  var benchmarks: [Benchmark] { get }

  /// Whether a bare file, outside a model folder, is this family's: `model.arpa`.
  func claims(_ path: String) -> Bool

  /// What `aigc inspect` says of the model at `path` beyond the common lines: sizes, counts.
  func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member]

  /// Writes the model at `path`, a model folder or a file that the family ``claims(_:)``, in the
  /// format that the name `output` asks for: `aigc convert`.
  /// - Throws: ``/Files/AIGCError``: usage when the family has no other format.
  func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError)

  /// Whether its models are of two networks that were trained together: `aigc convert --part`.
  var hasParts: Bool { get }

  /// Whether a model of a file of tensors needs its tokens too: `aigc convert --vocab`.
  var takesVocabulary: Bool { get }

  /// What tensors of such a model look like in files of other programs; nil when none are read.
  var importForm: ImportForm? { get }

  /// Whether models take the direction of a translation: `aigc convert --direction`.
  var hasDirections: Bool { get }

  /// Whether what a file of tensors holds becomes a part of the model that stands in `folder`, in place of a
  /// model of its own.
  /// - Parameters:
  ///   - folder: of a model, or a path where nothing is.
  ///   - checkpoint: the path of the file of tensors.
  ///   - options: what was asked for.
  func joins(_ folder: String, _ checkpoint: String, _ options: ImportOptions) -> Bool

  /// What makes a model folder of a bare state_dict: see `importCheckpoint`.
  /// - Returns: nil when its names are not those of such a model.
  /// - Throws: ``/Files/AIGCError``: mismatch when its shapes make none.
  func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter?
}

extension Family {
  /// Unless a family says otherwise, it has no measure of its own: nil.
  public func evaluate(
    _ path: String, on file: String, _ notices: NoticeHandler
  ) throws(AIGCError) -> (any Report)? { nil }

  /// Unless a family says otherwise, its models are asked for by ``name`` alone.
  public var names: [String] { [name] }
  /// Unless a family says otherwise, a model is its own where `config.json` names it.
  public func owns(_ folder: String, named name: String) -> Bool { name == self.name }
  /// Unless a family says otherwise, there is nothing to measure.
  public var benchmarks: [Benchmark] { [] }
  /// Unless a family says otherwise, it reads model folders only.
  public func claims(_ path: String) -> Bool { false }
  /// Unless a family says otherwise, its models are of one network.
  public var hasParts: Bool { false }
  /// Unless a family says otherwise, its models go no way.
  public var hasDirections: Bool { false }
  /// Unless a family says otherwise, a discriminator joins its generator, and nothing else does.
  public func joins(_ folder: String, _ checkpoint: String, _ options: ImportOptions) -> Bool {
    options.part == .discriminator
  }
  /// Unless a family says otherwise, an import needs no tokens.
  public var takesVocabulary: Bool { false }
  /// Unless a family says otherwise, there is nothing to say beyond the common lines.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] { [] }

  /// Unless a family says otherwise, there is no other format.
  /// - Throws: ``/Files/AIGCError`` (usage) always.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    throw .usage("\(path): a model of the family \(name) has no other format")
  }

  /// Unless a family says otherwise, tensors of other programs are not read.
  public var importForm: ImportForm? { nil }

  /// Unless a family says otherwise, no tensors make a model: nil.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? { nil }
}

extension Family {
  /// ``evaluate(_:on:_:)`` without its notices.
  public func evaluate(_ path: String, on file: String) throws(AIGCError) -> (any Report)? {
    try evaluate(path, on: file) { _ in }
  }

  /// ``convert(_:to:options:_:)`` without its notices.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions = ConversionOptions()
  ) throws(AIGCError) {
    try convert(path, to: output, options: options) { _ in }
  }
}
