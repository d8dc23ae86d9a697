import Files
import Glibc

/// Work that one thread of its own does in order while the caller goes on: what is needed next is
/// handed in with ``submit(_:)`` and taken out with ``take()``.
///
/// The work must not call ``parallelFor(_:_:)``: it would take the threads from the caller's loops.
public final class BackgroundWork<Input: Sendable, Output: Sendable>: Sendable {
  private let queue: Queue

  /// - Parameter work: turns an input into its output, on the thread.
  public init(_ work: @escaping @Sendable (Input) -> Output) { queue = Queue(work) }

  // What was not taken is thrown away; the thread ends after the input that it works on.
  deinit { queue.stop() }

  /// Hands in the next input.
  public func submit(_ input: Input) { queue.submit(input) }

  /// The output of the oldest input not yet taken; waits for it. One must have been handed in.
  public func take() -> Output { queue.take() }

  /// Shared with the thread, which keeps it alive until it ends.
  private final class Queue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let work: @Sendable (Input) -> Output
    // All below only under the mutex.
    private var inputs: [Input] = []
    private var outputs: [Output] = []
    /// Whether the thread works on an input that is in neither list.
    private var isWorking = false
    private var hasThread = false
    private var isStopped = false

    init(_ work: @escaping @Sendable (Input) -> Output) {
      self.work = work
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(changed, nil)
    }

    deinit {
      pthread_cond_destroy(changed)
      pthread_mutex_destroy(mutex)
      changed.deallocate()
      mutex.deallocate()
    }

    func submit(_ input: Input) {
      pthread_mutex_lock(mutex)
      inputs.append(input)
      if !hasThread { hasThread = startThread { self.serve() } }
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }

    func take() -> Output {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      require(
        isWorking || !inputs.isEmpty || !outputs.isEmpty, "BackgroundWork: nothing handed in")
      // A system without a thread to spare: the caller does the work.
      if !hasThread, outputs.isEmpty { return work(inputs.removeFirst()) }
      while outputs.isEmpty { pthread_cond_wait(changed, mutex) }
      return outputs.removeFirst()
    }

    func stop() {
      pthread_mutex_lock(mutex)
      isStopped = true
      inputs = []
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }

    /// The thread: it ends, and with it this object, when ``stop()`` was called.
    private func serve() {
      pthread_mutex_lock(mutex)
      while true {
        while inputs.isEmpty, !isStopped { pthread_cond_wait(changed, mutex) }
        if isStopped { break }
        let input = inputs.removeFirst()
        isWorking = true
        pthread_mutex_unlock(mutex)
        let output = work(input)
        pthread_mutex_lock(mutex)
        isWorking = false
        if !isStopped { outputs.append(output) }
        pthread_cond_broadcast(changed)
      }
      pthread_mutex_unlock(mutex)
    }
  }
}
