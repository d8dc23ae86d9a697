import Files
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct HostileTorchTests {
  /// A stored zip of torch.save's shape around a pickle.
  private func zip(_ pickle: [UInt8], _ storages: [String: [UInt8]] = [:]) -> [UInt8] {
    zipFile(
      [("a/data.pkl", pickle)]
        + storages.sorted { $0.key < $1.key }.map { ("a/data/\($0.key)", $0.value) })
  }

  private func zipFile(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in entries {
      let offset = UInt32(file.count)
      let sizes = littleEndian(UInt32(data.count)) + littleEndian(UInt32(data.count))
      let common: [UInt8] =
        [20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + sizes
        + littleEndian(UInt16(name.utf8.count)) + [0, 0]
      file += Array("PK\u{3}\u{4}".utf8) + common + Array(name.utf8) + data
      directory += Array("PK\u{1}\u{2}".utf8) + [20, 0] + common
      directory += [UInt8](repeating: 0, count: 10) + littleEndian(offset) + Array(name.utf8)
    }
    let count = littleEndian(UInt16(entries.count))
    return file + directory + Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0] + count + count
      + littleEndian(UInt32(directory.count)) + littleEndian(UInt32(file.count)) + [0, 0]
  }

  private func open(_ bytes: [UInt8]) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    return try readAll(folder.write("x.pth", bytes))
  }

  private let tensorCode = Array("ctorch._utils\n_rebuild_tensor_v2\n".utf8)

  /// {'t': a tensor} in protocol 2, with numbers of our choice.
  private func tensorPickle(
    count: Int32, offset: Int32 = 0, shape: [Int32], strides: [Int32], key: String = "0"
  ) -> [UInt8] {
    func number(_ value: Int32) -> [UInt8] { [UInt8(ascii: "J")] + littleEndian(value) }
    func tuple(_ values: [Int32]) -> [UInt8] {
      [UInt8(ascii: "(")] + values.flatMap(number) + [UInt8(ascii: "t")]
    }
    func text(_ text: String) -> [UInt8] {
      [UInt8(ascii: "X")] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
    }
    let storage =
      Array("((".utf8) + text("storage") + Array("ctorch\nFloatStorage\n".utf8) + text(key)
      + text("cpu") + number(count) + Array("tQ".utf8)
    return [0x80, 2] + Array("}".utf8) + text("t") + tensorCode + storage + number(offset)
      + tuple(shape) + tuple(strides) + [0x89] + Array("}tRs.".utf8)
  }

  private let floats = [UInt8](repeating: 0x3F, count: 24)

  @Test func soundTensor() throws {
    let file = zip(tensorPickle(count: 6, shape: [2, 3], strides: [3, 1]), ["0": floats])
    #expect(try open(file).tensor("t").count == 6)
    let expanded = zip(tensorPickle(count: 6, shape: [16, 6], strides: [0, 1]), ["0": floats])
    #expect(try open(expanded).tensor("t").floats().count == 96)
  }

  @Test func hostileTensors() throws {
    for pickle in [
      tensorPickle(count: 7, shape: [7], strides: [1]),
      tensorPickle(count: -1, shape: [1], strides: [1]),
      tensorPickle(count: 6, offset: -1, shape: [1], strides: [1]),
      tensorPickle(count: 6, offset: 5, shape: [2], strides: [1]),
      tensorPickle(count: 6, offset: .max, shape: [1], strides: [1]),
      tensorPickle(count: 6, offset: 6, shape: [], strides: []),
      tensorPickle(count: 6, shape: [-2], strides: [1]),
      tensorPickle(count: 6, shape: [2], strides: [-1]),
      tensorPickle(count: 6, shape: [2, 3], strides: [1]),
      tensorPickle(count: 6, shape: [2, 3], strides: [.max, .max]),
      tensorPickle(count: 6, shape: [.max, .max, .max, .max], strides: [0, 0, 0, 0]),
      tensorPickle(count: 6, shape: [.max], strides: [0]),
      tensorPickle(count: 6, shape: [100, 100], strides: [0, 0]),
      tensorPickle(
        count: 6, shape: .init(repeating: 1, count: 65), strides: .init(repeating: 1, count: 65)),
      tensorPickle(count: 6, shape: [6], strides: [1], key: "1"),
      tensorPickle(count: 6, shape: [6], strides: [1], key: "../0"),
    ] {
      refuses { _ = try open(zip(pickle, ["0": floats])) }
    }
  }

  /// os.system is a name here, its call a record: nothing runs, and the tensors beside it are read.
  @Test func callsAreInert() throws {
    let folder = try TemporaryFolder()
    let call = Array("cposix\nsystem\n(S'touch \(folder.file("ran"))'\ntR".utf8)
    var pickle = tensorPickle(count: 6, shape: [6], strides: [1])
    pickle.removeLast()
    pickle += Array("S'x'\n".utf8) + call + Array("s.".utf8)
    let checkpoint = try open(zip(pickle, ["0": floats]))
    #expect(checkpoint.tensors.map { $0.name } == ["t"])
    // Alone, with BUILD, as INST, as OBJ, as NEWOBJ.
    for pickle in [
      call + Array(".".utf8), call + Array("}S'a'\nI1\nsb.".utf8),
      Array("(S'touch \(folder.file("ran"))'\niposix\nsystem\n.".utf8),
      Array("(cposix\nsystem\nS'touch \(folder.file("ran"))'\no.".utf8),
      Array(
        "cposix\nsystem\n(S'touch \(folder.file("ran"))'\nt\u{81}.".unicodeScalars.map {
          UInt8($0.value)
        }),
    ] {
      #expect(try open(zip(pickle)).tensors.isEmpty)
    }
    #expect(!fileExists(folder.file("ran")))
  }

  @Test(
    arguments: [
      [], [0x80], [0x80, 6], [0x80, 2], [0x80, 2, 0x2E], [0x80, 2, 0xFF], [0x80, 2, 0x74, 0x2E],
      // Lengths: LONG4, BINUNICODE8, BINBYTES8, BINSTRING below zero, LONG1.
      [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0x7F], [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x80, 4, 0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x80, 4, 0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x80, 4, 0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x80, 4, 0x54, 0xFF, 0xFF, 0xFF, 0xFF], [0x80, 4, 0x8A, 0xFF],
      // Marks, memo, containers that are not there; a value below a mark; keys without values.
      [0x31, 0x2E], [0x68, 1, 0x2E], [0x6A, 1, 0, 0, 0, 0x2E], [0x4E, 0x65, 0x2E],
      [0x4E, 0x28, 0x2E],
      [0x7D, 0x28, 0x4E, 0x75, 0x2E], [0x4E, 0x4E, 0x61, 0x2E], [0x30, 0x2E], [0x28, 0x6F, 0x2E],
      // REDUCE without a tuple, STACK_GLOBAL of numbers, lines without an end, numbers that are none.
      [0x4E, 0x4E, 0x52, 0x2E], [0x4E, 0x4E, 0x93, 0x2E], [0x63, 0x61], [0x46, 0x78, 0x0A, 0x2E],
      [0x70, 0x78, 0x0A, 0x2E],
    ] as [[UInt8]])
  func wrongPickles(pickle: [UInt8]) throws {
    refuses { _ = try open(zip(pickle)) }
    if pickle.first == 0x80 { refuses { _ = try open(pickle) } }
  }

  @Test func deepAndCircular() throws {
    let many = 300_000
    // N and a million tuples around it; lists in lists; marks; a list in itself; dictionaries.
    refuses { _ = try open(zip([0x4E] + [UInt8](repeating: 0x85, count: many) + [0x2E])) }
    let lists = [UInt8](repeating: 0x5D, count: many) + [UInt8](repeating: 0x61, count: many - 1)
    refuses { _ = try open(zip(lists + [0x2E])) }
    refuses { _ = try open(zip([UInt8](repeating: 0x28, count: many))) }
    #expect(throws: Never.self) {
      try open(zip([UInt8](repeating: 0x7D, count: many) + [0x2E]))
    }
    refuses { _ = try open(zip(Array("]q\u{1}h\u{1}a.".utf8))) }
    refuses { _ = try open(zip(Array("}q\u{1}S'a'\nh\u{1}s.".utf8))) }
    // A list of two of a list of two …: 2⁵⁰ visits.
    var laughs = Array("]".utf8)
    for _ in 0..<50 { laughs += [0x71, 0, 0x30] + Array("](h\u{0}h\u{0}e".utf8) }
    refuses { _ = try open(zip(laughs + [0x2E])) }
    // A long key, 60 deep.
    var key = Array("X".utf8) + littleEndian(UInt32(100_000))
    key += [UInt8](repeating: 0x61, count: 100_000) + [0x71, 0, 0x30]
    var nested = key + [0x4E, 0x71, 1, 0x30]
    for _ in 0..<60 { nested += Array("}h\u{0}h\u{1}sq\u{1}0".utf8) }
    refuses { _ = try open(zip(nested + Array("h\u{1}.".utf8))) }
  }

  @Test func manyViewsOfOneStorage() throws {
    let storage = [UInt8](repeating: 0, count: 1 << 22)
    var pickle = tensorPickle(count: 1 << 20, shape: [1 << 20], strides: [1])
    // The tensor is remembered and put into the dictionary once more for each name.
    pickle.removeLast(2)
    pickle += [0x71, 0, 0x73]
    for index in 0..<80 { pickle += Array("S'n\(index)'\nh\u{0}s".utf8) }
    let message = refuses { _ = try open(zip(pickle + [0x2E], ["0": storage])) }
    #expect(message.contains("views of the same few values"))
  }

  @Test func hostileZips() throws {
    let sound = zip(tensorPickle(count: 6, shape: [6], strides: [1]), ["0": floats])
    let empty = Array("PK\u{3}\u{4}".utf8)
    refuses { _ = try open(empty) }
    refuses { _ = try open(zipFile([])) }
    refuses { _ = try open(zipFile([("a/other", [1])])) }
    refuses {
      _ = try open(zipFile([("a/data.pkl", [0x4E, 0x2E]), ("a/data.pkl", [0x4E, 0x2E])]))
    }
    // The end record's fields, and the directory's, one by one.
    let start = sound.count - 22
    for (place, size) in [(10, 2), (16, 4)] {
      var file = sound
      for index in 0..<size { file[start + place + index] = 0xFF }
      refuses { _ = try open(file) }
    }
    let directory = Int(sound[start + 16]) + Int(sound[start + 17]) << 8
    for place in [0, 8, 10, 20, 24, 28, 30, 42] {
      var file = sound
      for index in 0..<(place > 30 || (20...24).contains(place) ? 4 : 2) {
        file[directory + place + index] = 0xFF
      }
      refuses([.badInput], "\(place)") { _ = try open(file) }
    }
  }

  /// The 64-bit extension, whose numbers count where the 32-bit ones are full.
  @Test func zip64() throws {
    let sound = zip(tensorPickle(count: 6, shape: [6], strides: [1]), ["0": floats])
    let end = sound.count - 22
    let start = Int(sound[end + 16]) + Int(sound[end + 17]) << 8
    var directory: [UInt8] = []
    var place = start
    while place < end {
      let name = Int(sound[place + 28])
      var head = Array(sound[place..<place + 46])
      let (size, offset) = (Array(head[24..<28]), Array(head[42..<46]))
      for index in Array(20..<28) + Array(42..<46) { head[index] = 0xFF }
      head[30] = 28
      let zeros: [UInt8] = [0, 0, 0, 0]
      let extra = [1, 0, 24, 0] + size + zeros + size + zeros + offset + zeros
      directory += head + sound[place + 46..<place + 46 + name] + extra
      place += 46 + name
    }
    func file(count: UInt64, offset: UInt64, record: Int) -> [UInt8] {
      var file = Array(sound[..<start]) + directory
      file += Array("PK\u{6}\u{6}".utf8) + [UInt8](repeating: 0, count: 20) + littleEndian(count)
      file += littleEndian(count) + littleEndian(UInt64(directory.count)) + littleEndian(offset)
      file +=
        Array("PK\u{6}\u{7}".utf8) + [0, 0, 0, 0] + littleEndian(UInt64(record)) + [1, 0, 0, 0]
      file += Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 12)
      return file + [0, 0]
    }
    let record = start + directory.count
    let whole = file(count: 2, offset: UInt64(start), record: record)
    #expect(try open(whole).tensor("t").count == 6)
    for wrong in [
      file(count: 2, offset: .max, record: record), file(count: .max, offset: 0, record: record),
      file(count: 3, offset: UInt64(start), record: record),
      file(count: 2, offset: UInt64(start), record: .max), file(count: 2, offset: 1, record: 0),
    ] {
      refuses { _ = try open(wrong) }
    }
    for index in start..<record {
      var changed = whole
      changed[index] = 0xFF
      do { _ = try open(changed) } catch let error as AIGCError { #expect(error.code == .badInput) }
    }
  }

  /// Packed zeros whose size is said to be what it is, more than deflate can give, or less.
  @Test func zipBombs() throws {
    let file = try bytes(fixture("deflated.pth"))
    var sizes = 0
    for offset in 0..<file.count - 46 where Array(file[offset..<offset + 4]) == [0x50, 0x4B, 1, 2] {
      let size = Int(file[offset + 24]) + Int(file[offset + 25]) << 8
      guard size > 64 else { continue }
      for wrong in [UInt32.max - 1, 1 << 30, UInt32(size) + 1, UInt32(size) - 1] {
        var changed = file
        changed.replaceSubrange(offset + 24..<offset + 28, with: littleEndian(wrong))
        refuses([.badInput], "\(size) as \(wrong)") { _ = try open(changed) }
      }
      sizes += 1
    }
    #expect(sizes == 2)
  }

  @Test(arguments: [
    "zip.pth", "zip-legacy.pth", "deflated.pth", "descriptors.pth", "protocol4-legacy.pth",
    "training-legacy.pth",
  ])
  func cutFiles(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try bytes(fixture(name))
    for length in 0..<whole.count {
      let path = try folder.write("cut.pth", Array(whole.prefix(length)))
      // An old file of which only bytes after the last storage are missing is whole.
      refuses([.badInput], "\(length)") { try readAll(path) }
    }
  }
}
