import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// RNN, GRU and LSTM language models from text to text.
@Suite(.serialized) struct RecurrentTests {
  /// A small model, trained for a moment.
  private func recipe(
    _ folder: TemporaryFolder, _ kind: RecurrentKind, tokens: TokenizerKind = .char,
    text: String? = nil, steps: Int = 12
  ) throws -> RecurrentRecipe {
    let text = try text ?? String(corpus().prefix(6000))
    var recipe = RecurrentRecipe(kind)
    recipe.settings.texts = [try folder.write("text-\(kind).txt", text)]
    recipe.settings.model.tokens = tokens
    recipe.settings.model.hidden = 24
    recipe.settings.model.embedding = 16
    recipe.settings.model.context = 16
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 8
    recipe.run.trainer.evalEvery = 6
    recipe.run.trainer.seed = 3
    recipe.run.trainer.schedule.peak = 1e-2
    return recipe
  }

  @Test(arguments: RecurrentKind.allCases) func learns(_ kind: RecurrentKind) throws {
    let folder = try TemporaryFolder()
    let recipe = try recipe(folder, kind, steps: 40)
    let summary = try recipe.train(to: folder.file("model")).summary
    let model = try RecurrentLanguageModel(folder: folder.file("model"))
    // Far below a guess among all characters.
    let guess = log(Tensor(Float(model.vocabularySize))).item
    #expect(try #require(summary.bestValidationLoss) < Double(guess) * 0.85)
    #expect(model.configuration.trainingTokens == summary.items)
  }

  @Test(arguments: RecurrentKind.allCases)
  func sessionsFollowTheSequence(_ kind: RecurrentKind) throws {
    let folder = try TemporaryFolder()
    let recipe = try recipe(folder, kind, steps: 2)
    _ = try recipe.train(to: folder.file("model"))
    let model = try RecurrentLanguageModel(folder: folder.file("model"))
    let tokens = try model.encode("the cat sees it")
    let scores = try model.logProbabilities(tokens)
    var session = model.makeSession()
    for (index, token) in tokens.enumerated() {
      if index > 0 {
        var logits: [Float] = []
        session.scores(into: &logits)
        let own = logSoftmax(Tensor(logits, [1, logits.count])).values[Int(token)]
        #expect(abs(own - (scores[index] ?? 0)) < 2e-5)
        #expect(session.score(of: token) == logits[Int(token)])
      } else {
        #expect(scores[0] == nil)
      }
      session.append(token)
    }
  }

  @Test func sameSeedSameBytesForAnyThreads() throws {
    let folder = try TemporaryFolder()
    let threads = Threads.count
    defer { Threads.count = threads }
    var results: [[UInt8]] = []
    var texts: [[UInt8]] = []
    for count in 1...3 {
      Threads.count = count
      var recipe = try recipe(folder, .lstm, steps: 6)
      recipe.settings.model.hidden = 130
      _ = try recipe.train(to: folder.file("model-\(count)"))
      results.append(try bytes(folder.file("model-\(count)/\(RecurrentFolder.weights)")))
      let model = try RecurrentLanguageModel(folder: folder.file("model-\(count)"))
      var options = GenerationOptions()
      options.maxTokens = 40
      options.num = 3
      options.seed = 9
      texts.append(
        try TextGenerator(model: model, options: options).run { _ in }.flatMap { $0.bytes })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
    #expect(texts[0] == texts[1] && texts[0] == texts[2])
  }

  @Test func resumingEqualsNotStopping() throws {
    let folder = try TemporaryFolder()
    var whole = try recipe(folder, .lstm, steps: 12)
    whole.settings.model.dropout = 0.3
    whole.run.trainer.schedule.shape = .constant
    let resumed = try expectResumes(
      whole, at: 6, files: [RecurrentFolder.weights, Trainer.stateFileName], in: folder)
    // Other data is another run.
    whole.settings.texts = [try folder.write("other.txt", String(corpus().prefix(3000)))]
    refuses([.mismatch]) { _ = try whole.resume(in: resumed.path) }
  }

  @Test func evaluationSumsScores() throws {
    let folder = try TemporaryFolder()
    let recipe = try recipe(folder, .gru, tokens: .auto)
    _ = try recipe.train(to: folder.file("model"))
    let model = try RecurrentLanguageModel(folder: folder.file("model"))
    let text = try Table(Array("the cat sees the zzyx .\nthe dog\n".utf8))
    let scores = try model.score(text, name: "text")
    let total = scores.reduce(0.0) { $0 + Double($1.logProbability ?? 0) }
    let result = try model.evaluate(text, name: "text")
    #expect(result.tokens == scores.count && result.tokens == 10)
    #expect(result.unknown == 1 && scores.filter { $0.isUnknown == true }.count == 1)
    let mean = log(Tensor(Float(result.perplexity))).item
    #expect(abs(Double(mean) + total / 10) < 1e-4)
    #expect(String(decoding: scores[6].bytes, as: UTF8.self) == "</s>")
  }

  @Test func articleModelLoadsStrictlyAndAgrees() throws {
    let folder = try TemporaryFolder()
    let fixtures = fixture("recurrent")
    let expected = try Checkpoint.open("\(fixtures)/article-logits.safetensors")
    let checkpoint = try Checkpoint.open("\(fixtures)/article.pth")
    let family = RecurrentFamily(.lstm)
    try family.importCheckpoint(checkpoint, options: ImportOptions(), to: folder.file("article"))
    let model = try RecurrentLanguageModel(folder: folder.file("article"))
    let tokens = try expected.tensor("tokens").integers().map { Int32($0) }
    let (output, _) = model.network.states(Indices(tokens, [tokens.count, 1]), nil, .inference)
    let logits = model.network.fc(output)
    let peer = try expected.tensor("logits").floats()
    let largest = peer.map { abs($0) }.max() ?? 0
    #expect(zip(logits.values, peer).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    // What is saved holds the class's keys and no other.
    let saved = try Checkpoint.open(folder.file("article/\(RecurrentFolder.weights)"))
    #expect(Set(saved.tensors.map { $0.name }) == Set(checkpoint.tensors.map { $0.name }))
    refuses([.mismatch, .badInput]) {
      try RecurrentFamily(.gru).importCheckpoint(
        checkpoint, options: ImportOptions(), to: folder.file("gru"))
    }
  }

  @Test func updatingAddsWords() throws {
    let folder = try TemporaryFolder()
    let recipe = try recipe(folder, .lstm, tokens: .word)
    _ = try recipe.train(to: folder.file("model"))
    let before = try RecurrentLanguageModel(folder: folder.file("model"))
    let more = try folder.write("more.txt", "the zebra sees the zebra .\n")
    var options = UpdateOptions()
    options.steps = 3
    try RecurrentFamily(.lstm).update(
      folder.file("model"), with: [more], to: folder.file("model"), options: options)
    let after = try RecurrentLanguageModel(folder: folder.file("model"))
    #expect(after.vocabularySize == before.vocabularySize + 1)
    #expect(try after.encode("zebra") != [after.tokenizer.unknownToken ?? -1])
    #expect(after.configuration.trainingTokens > before.configuration.trainingTokens)
  }

  @Test func damagedFoldersAreRefused() throws {
    let folder = try TemporaryFolder()
    let recipe = try recipe(folder, .lstm, steps: 1)
    _ = try recipe.train(to: folder.file("model"))
    let weights = try bytes(folder.file("model/\(RecurrentFolder.weights)"))
    func open() throws { _ = try RecurrentLanguageModel(folder: folder.file("model")) }
    try folder.write("model/\(RecurrentFolder.weights)", Array(weights.prefix(weights.count / 2)))
    refuses { try open() }
    try folder.write("model/\(RecurrentFolder.weights)", weights)
    for (key, value) in [
      ("\"hidden_size\" : 24", "\"hidden_size\" : 25"), ("\"layers\" : 2", "\"layers\" : 70"),
      ("\"hidden_size\" : 24", "\"hidden_size\" : -1"),
      ("\"hidden_size\" : 24", "\"hidden_size\" : 16777215"),
      ("\"lstm\"", "\"gru\""), ("\"vocabulary_size\" : ", "\"vocabulary_size\" : 1"),
    ] {
      try folder.expectRefusal(of: Damage(key, value)) { try open() }
    }
    try open()
    removeTree(folder.file("model/vocab.json"))
    refuses { try open() }
  }

  @Test func tiedWeightsAndHalfPrecision() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(folder, .lstm, steps: 4)
    recipe.settings.model.embedding = nil
    recipe.settings.model.isTied = true
    recipe.settings.model.storage = .f16
    _ = try recipe.train(to: folder.file("model"))
    let model = try RecurrentLanguageModel(folder: folder.file("model"))
    #expect(model.network.fc.weight === model.network.embedding.weight)
    let file = try Checkpoint.open(folder.file("model/\(RecurrentFolder.weights)"))
    #expect(file.tensors.allSatisfy { $0.type == .f16 })
    #expect(try model.evaluate(Table(Array("the cat".utf8)), name: "text").tokens == 6)
  }
}
