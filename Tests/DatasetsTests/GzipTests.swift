import Archives
import Datasets
import Files
import Glibc
import TestSupport
import Testing

@Suite struct GzipTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws { temporary = try TemporaryFolder() }

  private func packed(_ bytes: [UInt8], level: Int = 6) throws -> [UInt8] {
    let path = "\(folder)/packed-\(UInt64.random(in: 0...UInt64.max)).gz"
    let writer = try GzipWriter(path: path, level: level)
    var start = 0
    while start < bytes.count {
      let size = min(bytes.count - start, start % 3 == 0 ? 200_000 : 777)
      try writer.write(Array(bytes[start..<start + size]))
      start += size
    }
    try writer.commit(sync: false)
    return try TestSupport.bytes(path)
  }

  private func array(_ table: Table<UInt8>) -> [UInt8] { table.withUnsafeBuffer { Array($0) } }

  private func sample(_ size: Int) -> [UInt8] {
    var random = TestRandom(state: UInt64(size))
    return (0..<size).map { _ in UInt8.random(in: 97..<105, using: &random) }
  }

  @Test(arguments: [1, 2, 1000, 700_000]) func whatIsWrittenIsRead(_ size: Int) throws {
    let text = sample(size)
    for level in [1, 6, 9] {
      let path = try temporary.write("a.gz", packed(text, level: level))
      #expect(try array(readText(path: path)) == text)
      let reader = try GzipReader(path: path)
      #expect(reader.isCompressed)
      var pieces: [UInt8] = []
      while true {
        let piece = try reader.read(1 + size / 7)
        if piece.isEmpty { break }
        pieces += piece
      }
      #expect(pieces == text)
      #expect(try reader.read().isEmpty)
    }
  }

  @Test func sameContentSameFile() throws {
    let text = sample(5000)
    #expect(try packed(text) == packed(text))
    #expect(try packed(text).count < text.count)
  }

  @Test func plainFilesComeAsTheyAre() throws {
    for text: [UInt8] in [[97], [0x1F], [0x1F, 97], sample(600_000)] {
      let path = try temporary.write("plain.txt", text)
      #expect(try array(readText(path: path)) == text)
      let reader = try GzipReader(path: path)
      #expect(!reader.isCompressed)
      #expect(try reader.read(text.count + 1) == text)
    }
  }

  @Test func membersFollowEachOther() throws {
    let first = sample(300_000)
    let second = sample(10)
    let members = try packed(first) + packed([]) + packed(second)
    let path = try temporary.write("many.gz", members)
    #expect(try array(readText(path: path)) == first + second)
    let padded = try temporary.write("padded.gz", members + [UInt8](repeating: 0, count: 300_000))
    #expect(try array(readText(path: padded)) == first + second)
  }

  @Test func everyTruncationIsFound() throws {
    let whole = try packed(sample(300))
    for size in 2..<whole.count {
      let path = try temporary.write("cut.gz", Array(whole[..<size]))
      #expect(
        refusal { _ = try readText(path: path) }?.line == "3 \(path): the gzip data is truncated")
    }
    let twice = whole + whole
    let path = try temporary.write("cut2.gz", Array(twice.dropLast(5)))
    #expect(refusal { _ = try readText(path: path) }?.line.contains("truncated") == true)
  }

  @Test func everyFlippedByteOfTheDataIsFound() throws {
    let whole = try packed(sample(400))
    // Behind the header of ten bytes, of which time, flags and system may be anything.
    for index in 10..<whole.count {
      var damaged = whole
      damaged[index] ^= 0x55
      let path = try temporary.write("damaged.gz", damaged)
      let refused = refusal { _ = try readText(path: path) }?.line
      #expect(refused?.hasPrefix("3 \(path): ") == true, "byte \(index)")
    }
    let path = try temporary.write("tail.gz", whole + [1, 2, 3])
    #expect(
      refusal { _ = try readText(path: path) }?.line.contains("no gzip member at byte") == true)
    let fake = try temporary.write("fake.gz", [0x1F, 0x8B] + sample(100))
    #expect(refusal { _ = try readText(path: fake) }?.line.contains("damaged gzip data") == true)
  }

  @Test func whatIsNoTextIsRefused() throws {
    let empty = try temporary.write("empty.txt", [])
    #expect(refusal { _ = try readText(path: empty) }?.line == "3 \(empty): the file is empty")
    let packedEmpty = try temporary.write("empty.gz", packed([]))
    #expect(
      refusal { _ = try readText(path: packedEmpty) }?.line == "3 \(packedEmpty): the file is empty"
    )
    #expect(
      refusal { _ = try readText(path: folder) }?.line
        == "3 \(folder): a directory, a file is needed")
    #expect(
      refusal { _ = try GzipReader(path: folder) }?.line
        == "3 \(folder): a directory, a file is needed")
    let missing = "\(folder)/none.txt"
    #expect(
      refusal { _ = try readText(path: missing) }?.line == "3 \(missing): No such file or directory"
    )
    #expect(refusal { _ = try TextReader(path: missing) }?.line.hasPrefix("3 ") == true)
    #expect(refusal { _ = try GzipWriter(path: "\(folder)/no/a.gz") }?.line.hasPrefix("1 ") == true)
  }

  @Test func pipesAreRead() throws {
    let path = "\(folder)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    // Open for reading and writing, so that neither side waits for the other.
    let descriptor = open(path, O_RDWR)
    defer { close(descriptor) }
    let text = Array("a line\n".utf8)
    #expect(Glibc.write(descriptor, text, text.count) == text.count)
    let reader = try GzipReader(path: path)
    #expect(try reader.read(text.count) == text)
  }

  @Test func textComesInPiecesOfLines() throws {
    let lines = (0..<200).map { String(repeating: "x", count: $0 * 7 % 50) + "\n" }
    let text = Array((lines.joined() + "end").utf8)
    for path in [
      try temporary.write("lines.txt", text), try temporary.write("lines.gz", packed(text)),
    ] {
      for size in [1, 10, 49, 500, 100_000] {
        let reader = try TextReader(path: path, pieceSize: size)
        var all: [UInt8] = []
        while let piece = try reader.next() {
          all += array(piece)
          #expect(piece[piece.count - 1] == 10 || all.count == text.count)
        }
        #expect(all == text)
        #expect(try reader.next() == nil)
      }
    }
    let reader = try TextReader(path: temporary.write("even.txt", "a\nb\n"), pieceSize: 2)
    var count = 0
    while try reader.next() != nil { count += 1 }
    #expect(count == 2)
  }

  /// 80 MB of zeros in 80 kB.
  @Test func whatGrowsAThousandfoldIsRefused() throws {
    let path = "\(folder)/bomb.gz"
    let writer = try GzipWriter(path: path, level: 9)
    for _ in 0..<80 { try writer.write([UInt8](repeating: 0, count: 1 << 20)) }
    try writer.commit(sync: false)
    for read in [
      { _ = try readText(path: path) },
      {
        let reader = try TextReader(path: path); while try reader.next() != nil {}
      },
    ] as [() throws -> Void] {
      let error = #expect(throws: AIGCError.self) { try read() }
      #expect(error?.code == .badInput)
      #expect(error?.description.contains("more than 100 times its size") == true)
    }
  }
}
