import ArgumentParser
import Checkpoints
import Console
import Families
import Files
import Weights

/// `aigc merge MODEL OUT --adapter FILE[:SCALE]`.
struct Merge: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model with adapters added to its weights.",
    discussion: """
      Adapters are folders of PEFT and .gguf files of llama.cpp, such as 'aigc finetune --lora' and 'aigc convert' \
      write. A transformer's folder or .gguf file becomes a .gguf file, which llama.cpp reads, where OUT ends so, \
      else a folder.
      """)

  /// What weights become.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case f32, f16, bf16
    case q80 = "q8_0"
    case q40 = "q4_0"
    case q41 = "q4_1"
    case q4K = "q4_k"
    case q6K = "q6_k"
  }

  @Argument(help: "A model's name or path.", completion: .model)
  var model: String
  @Argument(help: "The merged model: a .gguf file, or a folder.", completion: .file())
  var out: String
  @Option(
    name: .customLong("adapter"), parsing: .unconditionalSingleValue,
    help: "An adapter, and what its changes are multiplied by: FILE[:SCALE]; may be repeated.",
    completion: .file())
  var adapters: [AdapterChoice] = []
  @Option(
    help: """
      What the weights become, of a .gguf file most matrices: \(Form.allCases.map { $0.rawValue }.joined(
        separator: ", ")); those of few bits are of .gguf files (default: as they are in MODEL).
      """)
  var type: Form?
  @Flag(help: "Replace the model folder at OUT.")
  var force = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if adapters.isEmpty { throw ValidationError("--adapter is needed: what is merged") }
    if force, out.hasSuffix(".gguf") {
      throw ValidationError("--force is of folders; a file is replaced without it")
    }
  }

  func run() throws {
    let path = try ModelStore.standard().resolve(model)
    for adapter in adapters { InputRecord.add(adapter.path) }
    guard let family = try Families.family(of: path) as? TransformerFamily else {
      throw AIGCError.usage("\(path): --adapter is of transformers, such as gpt2")
    }
    var options = MergeOptions()
    (options.type, options.quantizedType) = (type?.scalarType, type?.quantizedType)
    options.force = force
    try family.merge(path, with: adapters, to: out, options: options)
    let answer = Answer.ofFinishedWork()
    try common.json
      ? answer.write(json: [.init("model", .string(out))]) : answer.write("\(out)\n")
    try answer.finish()
  }
}

extension Merge.Form {
  var scalarType: ScalarType? { StorageType(rawValue: rawValue)?.scalarType }
  var quantizedType: QuantizedType? {
    scalarType == nil ? WeightType(rawValue: rawValue)?.quantizedType : nil
  }
}

/// "FILE" or "FILE:SCALE".
extension AdapterChoice: ExpressibleByArgument {
  public init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    self.init(argument)
    guard let colon = argument.lastIndex(of: ":"), colon > argument.startIndex,
      let scale = Float(argument[argument.index(after: colon)...]), scale.isFinite
    else { return }
    self.init(String(argument[..<colon]), scale: scale)
  }
}
