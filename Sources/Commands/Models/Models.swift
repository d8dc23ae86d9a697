import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc models`.
struct Models: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the models that can be named.")

  @OptionGroup var common: CommonOptions

  init() {}

  func run() throws {
    let models = ModelStore.standard().models()
    let answer = try Answer(nil)
    if common.json {
      try answer.write(json: [.init("models", .array(models.map { $0.json }))])
    } else {
      try answer.write(table(models.map { $0.row }))
    }
    if models.isEmpty { Diagnostics.note("no models yet: train one with 'aigc train'") }
  }
}

extension StoredModel {
  var json: JSONValue {
    .object([
      .init("name", .string(name)), .init("family", .string(configuration.family)),
      .init("kind", .string(configuration.kind)), .init("place", .string(place.rawValue)),
      .init("path", .string(path)), .init("bytes", .int(byteCount)),
      .init("description", JSONValue(configuration.description)),
    ])
  }

  var row: [String] {
    [
      name, configuration.family, place.rawValue, Format.byteCount(byteCount),
      configuration.description ?? "",
    ]
  }
}
