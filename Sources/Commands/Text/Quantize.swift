import ArgumentParser
import Checkpoints
import Console
import Datasets
import Families
import Files
import Training

/// `aigc quantize MODEL OUT`.
struct Quantize: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store a model's weights, or its probabilities, in few bits.",
    discussion: """
      Transformers (a folder or a .gguf file) become a .gguf file that llama.cpp reads too: --type says how most \
      matrices are stored, the rest follows the rules of llama-quantize. f16 and bf16 lose nothing that matters; \
      q8_0 has 8 bits a weight, q4_k is the best of 4 bits, and q4_0 the fastest.
      Recurrent networks and classifiers of texts become a folder with smaller weights, which are 32-bit values \
      again when it is opened. N-gram models become a folder with probabilities in 8 bits.
      With --eval the loss on a text is measured: the perplexity before and after, and the mean divergence \
      (Kullback-Leibler) of the next token's probabilities.
      """)

  @Argument(help: "A model's name or path.", completion: .model)
  var model: String
  @Argument(
    help: "The quantised model: a .gguf file for transformers, else a folder.",
    completion: .file())
  var out: String
  @Option(
    help:
      "What most matrices of a network become; networks need it (n-gram models: 8 bits by default)."
  )
  var type: WeightType?
  @Option(help: "Text on which the loss is measured.", completion: .file())
  var eval: String?
  @Flag(help: "Replace the model folder at OUT.")
  var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    if let eval { InputRecord.add(eval) }
    let path = try ModelStore.standard().resolve(model)
    let report =
      if let family = try family(path) as? any QuantizableFamily {
        try NetworkQuantization(path: path, out: out, eval: eval, force: force).run(
          family, type?.quantizedType)
      } else {
        try probabilities()
      }
    let answer = Answer.ofFinishedWork()
    try common.json ? answer.write(json: report.members) : answer.write(report.text)
    try answer.finish()
  }

  /// The model's family; nil where no family says that it is its own: ARPA files may have any name.
  private func family(_ path: String) throws(AIGCError) -> (any Family)? {
    var isNamed = isFolder(path)
    if !isNamed { isNamed = try GGUFFile.recognizes(path) }
    if isNamed { return try Families.family(of: path) }
    return try? Families.family(of: path)
  }

  // MARK: N-gram models

  private func probabilities() throws(AIGCError) -> QuantizeReport {
    guard type == nil else {
      throw .usage("--type is of networks; the probabilities of n-gram models get 8 bits")
    }
    let (source, before) = try NGramFamily().openNamed(model)
    let path = try RunFolder.path(family: "ngram", data: source, out: out, force: force)
    let folder = try OutputFolder(path: path)
    try before.write(to: folder, isQuantized: true)
    return try report(before, source, path)
  }

  private func report(
    _ before: NGramLanguageModel, _ source: String, _ path: String
  ) throws(AIGCError) -> QuantizeReport {
    let binary = isFolder(source) ? "\(source)/\(NGramFamily.modelFile)" : source
    let quantized = "\(path)/\(NGramFamily.modelFile)"
    let sizes = (try MappedFile(path: binary).count, try MappedFile(path: quantized).count)
    let members: [JSONValue.Member] = [
      .init("model", .string(path)), .init("bytes_before", .int(sizes.0)),
      .init("bytes", .int(sizes.1)),
    ]
    guard let eval else {
      let text = "size        \(Format.byteCount(sizes.0)) → \(Format.byteCount(sizes.1))\n"
      return QuantizeReport(members: members, text: text)
    }
    let held = try readText(path: eval)
    let report = QuantizationReport(
      bytesBefore: sizes.0, bytesAfter: sizes.1,
      perplexityBefore: try before.evaluate(held, name: eval).perplexity,
      perplexityAfter: try NGramLanguageModel(folder: path).evaluate(held, name: eval).perplexity,
      text: eval)
    let measured: [JSONValue.Member] = [
      .init("perplexity_before", .double(report.perplexityBefore)),
      .init("perplexity", .double(report.perplexityAfter)),
    ]
    return QuantizeReport(members: members + measured, text: report.description + "\n")
  }
}

/// What `aigc quantize` says, for programs and for people.
struct QuantizeReport {
  var members: [JSONValue.Member]
  var text: String
}
