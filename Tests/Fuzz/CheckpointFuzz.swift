import Checkpoints
import Files
import TestSupport

/// Targets of files of tensors. The seeds are the fixtures of the checkpoint tests, which Python
/// wrote.
struct CheckpointFuzz: FuzzSubject {
  let target: FuzzTests.Target
  let folder: String
  private(set) var seeds: [[UInt8]] = []
  private let path: String

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    path =
      "\(folder)/input" + (target == .pth || target == .pickle ? ".pth" : ".\(target.rawValue)")
    let names =
      switch target {
      case .safetensors: ["reference", "zip", "views", "training"].map { "\($0).safetensors" }
      case .gguf: ["blocks.gguf"]
      case .pth:
        ["zip", "types", "views", "training", "deflated", "descriptors", "big-endian", "module"]
          .map { "\($0).pth" }
      default:
        ["zip-legacy", "types-legacy", "views-legacy", "training-legacy", "protocol4-legacy"]
          .map { "\($0).pth" }
      }
    for name in names { seeds.append(try bytes(fixture(name, of: "CheckpointsTests"))) }
  }

  var dictionary: [String] {
    switch target {
    case .safetensors:
      [
        "F32", "BF16", "BOOL", "\"dtype\":", "\"shape\":", "\"data_offsets\":", "[]", "{}", "{",
        "}", "[", ",", "-1", "18446744073709551615", "9223372036854775807", "4294967296", "0",
        "__metadata__", "\"a\":\"b\"", "\\ud800", "1e3", "\"",
      ]
    case .gguf:
      [
        "GGUF\u{3}\u{0}\u{0}\u{0}", "general.alignment\u{4}\u{0}\u{0}\u{0}", "Q4_K",
        "IQ4_XS.values",
        "\u{9}\u{0}\u{0}\u{0}", "\u{8}\u{0}\u{0}\u{0}", "\u{C}\u{0}\u{0}\u{0}",
        "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{10}", "\u{7F}\u{7F}\u{7F}\u{7F}",
        "\u{20}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "split.count",
      ]
    case .pth:
      [
        "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}", "PK\u{6}\u{7}",
        "data.pkl", "data/0", "byteorder", "big", "little", "\u{1}\u{0}\u{8}\u{0}",
        "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nHalfStorage\n",
      ]
    default:
      [
        "(", ")", "t", "]", "}", "a", "e", "s", "u", "R", "b", "Q", "0", "1", "2", ".", "N", "o",
        "h\u{1}", "q\u{1}", "J\u{7F}\u{7F}\u{7F}\u{7F}", "X\u{1}\u{0}\u{0}\u{0}a", "M\u{7F}\u{7F}",
        "I9223372036854775807\n", "I-1\n", "cposix\nsystem\n",
        "ctorch._utils\n_rebuild_tensor_v2\n",
        "ctorch._utils\n_rebuild_parameter\n", "ctorch._tensor\n_rebuild_from_type_v2\n",
        "ctorch\nUntypedStorage\n", "ctorch\nDoubleStorage\n", "ccollections\nOrderedDict\n",
        "p0\n", "g0\n", "(iposix\nsystem\n", "F1e308\n", "S'a'\n", "l", "d",
      ]
    }
  }

  var codes: Set<AIGCError.Code> { target == .gguf ? [.badInput, .mismatch] : [.badInput] }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    let checkpoint = try Checkpoint.open(path)
    if let metadata = checkpoint.gguf { read(metadata) }
    for tensor in checkpoint.tensors {
      _ = try tensor.floats()
      if !tensor.type.isFloatingPoint { _ = try tensor.integers() }
      if let table = tensor.floatTable(), table.count > 0 { _ = table[table.count - 1] }
    }
    // What can be read can be written, and is the same then.
    try SafetensorsWriter.write(
      checkpoint.tensors.filter { $0.name != "__metadata__" }.map { NewTensor($0) },
      metadata: checkpoint.metadata, to: "\(folder)/copy", sync: false)
    let copy = try Checkpoint.open("\(folder)/copy")
    for tensor in copy.tensors {
      guard let other = checkpoint[tensor.name], other.shape == tensor.shape,
        try other.bytes().array(of: UInt8.self) == tensor.bytes().array(of: UInt8.self)
      else { throw AIGCError.failed("the copy differs in \(tensor.name.utf8.count) bytes of name") }
    }
  }

  /// Every value in every way.
  private func read(_ metadata: GGUFMetadata) {
    for (key, value) in metadata.entries {
      _ = value.summary
      _ = (value.int, value.float)
      guard case .array = value else { continue }
      if let texts = try? metadata.strings(key) { _ = texts.map { $0.utf8.count } }
      _ = (try? metadata.ints(key), try? metadata.floats(key), try? metadata.bools(key))
    }
  }
}
