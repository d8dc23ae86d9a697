import Glibc
import Synchronization

/// Files and folders under temporary names, which go where a process ends without unwinding: when it gets
/// no memory. Else the objects that write them remove them.
public enum UnfinishedOutputs {
  // Guarded by `isBusy`: a lock that says so when this thread has it already.
  nonisolated(unsafe) private static var paths: Set<String> = []
  private static let isBusy = Atomic<Bool>(false)

  /// From now on the file or folder at `path` goes with the process.
  public static func add(_ path: String) {
    lock(tries: .max)
    paths.insert(path)
    isBusy.store(false, ordering: .releasing)
  }

  /// It is complete, or gone.
  public static func forget(_ path: String) {
    lock(tries: .max)
    paths.remove(path)
    isBusy.store(false, ordering: .releasing)
  }

  /// Removes them all; the last thing that a process does.
  public static func remove() {
    guard lock(tries: 1000) else { return }
    for path in paths { removeTree(path) }
  }

  @discardableResult
  private static func lock(tries: Int) -> Bool {
    for _ in 0..<tries {
      if !isBusy.exchange(true, ordering: .acquiring) { return true }
      sched_yield()
    }
    return false
  }
}
