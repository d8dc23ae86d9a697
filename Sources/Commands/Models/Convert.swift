import ArgumentParser
import Checkpoints
import Console
import Datasets
import Families
import Files
import Training

/// `aigc convert IN OUT`.
struct Convert: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a model or a file of tensors in another format.",
    discussion: """
      N-gram models: .arpa and .arpa.gz are ARPA files, other names model folders.
      Files of PyTorch (.pth .pt .bin .ckpt) and safetensors: OUT ends in .safetensors, or --family \
      makes a model folder of the state_dict in the file, under whatever key and prefix.
      Transformers: a folder, as Hugging Face has them (model.safetensors or pytorch_model.bin), and a GGUF file \
      go to a folder with model.safetensors and tokenizer.json, or to a .gguf file, which llama.cpp reads \
      ('aigc quantize' writes one of few bits).
      Adapters: a folder of PEFT goes to a .gguf file, which llama.cpp applies, and that to a folder.
      Agents: policy.safetensors (stable-baselines3's names), or policy.c, a C file of its own.
      GANs, autoencoders and translators: a folder goes to a folder, with --type f16 of half the size, with \
      --part generator without what only training needs.
      """)

  @Argument(
    help: "A model's name or path, an ARPA file, or a file of tensors.", completion: .model)
  var input: String
  @Argument(
    help: "model.arpa, model.arpa.gz, model.gguf, weights.safetensors, policy.c, or a folder.",
    completion: .file())
  var output: String
  @Option(help: "What a token of an ARPA file is (default: what the file says, else whitespace).")
  var tokens: TokenMode?
  @Option(help: "Make a model of this family of the tensors.")
  var family: String?
  @Option(help: "A file of the model's tokens, one a line (with --family).", completion: .file())
  var vocab: String?
  @Option(
    help: """
      GANs and autoencoders: generator leaves the discriminator out; of GANs with --family which the \
      tensors are: generator, discriminator (joins the folder of its generator).
      """)
  var part: ImportOptions.Part?
  @Option(
    help: """
      With --family cyclegan: which way the translator goes, AtoB or BtoA (default: BtoA where the file's \
      name ends in _G_B). The second one joins the folder of the first.
      """)
  var direction: TranslationDirection?
  @Option(help: "Neural models: save the weights as f32, f16 or bf16 (default: as they are).")
  var type: StorageType?
  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "Adapters: the model that one is for (default: the path that it names).",
    completion: .model)
  var model: String?
  @Flag(help: "Replace a model folder.")
  var force = false
  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if family == nil, vocab != nil { throw ValidationError("--vocab goes with --family") }
    if family == nil, direction != nil {
      throw ValidationError("--direction goes with --family cyclegan")
    }
    if family != nil, tokens != nil || type != nil {
      throw ValidationError("--tokens and --type are not of --family: a model is made as it is")
    }
    if family != nil, part == .discriminator, force {
      throw ValidationError("--force: a discriminator joins the folder of its generator as it is")
    }
  }

  func run() throws {
    for path in [input, vocab].compactMap({ $0 }) { InputRecord.add(path) }
    try write()
    if isStandardOutput(output) { return }
    let answer = Answer.ofFinishedWork()
    if common.json {
      try answer.write(json: [.init("input", .string(input)), .init("output", .string(output))])
    } else {
      try answer.write("\(output)\n")
    }
    try answer.finish()
  }

  private func write() throws {
    if AdapterFiles.recognizes(input) {
      try convertAdapter()
    } else if model != nil {
      throw AIGCError.usage("--model is of adapters, and \(input) is none")
    } else if let family {
      try importTensors(into: try Self.family(named: family))
    } else {
      try convert(try ModelStore.standard().resolve(input))
    }
  }

  private func convertAdapter() throws(AIGCError) {
    guard family == nil, tokens == nil, part == nil, type == nil else {
      throw .usage("--family, --tokens, --part, --type: an adapter is written as it is")
    }
    let base = try model.map { (name) throws(AIGCError) in try ModelStore.standard().resolve(name) }
    try AdapterFiles.convert(input, base: base, to: output, force: force)
  }

  private func importTensors(into family: any Family) throws(AIGCError) {
    var options = ImportOptions()
    guard vocab == nil || family.takesVocabulary else {
      throw .usage("--vocab: models of the family \(family.name) have no words as tokens")
    }
    guard part == nil || family.hasParts else {
      throw .usage("--part: a model of the family \(family.name) is one network")
    }
    options.vocabulary = vocab
    options.part = part
    guard direction == nil || family.hasDirections else {
      throw .usage("--direction: models of the family \(family.name) translate nothing")
    }
    options.direction = direction
    let checkpoint = try Checkpoint.open(input)
    let folder =
      family.joins(output, input, options)
      ? output
      : try RunFolder.path(family: family.name, data: input, out: output, force: force)
    try family.importCheckpoint(checkpoint, options: options, to: folder)
  }

  private func convert(_ path: String) throws(AIGCError) {
    let claiming = families.first { $0.claims(path) }
    if claiming == nil, Checkpoint.recognizes(path) {
      guard OutputKind.ending(of: output) == "safetensors" || !isPlainFile(output) else {
        throw .usage("\(output): tensors go to a name that ends in .safetensors, or pass --family")
      }
      guard tokens == nil, part == nil, type == nil, !force else {
        throw .usage("--tokens, --part, --type, --force: tensors are written as they are")
      }
      try OutputPlan.check([(output, .tensors)])
      try writeTensors(of: Checkpoint.open(path), to: output)
      return
    }
    var options = ConversionOptions()
    options.tokens = tokens
    options.force = force
    options.type = type?.scalarType
    options.part = part
    // ARPA files may have any name.
    let family =
      isFolder(path) ? try Families.family(of: path) : claiming ?? NGramFamily()
    try check(isOfWords: family.name == NGramFamily().name, path)
    guard part == nil || family.hasParts else {
      throw .usage("--part: a model of the family \(family.name) is one network")
    }
    try family.convert(path, to: output, options: options, Diagnostics.show)
  }

  /// Refuses the flags that the model has not.
  /// - Parameter isOfWords: whether it is an n-gram model, else it is a neural one.
  private func check(isOfWords: Bool, _ path: String) throws(AIGCError) {
    if isOfWords, type != nil || part != nil {
      throw .usage("--type and --part are of neural models, not of \(path)")
    }
    if !isOfWords || isFolder(path), tokens != nil {
      throw .usage(
        "--tokens is of ARPA files that are read; \(path) says itself what its tokens are")
    }
  }

  private static func family(named name: String) throws(AIGCError) -> any Family {
    let names = families.map { $0.name }
    if let family = families.first(where: { $0.name == name }) { return family }
    let near = suggestion(for: name, among: names)
    throw .usage("--family \(name): unknown\(near); there are: \(names.joined(separator: ", "))")
  }
}

/// Writes all tensors of a checkpoint to a safetensors file, with their types.
func writeTensors(of checkpoint: Checkpoint, to path: String) throws(AIGCError) {
  var metadata = checkpoint.metadata
  switch checkpoint.format {
  // What the programs that read weights of PyTorch ask for.
  case .torchZip, .torchLegacy, .pickle: metadata["format"] = "pt"
  case .safetensors, .sharded: break
  // What is said of the model there is for programs that read GGUF; its arrays are abbreviated here.
  case .gguf: metadata = [:]
  }
  try SafetensorsWriter.write(
    checkpoint.tensors.map { NewTensor($0) }, metadata: metadata, to: path, sync: true)
}

extension ImportOptions.Part: ExpressibleByArgument {}
