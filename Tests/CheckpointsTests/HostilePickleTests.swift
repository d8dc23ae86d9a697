import Files
import TestSupport
import Testing

@testable import Checkpoints

/// Pickles of a few kilobytes when packed that ask for minutes or gigabytes: what is made of them stays in
/// proportion to the file.
@Suite struct HostilePickleTests {
  private func tree(_ pickle: [UInt8], fileSize: Int) throws -> (tree: TorchTree, pickle: Pickle) {
    var unpickler = Unpickler(try Table(pickle), place: "x.pth", fileSize: fileSize)
    let values = try unpickler.load()
    return (try TorchTree(values, place: "x.pth", size: fileSize), values)
  }

  private func repeated(_ text: String, _ count: Int) -> [UInt8] {
    [UInt8]((0..<count).map { _ in Array(text.utf8) }.joined())
  }

  private let start: [UInt8] = [0x80, 2]

  /// Items of one container, put there in many small steps.
  @Test func itemsInContainersCount() throws {
    func steps(_ first: String, _ middle: String, _ last: String) -> [UInt8] {
      repeated("(" + first + String(repeating: middle, count: 5000) + last, 60)
    }
    var memo: [UInt8] = []
    for index in 0..<90_000 {
      memo += [0x4E, 0x72]
      memo += littleEndian(UInt32(index))
      memo.append(0x30)
    }
    let none: [UInt8] = [0x4E]
    let pickles: [[UInt8]] = [
      [0x5D] + steps("", "N", "e"), [0x7D] + steps("", "N", "u"), steps("", ")", "1") + none,
      memo + none, steps("S'a'\n", "2", "1") + none,
    ]
    for pickle in pickles {
      let whole = start + pickle + [0x2E]
      let message = refuses { _ = try tree(whole, fileSize: 61_000) }
      #expect(message.contains("more than 244000 values in a file of this size"))
      #expect(throws: Never.self) { try tree(whole, fileSize: 5_000_000) }
    }
  }

  /// One long text as the key of each of many members would be compared as often.
  @Test func longKeysAreRefused() throws {
    let key =
      [UInt8(ascii: "X")] + littleEndian(UInt32(5000)) + repeated("k", 5000) + [0x71, 0, 0x30]
    let members = [[UInt8]](repeating: [0x68, 0, 0x4E], count: 9).joined()
    let pickle = start + key + [0x7D, 0x28] + members + [0x75, 0x2E]
    #expect(
      refuses { _ = try tree(pickle, fileSize: 9000) }.contains("the name of a value is too long"))
  }

  private let visits: [UInt8] =
    [0x68, 1, 0x28] + [[UInt8]](repeating: [0x68, 0], count: 8000).joined() + [0x65, 0x2E]

  /// A container that is remembered and then 8,000 times the item of a list.
  private func visited(_ container: [UInt8]) -> [UInt8] {
    start + Array("]q\u{1}".utf8) + container + [0x71, 0, 0x30] + visits
  }

  /// A dictionary of one key many times over, looked at many times.
  @Test func repeatedKeysAreReadOnce() throws {
    let keys = repeated("(" + String(repeating: "U\u{1}aN", count: 4000) + "u", 5)
    let maker = Array("cfoo\nBar\n)R".utf8)
    let parameters = Array("}U\u{b}_parametersNs".utf8)
    let ordered = Array("ccollections\nOrderedDict\n)R".utf8)
    let build = Array("b".utf8)
    let containers: [[UInt8]] = [
      [0x7D] + keys, maker + [0x7D] + keys + build, maker + parameters + keys + build,
      ordered + keys,
    ]
    for container in containers {
      let pickle = visited(container)
      let time = try ContinuousClock().measure {
        let (tree, values) = try tree(pickle, fileSize: 100_000)
        #expect(tree.found.isEmpty)
        #expect(values.objects.allSatisfy { $0.members.count <= 4 })
      }
      #expect(time < .seconds(20))
    }
  }

  /// What a visit passes over counts as well: keys that differ, pairs that are none, states of lists.
  @Test func whatIsPassedOverCounts() throws {
    var keys: [UInt8] = []
    for index in 0..<8000 {
      keys.append(UInt8(ascii: "J"))
      keys += littleEndian(Int32(index))
      keys.append(0x4E)
    }
    let others = repeated("N", 8000)
    let pairs = Array("ccollections\nOrderedDict\n](".utf8) + others + [0x65, 0x85, 0x52]
    let state = Array("cfoo\nBar\n)R(".utf8) + repeated("]", 8000) + Array("tb".utf8)
    let arguments = Array("cfoo\nBar\n(".utf8) + others + Array("tR".utf8)
    let members: [UInt8] = [0x7D, 0x28] + keys + [0x75]
    for container in [members, pairs, state, arguments] {
      let message = refuses { _ = try tree(visited(container), fileSize: 100_000) }
      #expect(message.contains("too many times"))
    }
  }

  @Test func lastValueAtTheFirstPlace() throws {
    let pickle = start + Array("}(U\u{1}aK\u{1}U\u{1}bK\u{2}U\u{1}aK\u{3}u.".utf8)
    let (tree, values) = try tree(pickle, fileSize: 1000)
    #expect(values[0].members == [.string("a"), .int(3), .string("b"), .int(2)])
    #expect(tree.metadata == ["a": "3", "b": "2"])
  }
}
