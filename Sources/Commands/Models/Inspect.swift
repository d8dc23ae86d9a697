import ArgumentParser
import Checkpoints
import Console
import Families
import Files
import Training

/// `aigc inspect MODEL`.
struct Inspect: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a model is (configuration, sizes, files) or what a file of tensors holds.")

  @Argument(
    help: "A model's name or path, or a file of PyTorch, safetensors or GGUF.", completion: .model)
  var model: String

  @OptionGroup var common: CommonOptions

  init() {}

  func run() throws {
    let path = try ModelStore.standard().resolve(model)
    let answer = try Answer(nil)
    if !families.contains(where: { $0.claims(path) }), Checkpoint.recognizes(path) {
      let report = CheckpointReport(checkpoint: try Checkpoint.open(path))
      return try report.write(to: answer, json: common.json)
    }
    let members = try describeModel(path) + family(of: path).inspect(path)
    if common.json {
      try answer.write(json: members)
    } else {
      try answer.write(membersText(members))
    }
  }
}

/// The lines every model has.
private func describeModel(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
  guard isFolder(path) else {
    let size = try MappedFile(path: path).count
    return [.init("path", .string(path)), .init("bytes", .int(size))]
  }
  let configuration = try ModelConfiguration.read(folder: path)
  var files: [JSONValue.Member] = []
  for name in folderContents(path) where !isFolder("\(path)/\(name)") {
    files.append(.init(name, .int(try MappedFile(path: "\(path)/\(name)").count)))
  }
  return [
    .init("path", .string(path)), .init("family", .string(configuration.family)),
    .init("kind", .string(configuration.kind)),
    .init("format_version", .int(configuration.formatVersion)),
    .init("description", JSONValue(configuration.description)),
    .init("files", .object(files)),
  ]
}
