import Testing

@testable import Kernels

@Suite struct ProductTests {
  /// Shapes of one tile and of several, narrow ones, and such without values.
  @Test(arguments: [
    (130, 257, 65), (1, 300, 40), (300, 1, 40), (1, 1, 1), (5, 7, 0), (0, 4, 3), (70, 3, 200),
    (1, 2100, 260), (200, 130, 90),
  ])
  func gemmEqualsLoops(m: Int, n: Int, k: Int) {
    let (a, b) = (Floats(KernelCheck.samples(m * k, 1)), Floats(KernelCheck.samples(k * n, 2)))
    var sums = [Double](repeating: 0, count: m * n)
    let (left, right) = (a.doubles, b.doubles)
    sums.withUnsafeMutableBufferPointer { sums in
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          for i in 0..<m {
            for l in 0..<k {
              let value = left[i * k + l]
              for j in 0..<n { sums[i * n + j] += value * right[l * n + j] }
            }
          }
        }
      }
    }
    // The same operands as they lie and turned over.
    let (turnedA, turnedB) = (Floats(zeros: m * k), Floats(zeros: k * n))
    for i in 0..<m { for l in 0..<k { turnedA.base[l * m + i] = a.base[i * k + l] } }
    for l in 0..<k { for j in 0..<n { turnedB.base[j * k + l] = b.base[l * n + j] } }
    let stride = n + 3
    for flags in 0..<4 {
      for beta in [Float(0), 1] where k > 0 {
        let c = Floats(
          beta == 0
            ? [Float](repeating: .nan, count: m * stride)
            : KernelCheck.samples(m * stride, 3))
        let before = c.doubles
        gemm(
          m, n, k,
          flags & 1 == 0
            ? MatrixView(a.base, stride: k)
            : MatrixView(turnedA.base, stride: m, isTransposed: true),
          flags & 2 == 0
            ? MatrixView(b.base, stride: n)
            : MatrixView(turnedB.base, stride: k, isTransposed: true),
          beta: beta, c.base, stride: stride)
        var worst = 0.0
        for i in 0..<m {
          for j in 0..<n {
            let expected = sums[i * n + j] + (beta == 0 ? 0 : before[i * stride + j])
            let error = abs(Double(c.base[i * stride + j]) - expected)
            worst = error.isNaN ? .infinity : max(worst, error)
          }
        }
        #expect(worst <= 1e-4, "\(flags) \(beta)")
      }
    }
  }

  /// The cut into tiles covers every row and column once.
  @Test func tilesCoverTheProduct() {
    for (m, n, k) in [
      (130, 257, 65), (2048, 20, 900), (64, 5000, 256), (1, 9000, 512), (513, 511, 512),
    ] {
      let tiles = GemmTiles(m, n, k)
      let rows = tiles.count / tiles.columns
      #expect(tiles.count == rows * tiles.columns)
      #expect(tiles.height * rows >= m && tiles.height * (rows - 1) < m)
      #expect(tiles.width * tiles.columns >= n && tiles.width * (tiles.columns - 1) < n)
    }
  }

  /// More depth than one piece, a narrow last panel, both ways of lying.
  @Test(arguments: [(3, 600, 130), (7, 512, 64), (1, 1, 1), (6, 1025, 5)])
  func packedPanelsEqualLoops(rows: Int, depth: Int, columns: Int) {
    let a = Floats(KernelCheck.samples(rows * depth, 4))
    let b = Floats(KernelCheck.samples(depth * columns, 5))
    let start = Floats(KernelCheck.samples(columns, 6))
    for isTurned in [false, true] {
      let (depthStride, columnStride) = isTurned ? (1, depth) : (columns, 1)
      let panels = PackedPanels(
        depth: depth, columns: columns, b.base, depthStride: depthStride, columnStride: columnStride
      )
      #expect(panels.count == (columns + 63) / 64)
      let c = Floats([Float](repeating: .nan, count: rows * columns))
      for panel in 0..<panels.count {
        panels.multiply(
          panel: panel, rows: rows, a.base, stride: depth, start: start.base + panel * 64,
          startStride: 0, c.base + panel * 64, cStride: columns)
      }
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = Double(start.base[column])
          for k in 0..<depth {
            sum +=
              Double(a.base[row * depth + k])
              * Double(b.base[k * depthStride + column * columnStride])
          }
          #expect(abs(Double(c.base[row * columns + column]) - sum) <= 2e-4)
        }
      }
    }
  }
}

@Suite struct MemoryPoolTests {
  /// Blocks in use at the same time never overlap, around every border of the size classes.
  @Test func blocksDoNotOverlap() {
    var blocks: [(base: UnsafeMutablePointer<Float>, count: Int)] = []
    for power in 0..<17 {
      for eighth in 8..<16 {
        for offset in -1...1 {
          let count = max(0, (1 << power) * eighth / 8 + offset)
          blocks.append((MemoryPool.take(count), count))
        }
      }
    }
    for (index, block) in blocks.enumerated() {
      #expect(UInt(bitPattern: block.base) % 64 == 0)
      block.base.update(repeating: Float(index), count: block.count)
    }
    for (index, block) in blocks.enumerated() {
      let isWhole = (0..<block.count).allSatisfy { block.base[$0] == Float(index) }
      #expect(isWhole, "a block of \(block.count) values was written to from another")
    }
    let addresses = blocks.map { (UInt(bitPattern: $0.base), UInt($0.count * 4)) }.sorted {
      $0 < $1
    }
    for (lower, upper) in zip(addresses, addresses.dropFirst()) {
      #expect(lower.0 + lower.1 <= upper.0)
    }
    for block in blocks { MemoryPool.give(block.base, count: block.count) }
  }

  /// In a process of its own: the pool is shared with the tests beside this one.
  @Test func givenBlocksAreTakenAgain() async {
    await #expect(processExitsWith: .success) {
      let before = MemoryPool.byteCounts
      let first = MemoryPool.take(1000)
      let counts = MemoryPool.byteCounts
      #expect(counts.inUse >= before.inUse + 4000 && counts.inUse <= before.inUse + 4500)
      MemoryPool.give(first, count: 1000)
      #expect(MemoryPool.byteCounts.inUse == before.inUse)
      let second = MemoryPool.take(1000)
      #expect(first == second)
      let third = MemoryPool.take(1000)
      #expect(third != second)
      MemoryPool.give(second, count: 1000)
      MemoryPool.give(third, count: 1000)
      MemoryPool.trim()
      #expect(MemoryPool.byteCounts.kept == 0)
    }
  }
}

@Suite struct NormalNumbersTests {
  @Test func momentsAreNormal() {
    var random = RandomSource(seed: 3)
    let count = 100_000
    var sums = (0.0, 0.0, 0.0, 0.0)
    for _ in 0..<count {
      let x = random.normal()
      sums.0 += x
      sums.1 += x * x
      sums.2 += x * x * x
      sums.3 += x * x * x * x
    }
    let n = Double(count)
    #expect(abs(sums.0 / n) < 0.015)
    #expect(abs(sums.1 / n - 1) < 0.02)
    #expect(abs(sums.2 / n) < 0.05)
    #expect(abs(sums.3 / n - 3) < 0.15)
  }

  /// They go into checkpoints and seeds: they must never change.
  @Test func stateSaysAll() {
    var random = RandomSource(seed: 8)
    _ = random.normal()
    var restored = RandomSource(state: random.state)
    #expect((0..<10).allSatisfy { _ in random.normal() == restored.normal() })
  }
}
