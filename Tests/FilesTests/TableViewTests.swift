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
}
