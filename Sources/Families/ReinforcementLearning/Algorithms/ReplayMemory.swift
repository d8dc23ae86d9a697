import Checkpoints
import Files
import Kernels

/// The last transitions of a run, from which batches are drawn (Lin 1992; Mnih et al. 2015).
final class ReplayMemory {
  private let capacity: Int
  private let width: Int
  private let before: MutableTable<Float>
  private let after: MutableTable<Float>
  private let actions: MutableTable<Float>
  private let rewards: MutableTable<Float>
  private let isFinal: MutableTable<Float>
  /// How many there are, and where the next one goes.
  private(set) var count = 0
  private var next = 0

  init(capacity: Int, width: Int) throws(AIGCError) {
    (self.capacity, self.width) = (capacity, width)
    before = try MutableTable(count: capacity * width)
    after = try MutableTable(count: capacity * width)
    actions = try MutableTable(count: capacity)
    rewards = try MutableTable(count: capacity)
    isFinal = try MutableTable(count: capacity)
  }

  /// Adds a transition, in place of the oldest one where there is no room.
  /// - Parameters:
  ///   - row: of what was seen before.
  ///   - seen: [rows, observations], as the network takes them.
  ///   - action: what was done.
  ///   - reward: what it brought.
  ///   - isFinal: whether nothing can come after it.
  ///   - follow: writes what was seen after it, into a row of a table.
  func add(
    _ seen: MutableTable<Float>, row: Int, action: Float, reward: Float, isFinal: Bool,
    _ follow: (MutableTable<Float>, Int) -> Void
  ) {
    for index in 0..<width { before[next * width + index] = seen[row * width + index] }
    follow(after, next)
    (actions[next], rewards[next], self.isFinal[next]) = (action, reward, isFinal ? 1 : 0)
    next = (next + 1) % capacity
    count = min(count + 1, capacity)
  }

  /// A batch of transitions.
  struct Batch {
    let before: MutableTable<Float>
    let after: MutableTable<Float>
    let actions: MutableTable<Float>
    let rewards: MutableTable<Float>
    let isFinal: MutableTable<Float>

    init(rows: Int, width: Int) throws(AIGCError) {
      before = try MutableTable(count: rows * width)
      after = try MutableTable(count: rows * width)
      actions = try MutableTable(count: rows)
      rewards = try MutableTable(count: rows)
      isFinal = try MutableTable(count: rows)
    }
  }

  /// Fills a batch with transitions drawn with replacement.
  func draw(_ batch: Batch, rows: Int, using random: inout RandomSource) {
    for row in 0..<rows {
      let place = Int(random.integer(below: UInt64(max(count, 1))))
      for index in 0..<width {
        batch.before[row * width + index] = before[place * width + index]
        batch.after[row * width + index] = after[place * width + index]
      }
      batch.actions[row] = actions[place]
      batch.rewards[row] = rewards[place]
      batch.isFinal[row] = isFinal[place]
    }
  }

  private var tables: [(name: String, table: MutableTable<Float>, width: Int)] {
    [
      ("before", before, width), ("after", after, width), ("actions", actions, 1),
      ("rewards", rewards, 1), ("final", isFinal, 1),
    ]
  }

  /// All transitions, for checkpoints.
  var progress: [NewTensor] {
    [NewTensor(name: "memory.next", shape: [], integers: [Int64(next)])]
      + tables.map { name, table, width in
        NewTensor(
          name: "memory.\(name)", shape: [count, width],
          floats: Array(table.values.prefix(count * width)))
      }
  }

  /// - Parameter space: what an agent may do.
  /// - Throws: ``/Files/AIGCError``: badInput for damage, mismatch for a memory of another size.
  func restore(
    _ progress: Checkpoint, prefix: String, of space: ActionSpace
  ) throws(AIGCError) {
    let place = try progress.tensor("\(prefix)memory.next").integers().first ?? -1
    for (name, table, width) in tables {
      let stored = try progress.tensor("\(prefix)memory.\(name)")
      guard stored.shape.count == 2, stored.shape[1] == width, stored.shape[0] <= capacity,
        name == tables[0].name || stored.shape[0] == count
      else {
        throw .mismatch("\(progress.path): memory.\(name) is of another memory")
      }
      count = stored.shape[0]
      table.copy(try stored.floats(), at: 0)
    }
    guard (0..<Int64(capacity)).contains(place), Int(place) <= count,
      (0..<count).allSatisfy({ space.contains(actions[$0]) })
    else {
      throw .badInput("\(progress.path): memory.next or memory.actions is damaged")
    }
    next = Int(place)
  }
}
