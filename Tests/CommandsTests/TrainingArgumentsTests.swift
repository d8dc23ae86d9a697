import ArgumentParser
import Files
import NN
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

@Suite struct TrainingArgumentsTests {
  private let defaults: TrainerConfiguration = {
    var result = TrainerConfiguration(steps: 100, schedule: Schedule(.cosine, peak: 0.001))
    result.optimizer.gradClip = 1
    result.earlyStop = 5
    return result
  }()

  /// A run of 12.5 steps an epoch.
  private func applied(_ arguments: [String]) throws -> TrainerConfiguration {
    var recipe = RecurrentRecipe(.lstm)
    recipe.run.trainer = defaults
    var filled = FilledRecipe(recipe: recipe, settings: [])
    try TrainingFlags.parse(arguments).apply(to: &filled, resuming: nil)
    var result = filled.recipe.run.resolved { $0 * 12.5 }
    result.settings = nil
    return result
  }

  @Test func whatIsNotGivenIsTheFamilys() throws {
    var expected = defaults
    expected.seed = 7
    #expect(try applied(["--seed", "7"]) == expected)
  }

  @Test func whatIsGivenIsTaken() throws {
    let result = try applied([
      "--seed", "1", "--max-iters", "50", "--batch", "8", "--learning-rate", "0.5", "--schedule",
      "linear", "--warmup", "3", "--min-lr", "0.05", "--optimizer", "sgd", "--momentum", "0.9",
      "--weight-decay", "0.1", "--grad-clip", "0", "--eval-every", "9", "--save-every", "4",
      "--log-every", "2", "--early-stop", "0", "--tensorboard",
    ])
    #expect(result.steps == 50)
    #expect(result.batchSize == 8)
    #expect(result.schedule.peak == 0.5)
    #expect(result.schedule.shape == .linear)
    #expect(result.schedule.warmup == 3)
    #expect(result.schedule.endShare == 0.1)
    #expect(result.optimizer.kind == .sgd)
    #expect(result.optimizer.momentum == 0.9)
    #expect(result.optimizer.weightDecay == 0.1)
    #expect(result.optimizer.gradClip == nil)
    #expect([result.evalEvery, result.saveEvery, result.logEvery] == [9, 4, 2])
    #expect(result.earlyStop == nil)
    #expect(result.tensorboard)
  }

  @Test func epochsBecomeSteps() throws {
    #expect(try applied(["--seed", "1", "--epochs", "2"]).steps == 25)
    #expect(try applied(["--seed", "1", "--epochs", "0.5"]).steps == 7)
  }

  @Test(arguments: [
    ["--steps", "0"], ["--steps", "-3"], ["--steps", "99999999999999999"], ["--epochs", "0"],
    ["--epochs", "nan"], ["--batch-size", "0"], ["--lr", "0"], ["--lr", "-1"], ["--lr", "inf"],
    ["--lr", "nan"], ["--warmup", "-1"], ["--min-lr", "-1"], ["--min-lr", "nan"],
    ["--weight-decay", "-1"], ["--grad-clip", "nan"], ["--momentum", "1"], ["--beta1", "1"],
    ["--beta2", "-0.1"], ["--eval-every", "-1"], ["--save-every", "-1"], ["--log-every", "0"],
    ["--early-stop", "-1"], ["--val-split", "1"], ["--schedule", "step"], ["--optimizer", "lion"],
  ])
  func wrongValuesAreNamed(arguments: [String]) {
    do {
      _ = try TrainingFlags.parse(arguments)
      Issue.record("\(arguments) were accepted")
    } catch {
      let text = TrainingFlags.message(for: error)
      #expect(text.contains(arguments[0]) || text.contains(arguments[1]), "\(text)")
      #expect(TrainingFlags.exitCode(for: error) == .validationFailure)
    }
  }

  @Test(arguments: [
    ["--steps", "5", "--epochs", "1"], ["--resume", "--force"],
    ["--val", "x", "--val-split", "0.1"],
    ["--lr", "0.1", "--min-lr", "0.2"], ["--optimizer", "sgd", "--beta1", "0.5"],
    ["--optimizer", "adam", "--momentum", "0.5"], ["--momentum", "0.5"],
    ["--schedule", "constant", "--min-lr", "0.0001"],
  ])
  func wrongPairsAreRefused(arguments: [String]) {
    #expect(throws: (any Error).self) { try applied(["--seed", "1"] + arguments) }
  }

  @Test func theLastRunOnTheDataIsResumed() throws {
    let folder = try TemporaryFolder()
    let runs = folder.path
    for name in ["toy-data", "toy-data-2", "toy-data-10", "toy-database", "toy-data-x"] {
      try folder.write("\(name)/\(Trainer.stateFileName)", "")
    }
    try makeFolder("\(runs)/toy-data-11")
    let found = try RunFolder.resumable(family: "toy", data: "a/data.txt", out: nil, runs: runs)
    #expect(found == "\(runs)/toy-data-10")
    #expect(throws: AIGCError.self) {
      try RunFolder.resumable(family: "toy", data: "other.txt", out: nil, runs: runs)
    }
    #expect(throws: AIGCError.self) {
      try RunFolder.resumable(family: "toy", data: "data.txt", out: "\(runs)/toy-data-11")
    }
  }

  @Test func progressIsALine() {
    var progress = TrainerProgress(
      step: 500, total: 5000, loss: 1.83121, smoothedLoss: 1.9, validationLoss: 1.9, rate: 0.001,
      itemName: "tokens", itemsPerSecond: 12345, secondsLeft: 185, residentBytes: 412_000_000,
      isLogged: true)
    #expect(
      TrainerProgressLine.text(progress)
        == "step 500/5000  loss 1.8312  val 1.9000  12.3k tokens/s  3:05 left  412 MB")
    progress.step = 5000
    progress.validationLoss = nil
    progress.residentBytes = 0
    #expect(
      TrainerProgressLine.text(progress) == "step 5000/5000  loss 1.8312  12.3k tokens/s")
    progress.losses = [("generator", 0.70123), ("discriminator", 1.3805)]
    #expect(
      TrainerProgressLine.text(progress)
        == "step 5000/5000  generator 0.7012  discriminator 1.3805  12.3k tokens/s")
  }
}
