import Synchronization

/// Results of several tasks, each set once from its own thread.
public final class ParallelSlots<Value: Sendable>: Sendable {
  private let slots: Mutex<[Value?]>
  /// The number of slots.
  public let count: Int

  /// Creates slots that hold nothing yet.
  public init(count: Int) {
    self.count = count
    slots = Mutex([Value?](repeating: nil, count: count))
  }

  /// Puts the result of task `index` into its slot, from any thread.
  public func set(_ index: Int, _ value: Value) { slots.withLock { $0[index] = value } }

  /// The result of task `index`, which stays in its slot; nil when there is none yet.
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
