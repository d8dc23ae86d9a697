import Files
import Synchronization

/// How many threads computations use; set once by the command line.
public enum Threads {
  private static let chosen = Atomic<Int>(0)

  /// The number in use: what was set, else the processors this process may run on.
  public static var count: Int {
    get {
      let value = chosen.load(ordering: .relaxed)
      return value > 0 ? value : processors
    }
    set { chosen.store(max(1, newValue), ordering: .relaxed) }
  }

  /// Processors that this process may use, by its affinity mask and its share of their time.
  public static var processors: Int { Processors.available }
}

/// Runs `body(0)`, …, `body(tasks - 1)`, several at a time. Tasks are handed out in order, so the
/// cut into tasks must not depend on the number of threads where results must not.
public func parallelFor(_ tasks: Int, _ body: @Sendable (Int) -> Void) {
  let workers = min(Threads.count, tasks)
  if workers > 1 {
    let isDone = withoutActuallyEscaping(body) { body in
      // Threads that help stop when their caller is to stop.
      let cancellation = Cancellation.current
      return WorkerPool.shared.run(tasks, workers: workers, cancellation, body)
    }
    if isDone { return }
  }
  for task in 0..<max(tasks, 0) { body(task) }
}

/// The same over blocks of a range: `body(first, end)` for blocks of `size` elements.
public func parallelBlocks(_ count: Int, size: Int, _ body: @Sendable (Int, Int) -> Void) {
  let blocks = (count + size - 1) / size
  parallelFor(blocks) { block in
    body(block * size, min(count, (block + 1) * size))
  }
}

/// Runs `body(first, end)` over blocks of `count` elements of cheap work: in one piece below
/// ``elementsWorthThreads``, where starting threads would cost more than it saves.
/// - Parameters:
///   - count: elements in all.
///   - block: elements of one block; where sums are taken it decides their order.
///   - body: gets the first element of a block and the one after its last, maybe on several threads at a time.
@inline(__always)
public func parallelElements(
  _ count: Int, block: Int = fineBlock, _ body: (Int, Int) -> Void
) {
  if count < elementsWorthThreads || Threads.count == 1 {
    // The same blocks in either case: sums inside them must not depend on the number of threads.
    var first = 0
    while first < count {
      let end = min(count, first + block)
      body(first, end)
      first = end
    }
    return
  }
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    parallelBlocks(count, size: block) { body($0, $1) }
  }
}

/// Elementwise loops from this size on use several threads: some 10 µs of work. A step of training
/// asks for threads again and again, so that they are awake.
public let elementsWorthThreads = 1 << 15
/// Elements of a block whose sum is taken.
public let elementBlock = 1 << 16
/// Elements of a block where its size does not matter for the result.
public let fineBlock = 1 << 14
