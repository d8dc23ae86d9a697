/// An array of `count` values, `body(index)` each, computed in blocks on several threads.
/// - Parameters:
///   - count: the number of values.
///   - block: values of a block.
///   - body: gives the value at an index, maybe on several threads at a time.
public func parallelValues<Value: BitwiseCopyable & Sendable>(
  _ count: Int, block: Int, _ body: @Sendable (Int) -> Value
) -> [Value] {
  [Value](unsafeUninitializedCapacity: max(count, 0)) { buffer, filled in
    nonisolated(unsafe) let memory = buffer
    parallelBlocks(max(count, 0), size: block) { first, end in
      for index in first..<end { memory[index] = body(index) }
    }
    filled = max(count, 0)
  }
}
