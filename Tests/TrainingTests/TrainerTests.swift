import Checkpoints
import Files
import Kernels
import NN
import TestSupport
import Testing

@testable import Inference
@testable import Training

/// One at a time: a test sets the number of threads.
@Suite(.serialized) struct TrainerTests {
  private let parent: TemporaryFolder
  private var folder: String { parent.file("run") }

  init() throws { parent = try TemporaryFolder() }

  private func configuration(_ steps: Int = 40) -> TrainerConfiguration {
    var schedule = Schedule(.cosine, peak: 0.01)
    schedule.warmup = 5
    var result = TrainerConfiguration(steps: steps, schedule: schedule)
    result.logEvery = 7
    result.evalEvery = 10
    result.seed = 5
    return result
  }

  /// Without images: they take most of the time.
  private func makeTrainer(
    _ task: ToyTask, _ configuration: TrainerConfiguration, _ folder: String
  ) -> Trainer {
    let trainer = Trainer(task, configuration, folder: folder)
    trainer.drawsCurve = false
    return trainer
  }

  /// The log without what depends on the clock.
  private func rows(_ folder: String) throws -> [[JSONValue.Member]] {
    try MetricsLog.read("\(folder)/log.jsonl").map { row in
      row.members.filter { !["seconds", "items_per_second"].contains($0.name) }
    }
  }

  private static let files = ["model.safetensors", "training.safetensors", "config.json"]

  // MARK: Resuming

  /// What a model learned from before the run, and in it, counts once however often it is resumed.
  @Test func itemsCountOnce() throws {
    for (steps, isResumed) in [(10, false), (20, true), (30, true), (30, true)] {
      let task = ToyTask(.adam)
      // Read from the folder, where the earlier steps are in it.
      task.itemsBefore = isResumed ? 9999 : 100
      var settings = configuration(steps)
      settings.evalEvery = 0
      _ = try makeTrainer(task, settings, folder).run(resuming: isResumed)
      #expect(task.writtenItems == (steps == 30 && task.writtenItems < 0 ? -1 : 100 + 32 * steps))
    }
  }

  @Test func whatIsMadeAtTheEndIsMadeAgain() throws {
    var count = 0
    for isResumed in [false, true] {
      _ = try makeTrainer(ToyTask(.adam), configuration(10), folder).run(resuming: isResumed) {
        count += 1
        // The folder is held until then.
        #expect(throws: AIGCError.self) { try FolderLock(folder) }
      }
    }
    #expect(count == 2)
    _ = try FolderLock(folder)
  }

  @Test(arguments: OptimizerConfiguration.Kind.allCases)
  func aResumedRunIsTheSame(kind: OptimizerConfiguration.Kind) throws {
    let (whole, broken) = (parent.file("whole"), parent.file("broken"))
    let summary = try makeTrainer(ToyTask(kind), configuration(), whole).run(resuming: false)
    // Crashes between saves, and between lines of the log; twice.
    for (crash, isResumed) in [(13, false), (26, true)] {
      let task = ToyTask(kind)
      task.crashesAt = crash
      let trainer = makeTrainer(task, configuration(), broken)
      #expect(refusal { _ = try trainer.run(resuming: isResumed) } == .failed("crash"))
      #expect(try Trainer.saved(in: broken).step == crash / 10 * 10)
    }
    let resumed = try makeTrainer(ToyTask(kind), configuration(), broken).run(resuming: true)
    try expectSameFiles(Self.files, in: whole, and: broken)
    #expect(try rows(whole) == rows(broken))
    #expect(try rows(whole).count == 9)
    #expect(resumed.items == 40 * 32)
    #expect(resumed.bestValidationLoss == summary.bestValidationLoss)
    #expect(resumed.loss == summary.loss)
  }

  @Test func anInterruptedRunIsSavedAndGoesOn() throws {
    let (whole, broken) = (parent.file("whole"), parent.file("broken"))
    _ = try makeTrainer(ToyTask(), configuration(), whole).run(resuming: false)
    let trainer = makeTrainer(ToyTask(), configuration(), broken)
    var steps = 0
    trainer.isInterrupted = {
      steps += 1
      return steps == 17
    }
    #expect(refusal { _ = try trainer.run(resuming: false) } == .interrupted)
    #expect(try Trainer.saved(in: broken).step == 17)
    // What a killed process was writing is cleared away.
    try write([1], to: "\(broken)/training.safetensors.tmp-12")
    _ = try makeTrainer(ToyTask(), configuration(), broken).run(resuming: true)
    try expectSameFiles(Self.files, in: whole, and: broken)
    #expect(try rows(whole) == rows(broken))
    #expect(folderContents(whole) == folderContents(broken))
  }

  /// In the midst of the second evaluation, and of the last one.
  @Test(arguments: [2, 4]) func anInterruptedEvaluationIsMadeWhenTheRunGoesOn(
    evaluation: Int
  ) throws {
    let (whole, broken) = (parent.file("whole"), parent.file("broken"))
    let settings = configuration()
    let count = (settings.steps + settings.evalEvery - 1) / settings.evalEvery
    let (task, place) = (ToyTask(), evaluation == 2 ? 2 : count)
    _ = try makeTrainer(ToyTask(), settings, whole).run(resuming: false)
    task.evaluationsToInterruption = place
    let trainer = makeTrainer(task, settings, broken)
    #expect(refusal { _ = try trainer.run(resuming: false) } == .interrupted)
    #expect(try Trainer.saved(in: broken).step == min(place * settings.evalEvery, settings.steps))
    _ = try makeTrainer(ToyTask(), settings, broken).run(resuming: true)
    try expectSameFiles(Self.files, in: whole, and: broken)
    #expect(try rows(whole) == rows(broken))
  }

  @Test func moreStepsGoOn() throws {
    var constant = configuration(20)
    constant.schedule = Schedule(peak: 0.01)
    _ = try makeTrainer(ToyTask(), constant, folder).run(resuming: false)
    let again = makeTrainer(ToyTask(), constant, folder)
    #expect(try again.run(resuming: true).steps == 20)
    constant.steps = 40
    let longer = ToyTask()
    #expect(try makeTrainer(longer, constant, folder).run(resuming: true).steps == 40)
    let whole = ToyTask()
    _ = try makeTrainer(whole, constant, parent.file("whole")).run(resuming: false)
    #expect(longer.values == whole.values)
  }

  @Test func threadsDoNotMatter() throws {
    let before = Threads.count
    defer { Threads.count = before }
    for threads in 1...3 {
      Threads.count = threads
      let path = parent.file("\(threads)")
      // Large enough to be cut into pieces.
      _ = try makeTrainer(ToyTask(hidden: 8000), configuration(6), path).run(resuming: false)
      for name in Self.files {
        #expect(
          try bytes("\(path)/\(name)") == bytes(parent.file("1/\(name)")), "\(name) \(threads)")
      }
    }
  }

  // MARK: Evaluations

  @Test func theBestWeightsAreKeptAndPatienceEnds() throws {
    var patient = configuration(100)
    patient.earlyStop = 3
    let task = ToyTask()
    task.losses = [4, 2, 3, .nan, 2.5, 1]
    var best: [[Float]] = []
    let trainer = makeTrainer(task, patient, folder)
    var events: [String] = []
    trainer.report = { event in
      switch event {
      case .evaluated(let step, _, let loss, let isBest):
        if isBest { best = task.values }
        events.append("evaluated \(step) \(loss) \(isBest)")
      case .saved(let step): events.append("saved \(step)")
      default: break
      }
    }
    let summary = try trainer.run(resuming: false)
    #expect(summary.isStoppedEarly)
    #expect(summary.steps == 50)
    #expect(summary.bestValidationLoss == 2)
    #expect(summary.bestStep == 20)
    #expect(events.prefix(3) == ["evaluated 10 4.0 true", "saved 10", "evaluated 20 2.0 true"])
    let model = try Checkpoint.open("\(folder)/model.safetensors")
    let stored = try task.parameters.map { try model.tensor($0.name).floats() }
    #expect(stored == best)
    #expect(stored != task.values)
    #expect(try MetricsLog.read("\(folder)/log.jsonl").filter { $0["val_loss"] != nil }.count == 4)
    // It stays stopped, unless it gets more patience.
    let resumed = ToyTask()
    #expect(try makeTrainer(resumed, patient, folder).run(resuming: true).steps == 50)
    #expect(resumed.values == task.values)
    patient.earlyStop = nil
    patient.steps = 60
    let goesOn = ToyTask()
    goesOn.losses = [1]
    #expect(try makeTrainer(goesOn, patient, folder).run(resuming: true).bestStep == 60)
  }

  @Test func withoutHeldOutDataTheLatestWeightsAreTheModel() throws {
    var often = configuration(25)
    often.evalEvery = 0
    often.saveEvery = 5
    often.tensorboard = true
    let task = ToyTask()
    task.hasValidation = false
    let trainer = Trainer(task, often, folder: folder)
    var saves: [Int] = []
    trainer.report = { if case .saved(let step) = $0 { saves.append(step) } }
    let summary = try trainer.run(resuming: false)
    #expect(saves == [5, 10, 15, 20, 25])
    #expect(summary.bestValidationLoss == nil)
    let model = try Checkpoint.open("\(folder)/model.safetensors")
    #expect(try task.parameters.map { try model.tensor($0.name).floats() } == task.values)
    let names = folderContents(folder)
    #expect(names.contains("loss.png"))
    #expect(names.contains { $0.hasPrefix("events.out.tfevents.") })
    #expect(!names.contains { $0.contains(".tmp-") })
  }

  // MARK: Failures

  @Test func aRunThatDivergesKeepsItsLastSave() throws {
    let task = ToyTask()
    task.breaksAt = 23
    let trainer = makeTrainer(task, configuration(), folder)
    let failure = try #require(refusal { _ = try trainer.run(resuming: false) })
    #expect(failure.code == .diverged)
    for part in ["step 23", "hidden.weight", "`resume(in:)` goes on from step 20"] {
      #expect(failure.description.contains(part), "\(failure)")
    }
    #expect(try Trainer.saved(in: folder).step == 20)
    _ = try makeTrainer(ToyTask(), configuration(), folder).run(resuming: true)
  }

  @Test func damagedRunsAreSaid() throws {
    let path = "\(folder)/training.safetensors"
    let missing = refusal {
      _ = try makeTrainer(ToyTask(), configuration(), folder).run(resuming: true)
    }
    #expect(missing?.code == .badInput)
    _ = try makeTrainer(ToyTask(), configuration(), folder).run(resuming: false)
    let whole = try bytes(path)
    for size in [0, 7, 100, 900, whole.count / 2, whole.count - 1] {
      try write(Array(whole.prefix(size)), to: path)
      let failure = refusal {
        _ = try makeTrainer(ToyTask(), configuration(), folder).run(resuming: true)
      }
      #expect(failure?.code == .badInput, "\(size)")
      #expect(failure?.description.contains("\n") == false)
      #expect(failure?.description.contains(path) == true)
    }
    try write(try bytes("\(folder)/model.safetensors"), to: path)
    #expect(refusal { _ = try Trainer.saved(in: folder) }?.code == .badInput)
  }

  @Test func impossibleStatesAreSaid() throws {
    _ = try makeTrainer(ToyTask(), configuration(), folder).run(resuming: false)
    let path = "\(folder)/training.safetensors"
    let file = try Checkpoint.open(path)
    let tensors = file.tensors.map { NewTensor($0) }
    for (old, new) in [
      ("\"step\":40", "\"step\":-1"), ("\"step\":40", "\"step\":9223372036854775807"),
      ("\"items\":1280", "\"items\":9223372036854775807"), ("\"step\":40", "\"step\":\"x\""),
    ] {
      var metadata = file.metadata
      let parts = (metadata["state"] ?? "").split(separator: old, omittingEmptySubsequences: false)
      #expect(parts.count == 2, "\(old)")
      metadata["state"] = parts.joined(separator: new)
      try SafetensorsWriter.write(tensors, metadata: metadata, to: path, sync: false)
      #expect(refusal { _ = try Trainer.saved(in: folder) }?.code == .badInput, "\(new)")
    }
  }

  @Test func runsOfOtherModelsDoNotFit() throws {
    _ = try makeTrainer(ToyTask(.adam), configuration(), folder).run(resuming: false)
    for task in [ToyTask(.adam, hidden: 25), ToyTask(.sgd)] {
      let before = task.values
      let failure = refusal {
        _ = try makeTrainer(task, configuration(), folder).run(resuming: true)
      }
      #expect(failure?.code == .mismatch)
      #expect(failure?.description.contains("\(folder)/training.safetensors") == true)
      #expect(task.values == before)
    }
  }

  @Test func otherFoldersAreNotReplaced() throws {
    try makeFolder(folder)
    try write([1], to: "\(folder)/diary.txt")
    let failure = refusal {
      _ = try makeTrainer(ToyTask(), configuration(), folder).run(resuming: false)
    }
    #expect(failure?.code == .usage)
    #expect(try bytes("\(folder)/diary.txt") == [1])
  }

  @Test func settingsOutOfRangeAreSaid() throws {
    var wrong = configuration()
    wrong.logEvery = 0
    let failure = refusal { _ = try makeTrainer(ToyTask(), wrong, folder).run(resuming: false) }
    #expect(failure?.code == .usage)
    #expect(failure?.description.contains("`logEvery`") == true)
    #expect(!fileExists(folder))
  }
}
