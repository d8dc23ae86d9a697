import FamilySupport
import Files
import Glibc
import Kernels
import Synchronization
import TestSupport
import Testing
import Training

@testable import Families

private struct Enough: Error {}

/// Work that its caller stops: by a cancellation, by a callback that throws, by its task.
@Suite(.serialized) struct StoppingTests {
  /// A run that would take far longer than the test.
  private func recipe(_ folder: TemporaryFolder, steps: Int = 1_000_000) throws -> RecurrentRecipe {
    let text = try folder.write("text.txt", String(corpus().prefix(6000)))
    var recipe = RecurrentRecipe(.lstm, texts: [text])
    (recipe.settings.model.hidden, recipe.settings.model.context) = (16, 8)
    recipe.run.trainer.schedule.shape = .constant
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 4
    recipe.run.trainer.logEvery = 1
    recipe.run.trainer.evalEvery = 1000
    recipe.run.trainer.seed = 3
    return recipe
  }

  /// The step of an event that says how far a run is.
  private func step(_ event: TrainerEvent) -> Int? {
    if case .progress(let progress) = event { progress.step } else { nil }
  }

  private func weights(_ path: String) throws -> [UInt8] {
    try bytes("\(path)/\(RecurrentFolder.weights)")
  }

  /// The run stands after the step at which it was stopped, and goes on as if it had not been.
  private func expectGoesOn(_ folder: TemporaryFolder, _ path: String, at step: Int) throws {
    #expect(try Trainer.saved(in: path).step == step)
    let longer = try recipe(folder, steps: step + 3)
    _ = try longer.resume(in: path)
    _ = try longer.train(to: folder.file("whole"))
    #expect(try weights(path) == weights(folder.file("whole")))
  }

  @Test func aCallbackThatThrowsStopsARun() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model")
    #expect(throws: Enough.self) {
      try recipe(folder).train(to: path) { if step($0) == 5 { throw Enough() } }
    }
    try expectGoesOn(folder, path, at: 5)
  }

  @Test func aCancellationStopsARun() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model")
    let cancellation = Cancellation()
    let error = #expect(throws: AIGCError.self) {
      try cancellation.run {
        try recipe(folder).train(to: path) { if step($0) == 4 { cancellation.cancel() } }
      }
    }
    #expect(error?.code == .interrupted)
    // Nothing outside of it is stopped.
    #expect(!Interruption.isRequested)
    try expectGoesOn(folder, path, at: 4)
  }

  @Test func aCancelledTaskStopsARun() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model")
    let recipe = try recipe(folder)
    let task = Task.detached {
      _ = try recipe.train(to: path) { event in
        // As another task would: waiting for it here would take one of the few threads of tasks.
        if case .progress(let progress) = event, progress.step == 6 {
          withUnsafeCurrentTask { $0?.cancel() }
        }
      }
    }
    let result = await task.result
    #expect(throws: AIGCError.interrupted) { try result.get() }
    #expect(try Trainer.saved(in: path).step == 6)
  }

  @Test func generationEndsWhereItIsStopped() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, steps: 3).train(to: folder.file("model"))
    var options = GenerationOptions()
    (options.maxTokens, options.seed, options.ignoreEnd) = (1_000_000, 3, true)
    let model = try RecurrentLanguageModel(folder: folder.file("model"))
    let generator = try TextGenerator(model: model, options: options)
    let cancellation = Cancellation()
    var pieces = 0
    let samples = try cancellation.run {
      try generator.run { _ in
        pieces += 1
        if pieces == 10 { cancellation.cancel() }
      }
    }
    #expect(samples.count == 1 && samples[0].reason == .interrupted && pieces == 10)
  }

  /// Threads that help a loop see the cancellation of its caller, and no other.
  @Test func threadsThatHelpAreStopped() {
    let before = Threads.count
    defer { Threads.count = before }
    Threads.count = 4
    let (own, other) = (Cancellation(), Cancellation())
    other.cancel()
    for round in 0..<50 {
      if round == 25 { own.cancel() }
      let seen = Atomic<Int>(0)
      own.run {
        parallelFor(64) { _ in
          if Interruption.isRequested { seen.add(1, ordering: .relaxed) }
        }
      }
      #expect(seen.load(ordering: .relaxed) == (round < 25 ? 0 : 64), "round \(round)")
    }
    #expect(!Interruption.isRequested)
  }
}
