import Datasets
import FamilySupport
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// One loaded model serves many requests at once, and each gets the bytes that it would get alone.
@Suite(.serialized) struct ConcurrencyTests {
  private static let requests = 160

  /// Calls `answer` for all requests at once, and compares with one after the other.
  private func expectSame<Answer: Equatable & Sendable>(
    _ answer: @escaping @Sendable (Int) throws -> Answer
  ) async throws {
    let alone = try (0..<8).map { try answer($0) }
    let found = try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      for request in 0..<Self.requests {
        group.addTask { (request, try answer(request % 8)) }
      }
      var found: [(Int, Answer)] = []
      for try await one in group { found.append(one) }
      return found
    }
    #expect(found.count == Self.requests)
    #expect(found.allSatisfy { $0.1 == alone[$0.0 % 8] })
  }

  @Test func imagesOfAGAN() async throws {
    let folder = try TemporaryFolder()
    _ = try smallGAN(.dcgan, folder, steps: 1).train(to: folder.file("model"))
    let model = try GANModel(folder: folder.file("model"))
    try await expectSame { try model.images(ImageRequest(seeds: [UInt64($0), 7])) }
  }

  @Test func imagesOfAutoencoders() async throws {
    let folder = try TemporaryFolder()
    _ = try smallVAE(.vae, folder, steps: 1).train(to: folder.file("vae"))
    _ = try smallVQVAE(folder, steps: 1).train(to: folder.file("vqvae"))
    let (vae, vqvae) = (
      try VAEModel(folder: folder.file("vae")), try VQVAEModel(folder: folder.file("vqvae"))
    )
    try await expectSame { try vae.images(ImageRequest(seeds: [UInt64($0)])) }
    try await expectSame { try vqvae.images(ImageRequest(seeds: [UInt64($0)])) }
  }

  private func expectSameTexts(_ model: any LanguageModel) async throws {
    try await expectSame { request in
      var options = GenerationOptions()
      (options.maxTokens, options.seed) = (12, .fixed(UInt64(request)))
      (options.prompt, options.num) = (request % 2 == 0 ? "the " : "", 1 + request % 3)
      let generator = try TextGenerator(model: model, options: options)
      return try generator.run { _ in }.map { $0.bytes }
    }
  }

  @Test func textsOfLanguageModels() async throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("text.txt", String(corpus().prefix(6000)))
    var gpt2 = TransformerRecipe(texts: [text])
    (gpt2.settings.model.layers, gpt2.settings.model.width) = (1, 16)
    (gpt2.run.trainer.steps, gpt2.run.trainer.batchSize) = (2, 4)
    _ = try gpt2.train(to: folder.file("gpt2"))
    var lstm = RecurrentRecipe(.lstm, texts: [text])
    (lstm.settings.model.hidden, lstm.settings.model.context) = (16, 8)
    (lstm.run.trainer.steps, lstm.run.trainer.batchSize) = (2, 4)
    _ = try lstm.train(to: folder.file("lstm"))
    var ngram = NGramTrainer()
    ngram.texts = [text]
    try ngram.train(to: folder.file("ngram"))
    for name in ["gpt2", "lstm", "ngram"] {
      try await expectSameTexts(textFamily(of: folder.file(name)).load(folder.file(name)))
    }
  }

  /// Two runs in one process do not share temporary names.
  @Test func runsBesideEachOther() async throws {
    let folder = try TemporaryFolder()
    let recipe = try smallGAN(.gan, folder, steps: 3)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask { _ = try recipe.train(to: folder.file("model-\(index)")) }
      }
      try await group.waitForAll()
    }
    let first = try bytes(folder.file("model-0/\(GANFolder.generator)"))
    for index in 1..<4 {
      #expect(try bytes(folder.file("model-\(index)/\(GANFolder.generator)")) == first)
    }
  }

  @Test func textsAsStreams() async throws {
    let folder = try TemporaryFolder()
    var trainer = NGramTrainer()
    trainer.texts = [try folder.write("text.txt", String(corpus().prefix(6000)))]
    try trainer.train(to: folder.file("model"))
    let model = try NGramLanguageModel(folder: folder.file("model"))
    var options = GenerationOptions()
    (options.maxTokens, options.seed) = (30, 7)
    let generator = try TextGenerator(model: model, options: options)
    var streamed: [UInt8] = []
    for try await piece in generator.stream() { streamed += piece.bytes }
    #expect(streamed == (try generator.run { _ in }.flatMap { $0.bytes }))
    // A loop that is left ends the generation, however long it would take.
    options.maxTokens = 100_000_000
    options.seed = .random
    var pieces = 0
    for try await _ in try TextGenerator(model: model, options: options).stream() {
      pieces += 1
      if pieces == 5 { break }
    }
    #expect(pieces == 5)
  }

  /// Texts that join and leave have the scores that they have alone.
  @Test func textsJoinAndLeave() throws {
    let folder = try TemporaryFolder()
    var recipe = TransformerRecipe(texts: [
      try folder.write("text.txt", String(corpus().prefix(6000)))
    ])
    (recipe.settings.model.layers, recipe.settings.model.width) = (2, 16)
    (recipe.run.trainer.steps, recipe.run.trainer.batchSize) = (2, 4)
    _ = try recipe.train(to: folder.file("model"))
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    var group = SessionGroup(model)
    // Each text beside the group, read alone.
    var alone: [SessionGroup.Member: any GenerationSession] = [:]
    var members: [SessionGroup.Member] = []
    var random = RandomSource(seed: 1)
    for round in 0..<30 {
      if round % 3 == 0 {
        let prompt = (0...round % 5).map { _ in Int32(random.integer(below: 40)) }
        let member = group.join(prompt)
        members.append(member)
        var session = model.makeSession()
        session.append(contentsOf: prompt)
        alone[member] = session
      }
      if round % 7 == 6 {
        let gone = members.remove(at: members.count / 2)
        alone[gone] = nil
        #expect(group.leave(gone) != nil && group.leave(gone) == nil)
        #expect(throws: AIGCError.self) { try group.append(1, to: gone) }
      }
      for (member, scores) in try group.step() {
        var session = try #require(alone[member])
        var expected: [Float] = []
        session.scores(into: &expected)
        #expect(scores == expected, "round \(round)")
        let token = Int32(random.integer(below: 40))
        try group.append(token, to: member)
        session.append(token)
        alone[member] = session
      }
      #expect(group.count == members.count)
    }
  }
}
