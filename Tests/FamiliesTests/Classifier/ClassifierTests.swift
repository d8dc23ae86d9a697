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

/// Classifiers from images to classes; the plain PyTorch twin of `Scripts/fixtures/torch_classifier.py`.
@Suite(.serialized) struct ClassifierTests {
  @Test func learnsAndMeasures() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallClassifier(folder, steps: 60)
    let model = folder.file("model")
    let outcome = try recipe.train(to: model)
    let confusion = try #require(outcome.measures)
    #expect(confusion.total == 30)
    #expect(confusion.accuracy > 0.9)
    #expect(fileExists("\(model)/confusion.png"))
    let log = try MetricsLog.read("\(model)/log.jsonl")
    #expect(try #require(log.last?["accuracy"]) == confusion.accuracy)
    // Images that it has not seen.
    let others = try writeBars(folder, count: 200, name: "others")
    let evaluation = try ClassifierFamily().evaluate(
      model, on: others, ImageReading()
    ) { _ in }
    guard case .double(let accuracy)? = evaluation.members.first?.value else {
      Issue.record("no accuracy")
      return
    }
    #expect(accuracy > 0.9)
    let configuration = try ClassifierConfiguration.read(folder: model)
    #expect(configuration.classes == ["0", "1", "2"])
    #expect(configuration.trainingImages == outcome.summary.items)
  }

  /// What learned two of three classes knows no other, and is measured on these.
  @Test func someClasses() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallClassifier(folder, steps: 40)
    recipe.settings.images.options.classes = .without(["1"])
    let outcome = try recipe.train(to: folder.file("model"))
    #expect(outcome.measures?.classes == ["0", "2"])
    let others = try writeBars(folder, count: 200, name: "others")
    let evaluation = try ClassifierFamily().evaluate(
      folder.file("model"), on: others, ImageReading()
    ) { _ in }
    let members = Dictionary(
      uniqueKeysWithValues: evaluation.members.map { ($0.name, $0.value.number) })
    var rest = ImageOptions()
    rest.classes = .only(["0", "2"])
    let count = try ImageSet.open(others, rest).count
    #expect(members["evaluated_images"] == Double(count))
    #expect(try #require(members["accuracy"] ?? nil) > 0.9)
    recipe.settings.images.options.classes = .only(["1"])
    #expect(throws: AIGCError.self) { try recipe.train(to: folder.file("one")) }
  }

  @Test func aResumedRunEqualsAnUnbrokenOne() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallClassifier(folder, steps: 20)
    // The schedule's length belongs to the run; with a constant rate it does not matter.
    recipe.run.trainer.schedule = Schedule(.constant, peak: 1e-2)
    let files = ["model.safetensors", Trainer.stateFileName]
    let resumed = try expectResumes(recipe, at: 7, files: files, in: folder) { rest, _ in
      // What the run was begun with is in its folder.
      rest.settings.model = ClassifierOptions()
    }
    // A run that is at its end stays as it is.
    _ = try resumed.recipe.resume(in: folder.file("whole"))
    try expectSameFiles(files, in: folder.file("whole"), and: resumed.path)
  }

  /// A `state_dict` of PyTorch becomes a model that gives what PyTorch gives, and leaves as it came.
  @Test func equalsPyTorch() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model")
    let state = try Checkpoint.open(fixture("classifier/model.safetensors"))
    try ClassifierFamily().importCheckpoint(state, options: ImportOptions(), to: model)
    let classifier = try Classifier(folder: model)
    #expect(classifier.size == ImageSize(width: 12, height: 12))
    #expect(classifier.configuration.stages == [4, 6])
    let expected = try Checkpoint.open(fixture("classifier/expected.safetensors"))
    let x = try expected.tensor("x").floats()
    let found = try classifier.features(x)
    let hidden = try expected.tensor("hidden").floats()
    let probabilities = try expected.tensor("probabilities").floats()
    #expect(zip(found.features, hidden).allSatisfy { abs($0 - $1) < 1e-4 })
    let ours = try classifier.probabilities(x)
    #expect(ours.count == 21 && zip(ours, probabilities).allSatisfy { abs($0 - $1) < 1e-4 })
    let written = try Checkpoint.open("\(model)/model.safetensors")
    #expect(Set(written.tensors.map { $0.name }) == Set(state.tensors.map { $0.name }))
    for tensor in written.tensors {
      let original = try state.tensor(tensor.name)
      #expect(tensor.type == original.type && tensor.shape == original.shape, "\(tensor.name)")
      #expect(
        try tensor.bytes().array(of: UInt8.self) == original.bytes().array(of: UInt8.self),
        "\(tensor.name)")
    }
  }

  @Test func whatDoesNotFitIsSaid() throws {
    let folder = try TemporaryFolder()
    let family = ClassifierFamily()
    let expected = try Checkpoint.open(fixture("classifier/expected.safetensors"))
    #expect(throws: AIGCError.self) {
      try family.importCheckpoint(expected, options: ImportOptions(), to: folder.file("model"))
    }
    var recipe = try smallClassifier(folder, steps: 1)
    recipe.settings.model.stages = [4, 4, 4, 4]
    let error = #expect(throws: AIGCError.self) { try recipe.train(to: folder.file("model")) }
    #expect(error?.code == .usage)
    #expect(!fileExists(folder.file("model")))
  }

  /// Turning, scaling and shifting by nothing changes nothing; else little.
  @Test func augmentation() {
    var random = RandomSource(seed: 1)
    let values = (0..<2 * 6 * 5 * 3).map { Float($0 % 7) / 7 }
    let none = AffineAugmentation(strength: 0)
    #expect(none(values, height: 6, width: 5, channels: 3, using: &random) == values)
    let some = AffineAugmentation(strength: 1)
    let changed = some(values, height: 6, width: 5, channels: 3, using: &random)
    #expect(changed != values)
    let flat = some(
      [Float](repeating: 0.25, count: 90), height: 6, width: 5, channels: 3, using: &random)
    #expect(flat.allSatisfy { abs($0 - 0.25) < 1e-6 })
    // A step from dark to bright stays one: left dark, right bright.
    let edge = (0..<400).map { $0 % 20 < 10 ? Float(-1) : 1 }
    let turned = some(edge, height: 20, width: 20, channels: 1, using: &random)
    for row in 0..<20 { #expect(turned[row * 20] < 0 && turned[row * 20 + 19] > 0) }
  }
}
