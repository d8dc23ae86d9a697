import Glibc
import Kernels
import Synchronization
import Testing

@Suite struct BackgroundWorkTests {
  @Test func outputsComeInOrder() {
    let work = BackgroundWork { (input: Int) in
      // The first ones take longest.
      usleep(UInt32(max(0, 5 - input)) * 1000)
      return input * input
    }
    for input in 0..<20 { work.submit(input) }
    #expect((0..<20).map { _ in work.take() } == (0..<20).map { $0 * $0 })
    work.submit(7)
    #expect(work.take() == 49)
  }

  @Test func workGoesOnWhileTheCallerDoes() {
    let counter = Counter()
    let work = BackgroundWork { (input: Int) in
      counter.done.add(input, ordering: .sequentiallyConsistent)
    }
    work.submit(3)
    var patience = 5000
    while counter.done.load(ordering: .sequentiallyConsistent) != 3, patience > 0 {
      usleep(1000)
      patience -= 1
    }
    #expect(patience > 0, "nothing was taken, and yet it must be done")
  }

  /// The thread lets go of what the work holds when the queue is gone.
  @Test func droppedWorkEnds() {
    weak var held: Counter?
    do {
      let counter = Counter()
      held = counter
      let work = BackgroundWork { (input: Int) in
        usleep(2000)
        counter.done.add(input, ordering: .sequentiallyConsistent)
      }
      for _ in 0..<1000 { work.submit(1) }
      usleep(5000)
    }
    var patience = 5000
    while held != nil, patience > 0 {
      usleep(1000)
      patience -= 1
    }
    #expect(held == nil)
  }

  private final class Counter: Sendable {
    let done = Atomic<Int>(0)
  }
}
