import Autograd
import Datasets
import FamilySupport
import Files
import Inference
import TestSupport
import Testing
import Training

@testable import Families

/// Students that learn from teachers: with one tokenizer, and with two.
@Suite(.serialized) struct DistillationTests {
  private static let end = "<|endoftext|>"
  private let folder: TemporaryFolder
  private let text: String

  init() throws {
    folder = try TemporaryFolder()
    let stories = ["the cat sees a dog. it runs.", "a dog sleeps.", "the bird sings to the cat."]
    text = try folder.write(
      "a.txt", (0..<40).map { stories[$0 % 3] + Self.end }.joined())
  }

  /// A tiny model of BPE tokens.
  private func model(
    _ name: String, _ kind: TransformerKind, vocabulary: Int = 270, steps: Int = 2
  ) throws -> String {
    var recipe = TransformerRecipe(kind, texts: [text])
    (recipe.settings.model.layers, recipe.settings.model.heads) = (1, 2)
    (recipe.settings.model.width, recipe.settings.model.context) = (16, 16)
    (recipe.settings.model.tokens, recipe.settings.model.vocabularySize) = (.bpe, vocabulary)
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 4
    (recipe.run.trainer.schedule.peak, recipe.run.trainer.schedule.warmup) = (1e-2, 0)
    _ = try recipe.train(to: folder.file(name))
    return folder.file(name)
  }

  private func recipe(_ student: String, _ teacher: String) throws -> DistillationRecipe {
    var recipe = try DistillationRecipe(
      student: student, teacher: teacher, texts: [text], cache: folder.file("cache"))
    recipe.settings.context = 8
    recipe.run.trainer.steps = 6
    (recipe.run.trainer.batchSize, recipe.run.trainer.saveEvery) = (3, 2)
    recipe.run.trainer.schedule.shape = .constant
    return recipe
  }

  private func notes(_ recipe: DistillationRecipe, to path: String) throws -> [String] {
    var notes: [String] = []
    _ = try recipe.train(to: path) { if case .note(let text) = $0 { notes.append(text) } }
    return notes
  }

  /// A teacher that is the student says what the student says: nothing is to be learned.
  @Test func nothingFromItself() throws {
    let student = try model("student", .gpt2)
    var recipe = try recipe(student, student)
    (recipe.settings.kdRatio, recipe.settings.kdTopK) = (1, 5)
    recipe.settings.kdTemperature = 2
    recipe.run.trainer.steps = 1
    let loss = try #require(try recipe.train(to: folder.file("run")).summary.loss)
    #expect(abs(loss) < 1e-4, "\(loss)")
  }

  /// The divergence from a teacher that has learned more becomes smaller.
  @Test func divergenceFalls() throws {
    let teacher = try model("teacher", .llama, steps: 60)
    var recipe = try recipe(try model("student", .gpt2), teacher)
    (recipe.settings.kdRatio, recipe.run.trainer.steps) = (1, 1)
    let first = try #require(try recipe.train(to: folder.file("first")).summary.loss)
    recipe.run.trainer.steps = 60
    recipe.run.trainer.schedule.peak = 1e-2
    let last = try #require(try recipe.train(to: folder.file("last")).summary.loss)
    #expect(last < first * 0.6, "\(first) → \(last)")
  }

  @Test func resumes() throws {
    let (student, teacher) = (try model("student", .gpt2), try model("teacher", .llama))
    try expectResumes(
      recipe(student, teacher), at: 2, files: [TransformerWeights.file, "config.json"], in: folder)
    // Another run finds all that the teacher has said, and is told otherwise where it is not the same.
    #expect(
      !(try notes(recipe(student, teacher), to: folder.file("other")).contains {
        $0.contains("has read")
      }))
    var other = try recipe(student, teacher)
    other.settings.kdTopK = 3
    #expect(try notes(other, to: folder.file("third")).contains { $0.contains("has read") })
  }

  @Test func resumesWithTexts() throws {
    let student = try model("student", .gpt2)
    var recipe = try recipe(student, try model("teacher", .llama, vocabulary: 280))
    (recipe.settings.samples, recipe.settings.maxTokens) = (10, 12)
    try expectResumes(recipe, at: 2, files: [TransformerWeights.file], in: folder)
    let lines = try String(decoding: bytes(folder.file("cache/samples.jsonl")), as: UTF8.self)
    #expect(lines.split(separator: "\n").count == 10)
    #expect(!lines.contains(Self.end))
  }

  /// Probabilities of other tokens are refused, and so is learning nothing of the teacher.
  @Test func otherTokens() throws {
    let student = try model("student", .gpt2)
    var recipe = try recipe(student, try model("teacher", .llama, vocabulary: 280))
    recipe.settings.samples = 0
    let line = refuses([.usage]) { _ = try recipe.train(to: folder.file("run")) }
    #expect(line.contains("its tokens are not the student's"))
    (recipe.settings.samples, recipe.settings.kdRatio) = (5, 0.5)
    refuses([.usage]) { _ = try recipe.train(to: folder.file("run")) }
    #expect(!fileExists(folder.file("run")))
  }

  // MARK: The cache

  private func samples(_ recipe: DistillationRecipe) throws -> [UInt8] {
    _ = try recipe.train(
      to: folder.file("run-\(recipe.settings.samples ?? 0)-\(recipe.cache.count)"))
    return try bytes("\(recipe.cache)/samples.jsonl")
  }

  /// A teacher that was stopped in the midst goes on as if it never had been.
  @Test func textsGoOn() throws {
    let student = try model("student", .gpt2)
    var recipe = try recipe(student, try model("teacher", .llama, vocabulary: 280))
    (recipe.settings.samples, recipe.run.trainer.steps) = (70, 1)
    recipe.settings.maxTokens = 12
    let whole = try samples(recipe)
    recipe.cache = folder.file("another")
    recipe.settings.samples = 5
    let part = try samples(recipe)
    #expect(whole.starts(with: part))
    // The last line is cut, as a killed process leaves it.
    try folder.write("another/samples.jsonl", Array(part.dropLast(7)))
    recipe.settings.samples = 70
    recipe.run.trainer.seed = 5
    #expect(try samples(recipe) == whole)
  }

  @Test func othersAreRefused() throws {
    let student = try model("student", .gpt2)
    var recipe = try recipe(student, try model("teacher", .llama, vocabulary: 280))
    (recipe.settings.samples, recipe.run.trainer.steps) = (3, 1)
    _ = try samples(recipe)
    recipe.settings.temperature = 0.5
    let line = refuses([.mismatch]) { _ = try recipe.train(to: folder.file("run")) }
    #expect(line.contains("of other settings"))
    recipe.settings.temperature = 1
    try folder.write("cache/samples.jsonl", "{\"text\":\"a\",\"score\":true,\"ended\":true}\n")
    #expect(
      refuses { _ = try recipe.train(to: folder.file("run")) }.contains("line 1: damaged"))
    try folder.write("cache/samples.json", "{\"teacher\":")
    #expect(
      refuses { _ = try recipe.train(to: folder.file("run")) }.contains("samples.json: damaged"))
  }

  /// Ids out of range and numbers that are no probabilities are found before they are learned.
  @Test(arguments: [[0xFF, 0xFF, 0, 0], [0, 0, 0, 0x80], []] as [[UInt8]])
  func damagedScores(_ damage: [UInt8]) throws {
    let recipe = try recipe(try model("student", .gpt2), try model("teacher", .llama))
    _ = try recipe.train(to: folder.file("run"))
    var file = try bytes(folder.file("cache/scores-0.bin"))
    if damage.isEmpty { file.removeLast() } else { file.replaceSubrange(0..<4, with: damage) }
    try folder.write("cache/scores-0.bin", file)
    #expect(refuses { _ = try recipe.train(to: folder.file("again")) }.contains("scores-0.bin"))
  }

  // MARK: Parts

  @Test func chosenTexts() {
    func sample(_ text: String, _ score: Double, _ isEnded: Bool = true) -> TeacherSample {
      TeacherSample(text: text, score: score, isEnded: isEnded)
    }
    let all = [
      sample("a", -1), sample("b", -3), sample("cut", -0.5, false), sample("a", -1), sample("", 0),
      sample("c", -2), sample("d", -1),
    ]
    #expect(TeacherSample.chosen(all, share: 1).map { $0.text } == ["a", "b", "c", "d"])
    #expect(TeacherSample.chosen(all, share: 0.5).map { $0.text } == ["a", "d"])
    // Models without an end write to the limit.
    #expect(TeacherSample.chosen([all[2]], share: 0.1).map { $0.text } == ["cut"])
  }

  @Test func beginnings() throws {
    let path = try model("student", .gpt2)
    let teacher = try TransformerLanguageModel(folder: path)
    let files = [Table<UInt8>](repeating: try Table(bytes(text)), count: 1)
    let documents = Documents(files, end: Self.end)
    let mark = try #require(teacher.endToken)
    let prompts = try documents.prompts(teacher, tokens: 3, share: 0.5)
    #expect(prompts.count == 20)
    #expect(prompts[1] == [mark] + (try teacher.encode("a dog sleeps.")).prefix(3))
    #expect(try documents.prompts(teacher, tokens: 0, share: 1) == [[mark]])
    // Without marks texts stand between empty lines.
    let plain = Documents([try Table(Array("one\ntwo\n\n\nthree".utf8))], end: Self.end)
    let beginnings = try plain.prompts(teacher, tokens: 100, share: 1)
    #expect(beginnings == [try teacher.encode("one\ntwo"), try teacher.encode("three")])
  }
}
