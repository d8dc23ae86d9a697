import Files
import Testing

@testable import Datasets

@Suite struct ByteCursorTests {
  private let bytes = Array("ab\u{E9}c\nde fg \u{1F600}".utf8)

  @Test func readsWhatTheBlockHolds() throws {
    let table = try Table(bytes)
    #expect(table.end - table.start == bytes.count && table.start < table.end)
    bytes.withCursors { start, end in
      #expect(end - start == bytes.count)
      var place = start
      for (index, byte) in bytes.enumerated() {
        #expect(place.byte == byte && start[index] == byte && end[index - bytes.count] == byte)
        place += 1
      }
      #expect(place == end && place - 1 < end)
      place -= bytes.count
      #expect(place == start)
      #expect(start.word == bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      #expect(start.bytes(3) == Array(bytes[..<3]) && end.bytes(0) == [])
      var copy: [UInt8] = [1]
      copy.append(start + 2, count: 4)
      #expect(copy == [1] + bytes[2..<6])
    }
    bytes[4...].withCursors { start, end in
      #expect(start.byte == bytes[4] && end - start == bytes.count - 4)
    }
    [UInt8]().withCursors { start, end in
      #expect(start == end && start.first(10, before: end) == nil && start.bytes(0) == [])
    }
  }

  @Test func findsBytesAndCharacters() {
    bytes.withCursors { start, end in
      #expect(start.first(10, before: end).map { $0 - start } == bytes.firstIndex(of: 10))
      #expect(start.first(0, before: end) == nil && start.first(10, before: start + 5) == nil)
      #expect((start + 2).scalar(before: end) == (0xE9, 2))
      #expect((start + 3).scalar(before: end).length == 0)
      #expect((end - 4).scalar(before: end) == (0x1F600, 4))
      #expect((end - 4).scalar(before: end - 1).length == 0)
      var (a, b) = (Hasher(), Hasher())
      start.hash(5, into: &a)
      bytes[..<5].withUnsafeBytes { b.combine(bytes: $0) }
      #expect(a.finalize() == b.finalize())
    }
  }

  @Test func keepsATable() {
    let kept = ByteCursor(keeping: bytes)
    #expect(kept.bytes(bytes.count) == bytes)
  }

  #if DEBUG
    @Test func stopsAtReadsOutsideOfTheBlock() async {
      await #expect(processExitsWith: .failure) {
        [UInt8](repeating: 0, count: 9).withCursors { _, end in _ = end.byte }
      }
      await #expect(processExitsWith: .failure) {
        [UInt8](repeating: 0, count: 9).withCursors { start, _ in _ = start[-1] }
      }
      await #expect(processExitsWith: .failure) {
        [UInt8](repeating: 0, count: 9).withCursors { start, _ in _ = (start + 2).word }
      }
      await #expect(processExitsWith: .failure) {
        [UInt8](repeating: 0, count: 9).withCursors { start, _ in _ = start.bytes(10) }
      }
    }
  #endif
}
