import Checkpoints
import Datasets
import FamilySupport
import Files
import Inference
import TestSupport
import Testing
import Training

@testable import Families

private let model = fixture("gpt2/generation")

/// Trains a classifier on the states of a model, and returns it with what the run had to say.
private func transferred(
  _ backbone: String, prompt: String? = nil, in folder: borrowing TemporaryFolder,
  task: TextClassifierTaskKind = .sentiment
) throws -> (classifier: TextClassifier, notes: [String], accuracy: Double) {
  var recipe = recipe(try folder.write("a.tsv", sentences(120)), .transfer, task: task)
  (recipe.settings.backbone, recipe.settings.prompt) = (backbone, prompt)
  var notes: [String] = []
  let measures = try recipe.run(.new, in: folder.file("m")) {
    if case .note(let text) = $0 { notes.append(text) }
  }.measures
  return (
    try TextClassifier(folder: folder.file("m")), notes,
    try #require(measures).confusion.accuracy
  )
}

/// Whether what words add is together the difference to the empty text.
private func expectSums(
  _ classifier: TextClassifier, _ text: String, location: SourceLocation = #_sourceLocation
) throws {
  let texts = TextList([text, ""])
  let scores = try classifier.scores(texts)
  let sum = try classifier.explain(texts[0], label: 1).reduce(0) { $0 + $1.contribution }
  let difference = Double(scores[1] - scores[0] - scores[3] + scores[2])
  #expect(
    abs(sum - difference) < 0.01 * abs(difference) + 1e-4, "\(sum) \(difference)",
    sourceLocation: location)
}

@Suite struct TransferTests {
  /// Of a text in a prompt the mean over its own tokens and the last state are those of transformers, and so is what gives
  /// way where the context is too small.
  @Test func statesInPromptsAreTransformers() throws {
    let expected = try Checkpoint.open(fixture("gpt2/prompted.safetensors"))
    var states = try PooledStates(model)
    try states.read(in: "Say: {}\nIt is")
    let texts = TextList([
      "the dog sees a house , doesn't it ?", "好", "a bird .\n",
      String(repeating: "the old cat runs to the tree . ", count: 30),
    ])
    let found = try states.states(
      texts, [StatePlace(layer: 1, isLast: false), StatePlace(layer: 2, isLast: true)])
    for text in 0..<texts.count {
      for (name, values) in zip(["mean", "last"], found) {
        let peer = try expected.tensor("\(name).\(text)").floats()
        let own = values[text * 16..<(text + 1) * 16]
        let worst = zip(own, peer).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(worst < 1e-4, "\(name) of text \(text): \(worst)")
        #expect(peer.count == 16 && peer.contains { abs($0) > 0.1 })
      }
    }
  }

  /// A language model is asked in the words of the task, or in others.
  @Test func promptsAreKept() throws {
    let folder = try TemporaryFolder()
    let usual = try transferred(model, in: folder)
    #expect(usual.accuracy > 0.8)
    let backbone = try #require(usual.classifier.configuration.backbone)
    #expect(backbone.prompt == "Review: {}\nSentiment:" && backbone.lastLayer != nil)
    try expectSums(usual.classifier, "the film is lovely and new , or is it dull ?")
    try expectSums(usual.classifier, "lovely")
    try expectSums(usual.classifier, String(repeating: "the story is good . ", count: 25))
    let text = TextList(["the film is lovely and new"])
    let other = try TemporaryFolder()
    let asked = try transferred(model, prompt: "{} It is", in: other, task: .labels)
    #expect(asked.classifier.configuration.backbone?.prompt == "{} It is")
    #expect(try asked.classifier.scores(text) != usual.classifier.scores(text))
    #expect(try TextClassifierFamily().inspect(other.file("m")).contains { $0.name == "prompt" })
  }

  /// A model without the prompt's characters reads texts alone, unless it was asked to.
  @Test func promptsThatAreNoTextOfTheModel() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(
      "t.txt", sentences(200).replacing("\tpos", with: "").replacing("\tneg", with: ""))
    var language = RecurrentRecipe(.lstm)
    language.settings.texts = [text]
    language.settings.model.hidden = 16
    language.run.trainer.steps = 3
    language.run.trainer.batchSize = 2
    _ = try language.train(to: folder.file("lm"))
    let found = try transferred(folder.file("lm"), in: folder)
    #expect(found.accuracy > 0.75)
    #expect(found.notes.contains { $0.hasPrefix("texts are read without a prompt: ") })
    #expect(found.classifier.configuration.backbone?.prompt == nil)
    try expectSums(found.classifier, "the film is lovely and new")
    let other = try TemporaryFolder()
    refuses([.mismatch]) {
      _ = try transferred(folder.file("lm"), prompt: "Review: {}", in: other)
    }
    _ = try transferred(folder.file("lm"), prompt: "the film {} is", in: other)
  }

  @Test(arguments: ["no mark", "{} twice {}", "{}" + String(repeating: "a", count: 5000)])
  func promptsWithoutAPlaceAreRefused(prompt: String) throws {
    let folder = try TemporaryFolder()
    let message = refuses([.usage]) { _ = try transferred(model, prompt: prompt, in: folder) }
    #expect(message.contains("{} once"))
  }

  @Test func promptsLeaveRoom() throws {
    let folder = try TemporaryFolder()
    let prompt = "{}" + String(repeating: "ab", count: 70)
    let message = refuses([.usage]) { _ = try transferred(model, prompt: prompt, in: folder) }
    #expect(message.contains("140 of the 256 tokens"))
    let encoder = refuses([.usage]) {
      _ = try transferred(fixture("bert/odd"), prompt: "a {}", in: folder)
    }
    #expect(encoder.contains("`settings.prompt`"))
  }

  /// Models from before there were prompts: the mean of one layer over all tokens.
  @Test func meansAloneAreRead() throws {
    let folder = try TemporaryFolder()
    let made = try transferred(model, in: folder)
    var configuration = made.classifier.configuration
    configuration.backbone = TextBackbone(model: model, layer: 1, width: 16)
    let weights = (0..<16).map { Float($0 % 5) - 2 }
    try TransferScorer(
      configuration, try #require(configuration.backbone), try PooledStates(model),
      weights: weights, bias: [0.5], mean: [Float](repeating: 0.25, count: 16)
    ).write { folder.file("m/\($0)") }
    try ModelConfiguration.write(configuration, to: folder.file("m/config.json"))
    #expect(!(try text(folder.file("m/config.json"))).contains("last_layer"))
    let classifier = try TextClassifier(folder: folder.file("m"))
    let texts = TextList(["the cat sees the dog ."])
    let language = try textFamily(of: model).load(model)
    let tokens = try language.encode("the cat sees the dog .")
    let states = try #require(try language.hiddenStates(of: tokens, layer: 1))
    var score = 0.5
    for place in 0..<16 {
      let mean = (0..<states.count).reduce(0.0) {
        $0 + Double(states[$1].dropFirst(place).first ?? .nan)
      }
      score += Double(weights[place]) * (mean / Double(states.count) - 0.25)
    }
    let logits = try classifier.scorer.logits(texts)
    #expect(abs(Double(logits[1] - logits[0]) - score) < 1e-3)
    try expectSums(classifier, "the cat sees the dog .")
  }

  /// What a folder says of its backbone may be wrong.
  @Test func damagedBackbonesAreRefused() throws {
    let folder = try TemporaryFolder()
    let configuration = try transferred(model, in: folder).classifier.configuration
    func reads(_ change: (inout TextBackbone) -> Void) throws {
      var changed = configuration
      if var backbone = changed.backbone {
        change(&backbone)
        changed.backbone = backbone
      }
      try ModelConfiguration.write(changed, to: folder.file("m/config.json"))
      _ = try TextClassifier(folder: folder.file("m"))
    }
    #expect(
      refuses([.mismatch]) { try reads { $0.lastLayer = 3 } }.contains("has no layer 3"))
    refuses([.mismatch]) { try reads { $0.lastLayer = nil } }
    refuses { try reads { $0.lastLayer = -1 } }
    #expect(refuses { try reads { $0.prompt = "none" } }.contains("{} once"))
    refuses { try reads { $0.width = 1 << 40 } }
    try reads { $0.prompt = "{}" }
  }

  /// The vectors of an encoder, and what words add to them.
  @Test func vectorsOfEncodersAreRead() throws {
    let folder = try TemporaryFolder()
    let found = try transferred(fixture("bert/odd"), in: folder)
    let backbone = try #require(found.classifier.configuration.backbone)
    #expect(backbone.layer == 1 && backbone.lastLayer == nil && backbone.prompt == nil)
    try expectSums(found.classifier, "the film is lovely and new")
    let parts = try found.classifier.explain(Array("the film is lovely".utf8)[...], label: 1)
    #expect(parts.map { $0.text } == ["the", "film", "is", "lovely"])
    // Put first or last, it adds the same parts: after the others, and before them.
    let scores = try found.classifier.scores(
      TextList(["the film is lovely", "the film is", "lovely", ""]))
    let margins = (0..<4).map { Double(scores[2 * $0 + 1] - scores[2 * $0]) }
    let own = (margins[0] - margins[1] + margins[2] - margins[3]) / 2
    #expect(abs(parts[3].contribution - own) < 0.01 * abs(own) + 1e-4)
  }
}
