import Synchronization

/// Results of several tasks, each set once from its own thread.
public final class ParallelSlots<Value: Sendable>: Sendable {
  private let slots: Mutex<[Value?]>
  public let count: Int

  public init(count: Int) {
    self.count = count
    slots = Mutex([Value?](repeating: nil, count: count))
  }

  public func set(_ index: Int, _ value: Value) { slots.withLock { $0[index] = value } }

  public func get(_ index: Int) -> Value? { slots.withLock { $0[index] } }

  /// The value, which is forgotten here.
  public func take(_ index: Int) -> Value? {
    slots.withLock { slots in
      let value = slots[index]
      slots[index] = nil
      return value
    }
  }
}
