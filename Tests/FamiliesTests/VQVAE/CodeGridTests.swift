import Datasets
import Files
import Kernels
import TestSupport
import Testing

@testable import Families

@Suite struct CodeGridTests {
  private static let (entries, height, width) = (24, 5, 6)
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Grids in which codes often follow from a neighbour or from their place, in two ways.
  private func grids(_ count: Int, seed: UInt64) -> [Int32] {
    var random = RandomSource(seed: seed)
    var codes: [Int32] = []
    for _ in 0..<count {
      let isOdd = random.integer(below: 2) == 1
      for place in 0..<Self.height * Self.width {
        let left = place % Self.width == 0 ? 0 : codes[codes.count - 1]
        let up = place < Self.width ? 0 : codes[codes.count - Self.width]
        let entries = Int32(Self.entries)
        switch random.integer(below: 10) {
        case 0..<3: codes.append((left + 1) % entries)
        case 3..<5: codes.append((up + 2) % entries)
        case 5..<9: codes.append(Int32(isOdd ? place : 2 * place + 5) % entries)
        default: codes.append(Int32(random.integer(below: UInt64(Self.entries))))
        }
      }
    }
    return codes
  }

  private func model(_ codes: [Int32]) -> CodeGridModel {
    CodeGridModel(entries: Self.entries, height: Self.height, width: Self.width, codes: codes)
  }

  @Test func codesComeBackAtTheirEntropy() throws {
    let model = model(grids(3000, seed: 1))
    let codes = grids(300, seed: 2)
    let bytes = model.encoded(codes)
    #expect(try model.decoded(Table(bytes), grids: 300, name: "x") == codes)
    let bits = model.bits(of: codes)
    #expect(Double(8 * bytes.count) < 1.01 * bits + 40)
    // Without what is known of others a code costs 4.58 bits; what it costs at least is 1.9 for the way
    // it comes about and 0.46 for the free ones.
    let perCode = bits / Double(codes.count)
    #expect(perCode > 2.3 && perCode < 3.3, "\(perCode)")
    for threads in [1, 4] {
      let before = Threads.count
      Threads.count = threads
      defer { Threads.count = before }
      #expect(model.encoded(codes) == bytes)
    }
  }

  @Test func unseenCodesCanBeCoded() throws {
    let model = model([Int32](repeating: 3, count: Self.height * Self.width))
    let codes = grids(5, seed: 9)
    #expect(try model.decoded(Table(model.encoded(codes)), grids: 5, name: "x") == codes)
    let none = self.model([])
    #expect(try none.decoded(Table(none.encoded(codes)), grids: 5, name: "x") == codes)
    #expect(try none.decoded(Table(none.encoded([])), grids: 0, name: "x") == [])
  }

  @Test func drawnGridsAreLikeTheData() {
    let model = model(grids(3000, seed: 1))
    var random = RandomSource(seed: 4)
    var drawn: [Int32] = []
    for _ in 0..<300 {
      let normals = (0..<Self.height * Self.width).map { _ in Float(random.normal()) }
      let grid = model.drawn(normals)
      #expect(grid == model.drawn(normals))
      drawn += grid
    }
    let (own, data) = (model.bits(of: drawn), model.bits(of: grids(300, seed: 5)))
    #expect(abs(own / data - 1) < 0.15, "\(own) \(data)")
    #expect(model.drawn([Float](repeating: 40, count: 30)).allSatisfy { $0 < Self.entries })
  }

  @Test func fileComesBackAndDamageIsTold() throws {
    let model = model(grids(200, seed: 1))
    let path = folder.file("grid")
    try model.write(to: path)
    let read = try CodeGridModel(path: path)
    let codes = grids(50, seed: 2)
    #expect(read.encoded(codes) == model.encoded(codes))
    let bytes = try bytes(path)
    for index in stride(from: 0, to: bytes.count, by: 7) {
      var changed = bytes
      changed[index] ^= 4
      for damaged in [changed, Array(bytes[..<index])] {
        try write(damaged, to: path)
        #expect(throws: AIGCError.self) { try CodeGridModel(path: path) }
      }
    }
  }
}
