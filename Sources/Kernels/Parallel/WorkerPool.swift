import Glibc
import Synchronization

/// Threads that wait for work, started when first needed and kept: the caller works too. One job at
/// a time; a job asked for while another runs (from inside it, say) is done by its caller alone.
final class WorkerPool: @unchecked Sendable {
  static let shared = WorkerPool()

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let next = Atomic<Int>(0)
  // All below only under the mutex.
  private var body: (@Sendable (Int) -> Void)?
  private var tasks = 0
  private var generation = 0
  /// Workers that may still join the job.
  private var places = 0
  private var running = 0
  private var threads = 0
  private var isBusy = false

  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(finished, nil)
  }

  /// Runs `body(0)` … `body(tasks - 1)` on the caller and up to `workers - 1` other threads.
  /// - Returns: false when another job is running; nothing was done then.
  func run(_ tasks: Int, workers: Int, _ body: @escaping @Sendable (Int) -> Void) -> Bool {
    pthread_mutex_lock(mutex)
    if isBusy {
      pthread_mutex_unlock(mutex)
      return false
    }
    isBusy = true
    while threads < workers - 1, startThread() { threads += 1 }
    self.body = body
    self.tasks = tasks
    next.store(0, ordering: .relaxed)
    places = workers - 1
    generation += 1
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    work(tasks, body)
    pthread_mutex_lock(mutex)
    places = 0
    while running > 0 { pthread_cond_wait(finished, mutex) }
    self.body = nil
    isBusy = false
    pthread_mutex_unlock(mutex)
    return true
  }

  private func work(_ tasks: Int, _ body: @Sendable (Int) -> Void) {
    while true {
      let task = next.add(1, ordering: .relaxed).oldValue
      if task >= tasks { return }
      body(task)
    }
  }

  /// Takes part in the job, which stays as it is while `running` counts this thread. A function of
  /// its own, so that the last reference to the caller's closure is gone before the caller goes on.
  @inline(never)
  private func join() {
    if let body { work(tasks, body) }
  }

  /// - Returns: false when the system has no thread left; the job then has fewer.
  private func startThread() -> Bool {
    var thread = pthread_t()
    guard
      pthread_create(
        &thread, nil,
        { _ in
          WorkerPool.shared.serve()
          return nil
        }, nil) == 0
    else { return false }
    pthread_detach(thread)
    return true
  }

  private func serve() {
    var seen = 0
    pthread_mutex_lock(mutex)
    while true {
      guard generation != seen, places > 0 else {
        pthread_cond_wait(wake, mutex)
        continue
      }
      seen = generation
      places -= 1
      running += 1
      pthread_mutex_unlock(mutex)
      join()
      pthread_mutex_lock(mutex)
      running -= 1
      if running == 0 { pthread_cond_signal(finished) }
    }
  }
}
