import Files

/// What a rendering may take of time and memory: a template is a stranger's program.
struct TemplateBudget {
  /// Steps of evaluation: some seconds at most. A chat of a hundred turns takes some ten thousand.
  let largestSteps: Int
  /// Characters and values that may be made, in units of 4 bytes: 256 MB.
  let largestMemory: Int
  /// Statements, expressions and calls inside each other.
  static let depth = 700
  /// Values inside each other, where all of them are visited.
  static let valueDepth = 150

  private(set) var steps = 0
  private(set) var memory = 0

  init(steps: Int = 6_000_000, memory: Int = 64 << 20) {
    (largestSteps, largestMemory) = (steps, memory)
  }

  mutating func spend(_ count: Int = 1) throws(AIGCError) {
    let before = steps
    steps += min(count, largestSteps + 1)
    if steps > largestSteps { throw .badInput("chat template: it takes too many steps") }
    if before >> 16 != steps >> 16 { try Interruption.check() }
  }

  /// - Parameter count: characters, of 4 bytes.
  mutating func allocate(_ count: Int) throws(AIGCError) {
    guard count <= largestMemory - memory else {
      throw .badInput("chat template: it takes more than \(largestMemory >> 18) MB of memory")
    }
    memory += max(count, 0)
    try spend(count / 16)
  }
}
