import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc interpolate A B`.
struct Interpolate: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Mix n-gram models into one, with weights fitted on held-out text.")

  @Argument(help: "Two models or more: names, paths or ARPA files.", completion: .model)
  var models: [String]
  @Option(help: "Held-out text that the weights are fitted on.", completion: .file())
  var tune: String?
  @Option(help: "The weights themselves: 0.7,0.3.")
  var weights: String?
  @Option(name: .shortAndLong, help: "Folder of the mixture (default runs/ngram-mixture).")
  var out: String?
  @Flag(help: "Replace the model at --out.")
  var force = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if models.count < 2 { throw ValidationError("two models or more are needed") }
    if (tune == nil) == (weights == nil) { throw ValidationError("--tune FILE or --weights a,b") }
    if weights != nil { _ = try givenWeights() }
  }

  func run() throws {
    for path in models + [tune].compactMap({ $0 }) { InputRecord.add(path) }
    let path = try RunFolder.path(family: "ngram", data: "mixture", out: out, force: force)
    let folder = try OutputFolder(path: path)
    let parts = try models.map { try NGramFamily().openNamed($0).1 }
    let mixture = try NGramMixture(parts)
    let fitted = try tune.map { try mixture.fit(on: readText(path: $0), name: $0) }
    let shares = try fitted?.weights ?? givenWeights()
    try mixture.merge(weights: shares).write(to: folder)
    note(shares, fitted)
    try report(path, shares, fitted)
  }

  private func note(_ shares: [Double], _ fitted: NGramMixture.Fit?) {
    for (name, share) in zip(models, shares) {
      Diagnostics.note("\(Format.fixed(share, 4))  \(name)")
    }
    if let fitted {
      let single = fitted.perplexities.map { Format.fixed($0, 2) }.joined(separator: ", ")
      Diagnostics.note(
        "perplexity on the words of \(tune ?? "-") that all models know: \(single) → "
          + Format.fixed(fitted.mixture, 2))
    }
  }

  private func report(
    _ path: String, _ shares: [Double], _ fitted: NGramMixture.Fit?
  ) throws {
    let answer = Answer.ofFinishedWork()
    if common.json {
      let parts = models.indices.map { index in
        JSONValue.object([
          .init("path", .string(models[index])), .init("weight", .double(shares[index])),
          .init("perplexity", fitted.map { .double($0.perplexities[index]) } ?? .null),
        ])
      }
      try answer.write(json: [
        .init("model", .string(path)),
        .init("perplexity", fitted.map { .double($0.mixture) } ?? .null),
        .init("models", .array(parts)),
      ])
    } else {
      try answer.write("\(path)\n")
    }
    try answer.finish()
  }

  private func givenWeights() throws -> [Double] {
    try mixtureWeights(weights ?? "", count: models.count)
  }
}
