import Datasets
import FamilySupport
import Files
import FoundationEssentials
import Kernels
import TestSupport
import Testing

@testable import Families
@testable import Inference
@testable import Training

/// Text of GPT-2 beside that of transformers' `generate`.
@Suite struct GPT2GenerationTests {
  private struct Expected: Decodable {
    struct Options: Decodable {
      var maxNewTokens: Int
      var numBeams: Int
      var noRepeatNgramSize: Int?
      var lengthPenalty: Double?
    }
    struct Result: Decodable {
      var options: Options
      var end: Int32
      var ids: [Int32]
    }
    var prompt: String
    var promptIds: [Int32]
    var results: [Result]
    var firstLogprobs: [Double]
  }

  private func expected() throws -> Expected {
    let data = Data(try bytes("\(gpt2Fixture("generation"))/expected.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Expected.self, from: data)
  }

  private func model(context: Int? = nil) throws -> TransformerLanguageModel {
    var options = ModelLoadOptions()
    (options.context, options.cacheType) = (context, .f32)
    return try TransformerLanguageModel(path: gpt2Fixture("generation"), options: options)
  }

  @Test func promptAndFirstProbabilities() throws {
    let (model, expected) = (try model(), try expected())
    #expect(try model.encode(expected.prompt) == expected.promptIds)
    var options = GenerationOptions()
    options.prompt = expected.prompt
    options.maxTokens = 1
    options.logProbabilities = model.vocabularySize
    options.sampling.temperature = 0
    let sample = try TextGenerator(model: model, options: options).run { _ in }[0]
    let token = try #require(sample.logProbabilities?.first)
    #expect(token.alternatives.count == expected.firstLogprobs.count)
    for entry in token.alternatives {
      #expect(abs(entry.logProbability - expected.firstLogprobs[Int(entry.id)]) < 1e-4)
    }
  }

  @Test func greedyAndBeams() throws {
    let (model, expected) = (try model(), try expected())
    // Several cases end at the same place whatever the end token is: once is enough.
    for result in expected.results where result.end == 0 || result.ids.count < 200 {
      let options = result.options
      var sampling = SamplingConfiguration()
      sampling.noRepeatNgram = options.noRepeatNgramSize ?? 0
      var search = BeamSearch(
        model: model, beams: options.numBeams, lengthPenalty: options.lengthPenalty ?? 1,
        length: options.maxNewTokens, endTokens: [result.end],
        adjustments: ScoreAdjustments(
          sampling, banned: result.end == 0 ? [0] : [], vocabularySize: model.vocabularySize))
      // With one beam the search is greedy: it ends with the first text that is over.
      var session = model.makeSession()
      session.append(contentsOf: expected.promptIds)
      let found = search.run(expected.promptIds, session)[0].tokens
      #expect(found == result.ids, "\(options) end \(result.end)")
    }
  }

  @Test func greedyByTheGenerator() throws {
    let (model, expected) = (try model(), try expected())
    for result in expected.results where result.end == 0 && result.options.lengthPenalty == nil {
      var options = GenerationOptions()
      options.prompt = expected.prompt
      options.maxTokens = .max
      options.maxLength = expected.promptIds.count + result.options.maxNewTokens
      options.beams = result.options.numBeams
      options.lengthPenalty = result.options.lengthPenalty ?? 1
      options.sampling.noRepeatNgram = result.options.noRepeatNgramSize ?? 0
      options.sampling.temperature = 0
      options.ignoreEnd = true
      options.echo = true
      let sample = try TextGenerator(model: model, options: options).run { _ in }[0]
      #expect(sample.tokens == result.ids)
      #expect(sample.text.hasPrefix("the cat sees"))
    }
  }

  /// Several texts at once are those of one after the other.
  @Test func batchesAreSingleTexts() throws {
    let model = try model()
    var options = GenerationOptions()
    options.prompt = "the dog"
    options.maxTokens = 30
    options.num = 11
    options.seed = 4
    options.logProbabilities = 2
    options.sampling.topK = 0
    let generator = try TextGenerator(model: model, options: options)
    let batch = try generator.run { _ in }
    #expect(batch.count == 11 && Set(batch.map { $0.tokens }).count == 11)
    for index in [0, 5, 10] {
      let single = try generator.generate(index, generator.startedSession()) { _ in }
      #expect(single == batch[index])
    }
  }

  @Test func promptCachesChangeNothing() throws {
    let folder = try TemporaryFolder()
    let model = try model()
    var options = GenerationOptions()
    options.prompt = "the cat sees the dog . the cat"
    options.maxTokens = 20
    options.sampling.temperature = 0
    let plain = try TextGenerator(model: model, options: options).run { _ in }
    options.promptCache = folder.file("cache")
    for prompt in [options.prompt, options.prompt, options.prompt + " runs", options.prompt] {
      options.prompt = prompt
      let first = try TextGenerator(model: model, options: options).run { _ in }
      if prompt.hasSuffix("cat") { #expect(first == plain) }
      #expect(fileExists(folder.file("cache")))
    }
    try folder.write("cache", "no cache")
    refuses { _ = try TextGenerator(model: model, options: options) }
  }

  @Test func beyondTheContext() throws {
    let model = try model(context: 24)
    var options = GenerationOptions()
    options.maxTokens = 60
    options.ignoreEnd = true
    let sample = try TextGenerator(model: model, options: options).run { _ in }[0]
    #expect(sample.tokens.count == 60)
    options.prompt = String(repeating: "the cat ", count: 30)
    let text = refuses([.usage]) { _ = try TextGenerator(model: model, options: options) }
    #expect(text.contains("24"))
    refuses([.usage]) { _ = try self.model(context: 257) }
  }

  @Test func notANumberEndsTheText() throws {
    let folder = try TemporaryFolder()
    try TransformerFamily().convert(
      gpt2Fixture("generation"), to: folder.file("model"), options: ConversionOptions())
    var weights = try bytes(folder.file("model/model.safetensors"))
    // The last values are those of `wte.weight`, after `wpe.weight` in the order of names.
    for index in weights.count - 300 * 64..<weights.count - 200 * 64 { weights[index] = 0xFF }
    try folder.write("model/model.safetensors", weights)
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    for (num, beams) in [(1, 1), (2, 1), (1, 3)] {
      var options = GenerationOptions()
      options.prompt = "the cat"
      (options.num, options.beams) = (num, beams)
      options.maxTokens = 5
      let text = refuses([.badInput]) {
        _ = try TextGenerator(model: model, options: options).run { _ in }
      }
      #expect(text.contains("damaged weights") && text.contains("holds nan"), "\(text)")
    }
  }

  @Test func emptyPromptsBeginAText() throws {
    let model = try model()
    var (empty, marked): ([Float], [Float]) = ([], [])
    var session = model.makeSession()
    session.scores(into: &empty)
    session = model.makeSession()
    session.append(0)
    session.scores(into: &marked)
    #expect(empty == marked)
  }
}
