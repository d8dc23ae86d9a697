import CKernels
import Files
import Glibc
import Synchronization

/// Threads that wait for work, started when first needed and kept: the caller works too. One job at
/// a time; a job asked for while another runs (from inside it, say) is done by its caller alone.
///
/// A worker looks for the next job for some microseconds before it sleeps, since the loops of one
/// training step follow each other closely; with more threads than processors it sleeps at once.
final class WorkerPool: @unchecked Sendable {
  static let shared = WorkerPool()

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let next = Atomic<Int>(0)
  /// Counts jobs; workers watch it.
  private let generation = Atomic<Int>(0)
  /// Workers that may still join the job.
  private let places = Atomic<Int>(0)
  /// Workers that joined, or are about to look whether they may.
  private let running = Atomic<Int>(0)
  /// Whether the caller sleeps until `running` is 0.
  private let callerSleeps = Atomic<Bool>(false)
  // Written by the caller before it opens `places`, read by workers that took a place.
  private var body: (@Sendable (Int) -> Void)?
  private var cancellation: Cancellation?
  private var tasks = 0
  // Below only under the mutex.
  private var threads = 0
  private var sleeping = 0
  private var isBusy = false

  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(finished, nil)
  }

  /// How often a waiting thread looks before it sleeps: some 50 µs.
  private static var patience: Int { Threads.count <= Threads.processors ? 2000 : 0 }

  /// Runs `body(0)` … `body(tasks - 1)` on the caller and up to `workers - 1` other threads.
  /// - Parameter cancellation: that of the caller's work, under which the other threads work too.
  /// - Returns: false when another job is running; nothing was done then.
  func run(
    _ tasks: Int, workers: Int, _ cancellation: Cancellation?,
    _ body: @escaping @Sendable (Int) -> Void
  ) -> Bool {
    pthread_mutex_lock(mutex)
    if isBusy {
      pthread_mutex_unlock(mutex)
      return false
    }
    isBusy = true
    // Where the system has no thread left the job has fewer.
    while threads < workers - 1, startThread({ WorkerPool.shared.serve() }) { threads += 1 }
    self.body = body
    self.cancellation = cancellation
    self.tasks = tasks
    next.store(0, ordering: .relaxed)
    places.store(workers - 1, ordering: .sequentiallyConsistent)
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleeping > 0 { pthread_cond_broadcast(wake) }
    pthread_mutex_unlock(mutex)
    work(tasks, body)
    places.store(0, ordering: .sequentiallyConsistent)
    waitForWorkers()
    self.body = nil
    self.cancellation = nil
    pthread_mutex_lock(mutex)
    isBusy = false
    pthread_mutex_unlock(mutex)
    return true
  }

  private func waitForWorkers() {
    var looks = Self.patience
    while running.load(ordering: .sequentiallyConsistent) > 0 {
      looks -= 1
      if looks > 0 {
        aigc_pause()
        continue
      }
      pthread_mutex_lock(mutex)
      callerSleeps.store(true, ordering: .sequentiallyConsistent)
      while running.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_cond_wait(finished, mutex)
      }
      callerSleeps.store(false, ordering: .sequentiallyConsistent)
      pthread_mutex_unlock(mutex)
    }
  }

  private func work(_ tasks: Int, _ body: @Sendable (Int) -> Void) {
    while true {
      let task = next.add(1, ordering: .relaxed).oldValue
      if task >= tasks { return }
      body(task)
    }
  }

  /// Takes part in the job, if there is a place. A function of its own, so that the last reference
  /// to the caller's closure is gone before the caller goes on.
  @inline(never)
  private func join() {
    // First counted as running, then a place: the caller closes the places before it looks.
    var free = places.load(ordering: .sequentiallyConsistent)
    while free > 0 {
      let (exchanged, original) = places.weakCompareExchange(
        expected: free, desired: free - 1, ordering: .sequentiallyConsistent)
      if exchanged {
        if let body { Cancellation.run(cancellation) { work(tasks, body) } }
        return
      }
      free = original
    }
  }

  private func serve() {
    var seen = 0
    while true {
      seen = waitForJob(after: seen)
      running.add(1, ordering: .sequentiallyConsistent)
      join()
      let left = running.subtract(1, ordering: .sequentiallyConsistent).newValue
      if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
        pthread_mutex_lock(mutex)
        pthread_cond_signal(finished)
        pthread_mutex_unlock(mutex)
      }
    }
  }

  /// Returns the number of a job later than `seen`.
  private func waitForJob(after seen: Int) -> Int {
    for _ in 0..<Self.patience {
      let now = generation.load(ordering: .sequentiallyConsistent)
      if now != seen { return now }
      aigc_pause()
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    sleeping += 1
    defer { sleeping -= 1 }
    while true {
      let now = generation.load(ordering: .sequentiallyConsistent)
      if now != seen { return now }
      pthread_cond_wait(wake, mutex)
    }
  }
}
