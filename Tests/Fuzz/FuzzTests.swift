import Datasets
import Files
import Glibc
import Kernels
import Testing
import Training

@testable import Families

/// Mutation fuzzing of every file reader. A run does a fixed number of mutations; with
/// AIGC_FUZZ_SECONDS each target goes on for so long, with AIGC_FUZZ_SEED from another seed. The
/// input of a trap stays in the folder that is printed first.
@Suite(.serialized) struct FuzzTests {
  enum Target: String, CaseIterable, Sendable {
    case arpa, model, modelRepaired, counts, countsRepaired, configuration, gzip
    case bpe, tokenizer
    case gpt2, promptCache, ggufModel, encoder, wordPiece, adapter, rows
    case safetensors, pth, pickle, gguf
    case csv, labelled, textClassifier, textNetwork
    case idx, archive, image
    case compressed, codePrior
    case gan, dcgan, classifier, cyclegan, stylegan
    case vae, vaegan, vaeTable, vqvae, vaeWeights
    case summarizer, articles
    case prompts, template
    case grammar, jsonSchema
    case agent, agentRun
  }

  @Test(arguments: Target.allCases) func fuzz(_ target: Target) throws {
    if let only = environment("AIGC_FUZZ_TARGET"), only != target.rawValue { return }
    let seconds = environment("AIGC_FUZZ_SECONDS").flatMap { Double($0) }
    let seed = environment("AIGC_FUZZ_SEED").flatMap { UInt64($0) } ?? 1
    let folder = "\(environment("TMPDIR") ?? "/tmp")/aigc-fuzz-\(getpid())-\(target.rawValue)"
    removeTree(folder)
    try makeFolder(folder)
    print("fuzz \(target.rawValue): inputs in \(folder)")
    let work = try target.work(folder: folder)
    var mutator = Mutator(seed: seed, dictionary: work.dictionary)
    let start = ContinuousClock.now
    var (executions, accepted, slowest) = (0, 0, 0.0)
    while seconds.map({ (ContinuousClock.now - start) / .seconds(1) < $0 }) ?? (executions < 150) {
      let before = ContinuousClock.now
      do {
        try work.write(mutator.mutate(work.seeds))
        try work.run()
        accepted += 1
      } catch let error as AIGCError {
        if !work.codes.contains(error.code) || error.description.contains("\n") {
          Issue.record("\(target.rawValue), execution \(executions): \(error.code) \(error)")
          try work.keep(executions)
        }
      }
      slowest = max(slowest, (ContinuousClock.now - before) / .seconds(1))
      executions += 1
    }
    print(
      "fuzz \(target.rawValue): \(executions) executions, \(accepted) accepted, slowest \(slowest) s"
    )
    #expect(slowest < 20)
    removeTree(folder)
  }
}

/// What a target does with its inputs.
protocol FuzzSubject {
  /// Sound inputs.
  var seeds: [[UInt8]] { get }
  /// Pieces that mean something in the format.
  var dictionary: [String] { get }
  /// With what a damaged input may be refused.
  var codes: Set<AIGCError.Code> { get }
  /// Puts an input in its place.
  func write(_ input: [UInt8]) throws
  /// Reads it and does all that can be done with what it holds.
  func run() throws
  /// Copies the last input beside the folder.
  func keep(_ execution: Int) throws
}

extension FuzzTests.Target {
  func work(folder: String) throws -> any FuzzSubject {
    switch self {
    case .ggufModel: try GGUFModelFuzz(folder: folder)
    case .encoder, .wordPiece: try EncoderFuzz(self, folder: folder)
    case .adapter, .rows: try AdapterFuzz(self, folder: folder)
    case .safetensors, .pth, .pickle, .gguf: try CheckpointFuzz(self, folder: folder)
    case .tokenizer: try TokenizerFuzz(folder: folder)
    case .gpt2, .promptCache: try GPT2Fuzz(self, folder: folder)
    case .labelled, .textClassifier, .textNetwork: try TextClassifierFuzz(self, folder: folder)
    case .idx, .archive, .image: try ImageFuzz(self, folder: folder)
    case .compressed, .codePrior: try LatentFuzz(self, folder: folder)
    case .gan, .dcgan, .classifier, .cyclegan, .stylegan, .vae, .vaegan, .vaeTable, .vqvae,
      .vaeWeights:
      try ImageModelFuzz(self, folder: folder)
    case .summarizer, .articles: try SummaryFuzz(self, folder: folder)
    case .agent, .agentRun: try AgentFuzz(self, folder: folder)
    case .prompts: PromptFuzz(folder: folder)
    case .template: try TemplateFuzz(folder: folder)
    case .grammar, .jsonSchema: ConstraintFuzz(self, folder: folder)
    default: try FuzzWork(self, folder: folder)
    }
  }
}

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
