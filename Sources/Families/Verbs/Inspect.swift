import ArgumentParser
import Checkpoints
import Console
import Files
import Training

/// `aigc inspect MODEL`.
public struct Inspect: ConsoleCommand {
  public static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a model is (configuration, sizes, files) or what a file of tensors holds.")

  @Argument(
    help: "A model's name or path, or a file of PyTorch or safetensors.", completion: .model)
  var model: String

  @OptionGroup public var common: CommonOptions

  public init() {}

  public func run() throws {
    let path = try ModelStore.standard().resolve(model)
    let answer = try Answer(nil)
    if !families.contains(where: { $0.claims(path) }), Checkpoint.recognizes(path) {
      let report = CheckpointReport(checkpoint: try Checkpoint.open(path))
      return try report.write(to: answer, json: common.json)
    }
    let members = try describeModel(path) + family(of: path).inspect(path)
    if common.json { try answer.write(json: members) } else { try answer.write(lines(members)) }
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

/// One member a line, objects indented below their name.
func lines(_ members: [JSONValue.Member], indentation: String = "") -> String {
  let width = members.reduce(0) { max($0, Format.columns($1.name)) }
  var text = ""
  for member in members where member.value != .null {
    let name = String(member.name.map { $0 == "_" && indentation.isEmpty ? " " : $0 })
    switch member.value {
    case .object(let inner):
      text += "\(indentation)\(name)\n" + lines(inner, indentation: indentation + "  ")
    case .string(let value): text += indentation + padded(name, width) + "  \(value)\n"
    default: text += indentation + padded(name, width) + "  \(member.value.text)\n"
    }
  }
  return text
}

/// `text` with spaces up to `width` columns of a terminal.
func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - Format.columns(text)))
}
