import TestSupport
import Testing

@testable import Files

@Suite struct TableViewTests {
  @Test func elementsAreThoseOfTheTable() throws {
    let table = try Table<UInt32>([3, 1, 4])
    let view = TableView(table)
    #expect(view.count == 3 && view.indices == 0..<3)
    #expect(view.indices.map { view[$0] } == [3, 1, 4])
    #expect(view.address(of: 2)?.pointee == 4)
    #expect(view.address(of: 3) == nil && view.address(of: -1) == nil)
    withExtendedLifetime(table) {}
  }

  /// What leaves memory is there when it is read again: a file's bytes from the file; other memory never leaves.
  @Test func releasedPagesComeBack() throws {
    let values = (0..<1 << 18).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
    let folder = try TemporaryFolder()
    let bytes = values.flatMap { value in (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }
    let file = try MappedFile(path: try folder.write("values", bytes))
    for range in [0..<values.count, 1..<values.count, 100..<3000, 5..<6] {
      let table: Table<UInt32> = try file.table(at: range.lowerBound * 4, count: range.count)
      let memory = try Table([UInt32](values[range]))
      table.releasePages()
      memory.releasePages()
      #expect(Array(table) == Array(values[range]) && Array(memory) == Array(values[range]))
    }
  }
}
