import Synchronization

/// The end of a process that got no memory where nothing can be thrown: inside a product, a tensor.
///
/// A program says with ``install(_:)`` how it ends; a library's user gets a trap, as from Swift's own
/// allocator. Where an error can be thrown it is ``AIGCError/outOfMemory(_:for:)``.
public enum OutOfMemory {
  private static let handler = Mutex<(@Sendable (Int) -> Never)?>(nil)

  /// - Parameter end: gets the bytes that were refused, on the thread that asked for them.
  public static func install(_ end: @escaping @Sendable (_ bytes: Int) -> Never) {
    handler.withLock { $0 = end }
  }

  /// Ends the process: `bytes` were refused.
  public static func end(_ bytes: Int) -> Never {
    handler.withLock { $0 }?(bytes)
    preconditionFailure("out of memory: \(bytes) bytes were refused")
  }
}

extension AIGCError {
  /// The system refused memory.
  /// - Parameters:
  ///   - bytes: how many.
  ///   - name: what they were for, a file say.
  public static func outOfMemory(_ bytes: Int, for name: String? = nil) -> AIGCError {
    let place = name.map { "\($0): " } ?? ""
    let size = bytes < 10_000_000 ? "\(bytes) bytes" : "\(bytes / 1_000_000) MB"
    let limit = SystemMemory.isLimited ? " under a limit (ulimit -v); raise it or" : ";"
    return .failed("\(place)out of memory: \(size) were refused\(limit) ask for less at once")
  }
}
