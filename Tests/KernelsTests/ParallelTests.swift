import Files
import Synchronization
import Testing

@testable import Kernels

@Suite struct ParallelTests {
  /// Many short jobs from several threads: a worker that kept a closure after its job would trap.
  @Test func shortJobsFromManyThreads() async {
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let sum = Atomic<Int>(0)
          for _ in 0..<3000 { parallelFor(5) { sum.add($0, ordering: .relaxed) } }
          return sum.load(ordering: .relaxed)
        }
      }
      for await sum in group { #expect(sum == 30_000) }
    }
  }

  @Test func nestedLoopsFinish() {
    let count = Atomic<Int>(0)
    parallelFor(8) { _ in parallelFor(8) { _ in count.add(1, ordering: .relaxed) } }
    #expect(count.load(ordering: .relaxed) == 64)
  }

  @Test func blocksCoverTheRange() throws {
    let seen = try MutableTable<UInt8>(count: 1003)
    parallelBlocks(1003, size: 10) { first, end in
      for index in first..<end { seen[index] += 1 }
    }
    let table = seen.frozen()
    #expect(table.indices.allSatisfy { table[$0] == 1 })
    parallelBlocks(0, size: 10) { _, _ in Issue.record("an empty range has no blocks") }
  }
}

@Suite struct WindowSorterTests {
  /// Windows of a random stream, sorted and shared lengths counted the plain way.
  @Test(arguments: [(1, 5), (2, 3), (5, 4), (7, 300), (20, 70_000)])
  func equalsPlainSort(order: Int, vocabulary: Int) throws {
    var random = RandomSource(seed: 5)
    let tokens = (0..<3000).map { _ in
      UInt32(
        1 + random.integer(below: UInt64(min(vocabulary - 1, 1 + Int(random.integer(below: 40))))))
    }
    let sorter = WindowSorter(
      tokens: try Table(tokens), order: order, endToken: 2, vocabularySize: vocabulary)
    let (positions, starts) = try sorter.positionsByToken(vocabularySize: vocabulary)
    let shared = try MutableTable<UInt8>(count: tokens.count)
    for id in 0..<vocabulary { sorter.sort(positions, starts[id]..<starts[id + 1], shared: shared) }
    func window(_ position: Int) -> [UInt32] {
      var result: [UInt32] = []
      for token in tokens[position...].prefix(order) {
        result.append(token)
        if token == 2 { break }
      }
      return result
    }
    for rank in 1..<tokens.count {
      let (before, own) = (window(Int(positions[rank - 1])), window(Int(positions[rank])))
      #expect(!own.lexicographicallyPrecedes(before))
      let common = zip(before, own).prefix { $0 == $1 }.count
      let expected = before == own ? Int(WindowSorter.identical) : common
      #expect(Int(shared[rank]) == (common == 0 ? 0 : expected))
    }
  }
}

@Suite struct RandomSourceTests {
  /// First numbers of xoshiro256** seeded by SplitMix64: they must never change.
  @Test func isReproducible() {
    var (a, b) = (RandomSource(seed: 42), RandomSource(seed: 42))
    #expect((0..<100).allSatisfy { _ in a.next() == b.next() })
    var c = RandomSource(seed: 42, stream: 1)
    #expect(a.next() != c.next())
    #expect((0..<1000).allSatisfy { _ in c.integer(below: 7) < 7 })
  }
}
