import CKernels
import Glibc
import Synchronization

/// Runs `body(step, task)` for all tasks of step 0, then for all of step 1, and so on: the steps of
/// a recurrent network, each of which needs the whole one before.
///
/// One parallel region for all steps; threads wait for each other by looking. A task goes to the same
/// thread at every step where that thread comes in time, so that its weights stay in that core's
/// cache; a task whose thread is late (or never started) is taken by another one.
/// - Parameters:
///   - steps: how many steps.
///   - tasks: of each step.
///   - isReversed: whether each thread takes its tasks from the last on.
///   - body: gets the step and the task.
public func parallelSteps(
  _ steps: Int, tasks: Int, isReversed: Bool = false, _ body: @Sendable (Int, Int) -> Void
) {
  let threads = min(Threads.count, tasks)
  guard threads > 1, steps > 0 else {
    for step in 0..<max(steps, 0) {
      for task in 0..<max(tasks, 0) { body(step, task) }
    }
    return
  }
  let board = StepBoard(steps: steps, tasks: tasks, threads: threads)
  parallelFor(threads) { thread in board.work(as: thread, isReversed: isReversed, body) }
}

/// Who does which task of which step.
private final class StepBoard: @unchecked Sendable {
  private let steps: Int
  private let tasks: Int
  private let threads: Int
  /// For each task the number of steps that were taken.
  private let taken: UnsafeMutablePointer<Atomic<Int>>
  /// Finished tasks of all steps.
  private let done = Atomic<Int>(0)
  /// A waiting thread looks so often before it takes tasks of others: some 20 µs.
  private static let patience = 1000

  init(steps: Int, tasks: Int, threads: Int) {
    self.steps = steps
    self.tasks = tasks
    self.threads = threads
    taken = .allocate(capacity: tasks)
    for task in 0..<tasks { (taken + task).initialize(to: Atomic(0)) }
  }

  deinit {
    taken.deinitialize(count: tasks)
    taken.deallocate()
  }

  func work(as thread: Int, isReversed: Bool, _ body: @Sendable (Int, Int) -> Void) {
    let own = tasks * thread / threads..<tasks * (thread + 1) / threads
    var step = done.load(ordering: .acquiring) / tasks
    while step < steps {
      if isReversed {
        for task in own.reversed() { take(task, step, body) }
      } else {
        for task in own { take(task, step, body) }
      }
      let end = (step + 1) * tasks
      var looks = 0
      while done.load(ordering: .acquiring) < end {
        looks += 1
        if looks == Self.patience { for task in 0..<tasks { take(task, step, body) } }
        // With fewer processors than threads somebody else must get on.
        if looks % (8 * Self.patience) == 0 { sched_yield() } else { aigc_pause() }
      }
      step += 1
    }
  }

  @inline(__always)
  private func take(_ task: Int, _ step: Int, _ body: @Sendable (Int, Int) -> Void) {
    guard taken[task].load(ordering: .relaxed) == step,
      taken[task].compareExchange(
        expected: step, desired: step + 1, ordering: .acquiringAndReleasing
      ).exchanged
    else { return }
    body(step, task)
    done.add(1, ordering: .acquiringAndReleasing)
  }
}
