import Glibc
import Synchronization
import Testing

@testable import Kernels

/// The number of threads belongs to the process: each test has a process of its own.
@Suite(.serialized) struct StepsTests {
  /// Runs steps and counts; a task may start only when the whole step before is done.
  private static func check(steps: Int, tasks: Int) -> Bool {
    let counts = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: max(steps * tasks, 1))
    for index in 0..<steps * tasks { (counts + index).initialize(to: Atomic(0)) }
    defer { counts.deallocate() }
    let done = Atomic<Int>(0)
    let isRight = Atomic<Bool>(true)
    nonisolated(unsafe) let places = counts
    parallelSteps(steps, tasks: tasks) { step, task in
      let finished = done.load(ordering: .sequentiallyConsistent)
      if finished < step * tasks || finished >= (step + 1) * tasks {
        isRight.store(false, ordering: .relaxed)
      }
      places[step * tasks + task].add(1, ordering: .relaxed)
      done.add(1, ordering: .sequentiallyConsistent)
    }
    let isOnce = (0..<steps * tasks).allSatisfy { counts[$0].load(ordering: .relaxed) == 1 }
    return isOnce && isRight.load(ordering: .relaxed)
  }

  private static let sizes = [(0, 3), (3, 0), (1, 1), (50, 2), (40, 3), (30, 7), (7, 16)]

  @Test func everyTaskOncePerStepInOrder() async {
    await #expect(processExitsWith: .success) {
      for threads in 1...4 {
        Threads.count = threads
        for (steps, tasks) in StepsTests.sizes {
          let isRight = StepsTests.check(steps: steps, tasks: tasks)
          #expect(isRight, "\(threads) threads, \(steps) steps, \(tasks) tasks")
          if !isRight { exit(EXIT_FAILURE) }
        }
      }
    }
  }

  @Test func nestedInsideParallelFor() async {
    await #expect(processExitsWith: .success) {
      for threads in 1...4 {
        Threads.count = threads
        let wrong = Atomic<Int>(0)
        parallelFor(6) { _ in
          if !StepsTests.check(steps: 10, tasks: 3) { wrong.add(1, ordering: .relaxed) }
        }
        if wrong.load(ordering: .relaxed) > 0 { exit(EXIT_FAILURE) }
      }
    }
  }

  /// Several callers at once, more threads than processors, jobs of several lengths.
  @Test func poolUnderStress() async {
    await #expect(processExitsWith: .success) {
      for threads in [2, 4, 2, 3] {
        Threads.count = threads
        await withTaskGroup(of: Bool.self) { group in
          for caller in 0..<4 {
            group.addTask {
              var isRight = true
              for round in 0..<400 {
                let tasks = 1 + (round * 7 + caller) % 11
                let sum = Atomic<Int>(0)
                parallelFor(tasks) { sum.add($0 + 1, ordering: .relaxed) }
                isRight = isRight && sum.load(ordering: .relaxed) == tasks * (tasks + 1) / 2
                if round % 20 == 0 {
                  isRight = StepsTests.check(steps: 5, tasks: tasks) && isRight
                }
              }
              return isRight
            }
          }
          for await isRight in group where !isRight { exit(EXIT_FAILURE) }
        }
      }
    }
  }
}
