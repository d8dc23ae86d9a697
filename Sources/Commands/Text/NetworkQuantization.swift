import Console
import Datasets
import Families
import Files
import Weights

/// `aigc quantize` of a network: what is written, measured and said.
struct NetworkQuantization {
  let path: String
  let out: String
  let eval: String?
  let force: Bool

  func run(
    _ family: any QuantizableFamily, _ type: QuantizedType?
  ) throws(AIGCError) -> QuantizeReport {
    guard let type else {
      throw .usage("--type is missing: what the weights become, one of \(WeightType.names)")
    }
    guard eval == nil || family is any TextFamily else {
      throw .usage(
        "--eval is of language models; 'aigc evaluate' measures \(path) and the new model on labelled texts"
      )
    }
    let text = try eval.map { (path) throws(AIGCError) in try readText(path: path) }
    let start = ContinuousClock.now
    let result = try family.quantize(path, to: out, type: type, force: force)
    let seconds = (.now - start) / .seconds(1)
    var report = describe(result, type, seconds)
    if let before = try family.generationSpeed(path), let after = try family.generationSpeed(out) {
      report.members += [
        .init("tokens_per_second_before", .double(before)),
        .init("tokens_per_second", .double(after)),
      ]
      report.text += line(
        "speed", "\(Format.fixed(before, 1)) → \(Format.fixed(after, 1)) tokens/s")
    }
    if let text, let eval,
      let loss = try family.compare(path, with: out, on: text, name: eval)
    {
      describe(loss, in: &report)
    }
    return report
  }

  private func line(_ name: String, _ text: String) -> String {
    "\(name)\(String(repeating: " ", count: max(1, 12 - name.utf8.count)))\(text)\n"
  }

  private func describe(
    _ result: QuantizedModel, _ type: QuantizedType, _ seconds: Double
  ) -> QuantizeReport {
    var report = QuantizeReport(
      members: [
        .init("model", .string(out)), .init("type", .string(type.rawValue)),
        .init("bytes_before", .int(result.bytesBefore)), .init("bytes", .int(result.bytesAfter)),
        .init("types", .object(result.types.map { .init($0.name, .int($0.count)) })),
        .init(
          "fallbacks",
          .array(
            result.fallbacks.map {
              ["name": .string($0.name), "wanted": .string($0.wanted), "type": .string($0.type)]
            })), .init("seconds", .double(seconds)),
      ], text: "")
    report.text = line(
      "size", "\(Format.byteCount(result.bytesBefore)) → \(Format.byteCount(result.bytesAfter))")
    report.text += line(
      "tensors", result.types.map { "\($0.count) \($0.name)" }.joined(separator: ", "))
    for (wanted, type) in Set(result.fallbacks.map { [$0.wanted, $0.type] }).sorted(by: {
      $0.joined() < $1.joined()
    }).map({ ($0[0], $0[1]) }) {
      let names = result.fallbacks.filter { $0.wanted == wanted && $0.type == type }.map { $0.name }
      let more = names.count > 3 ? " and \(names.count - 3) more" : ""
      report.text += line(
        "fell back",
        "\(names.prefix(3).map { printable($0) }.joined(separator: ", "))\(more): \(type), as rows are no whole blocks of \(wanted)"
      )
    }
    report.text += line("time", "\(Format.fixed(seconds, 2)) s")
    return report
  }

  private func describe(_ loss: QuantizationComparison, in report: inout QuantizeReport) {
    report.members += [
      .init("tokens", .int(loss.tokens)), .init("perplexity_before", .double(loss.perplexity)),
      .init(
        "after",
        .array(
          loss.ways.map {
            [
              "activations": .string($0.activations), "perplexity": .double($0.perplexity),
              "divergence": JSONValue($0.divergence),
            ]
          })),
    ]
    report.text += line("evaluated", "\(counted(loss.tokens, "token")) of \(eval ?? "")")
    report.text += line("perplexity", "\(Format.fixed(loss.perplexity, 4)) before")
    for way in loss.ways {
      let divergence =
        way.divergence.map { ", divergence \(Format.fixed($0, 6)) nats a token" } ?? ""
      report.text += line(
        "",
        "\(Format.fixed(way.perplexity, 4)) after with \(way.activations) activations\(divergence)")
    }
  }
}
