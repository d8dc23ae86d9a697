import Files
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct HostileSafetensorsTests {
  @Test(arguments: [
    "", "{", "{}x", "[]", "null", "{\"a\"}", "{\"a\":1}", "{\"a\":{}}", "{\"__metadata__\":1}",
    #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":{"a":"1","a":"2"}}"#,
    #"{"__metadata__":{},"__metadata__":{}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
    #"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32\nF32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775804,9223372036854775807]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"\ud800":1}"#,
  ])
  func wrongHeaders(header: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.safetensors", safetensors(header, 4))
    refuses { try readAll(path) }
  }

  @Test func soundHeaders() throws {
    let folder = try TemporaryFolder()
    for (header, size) in [
      ("{}", 0), (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}   "#, 4),
      (#"{"a\u0041\ud83d\ude00":{"x":[[1]],"data_offsets":[0,4],"shape":[],"dtype":"F32"}}"#, 4),
      (#"{"a":{"dtype":"F64","shape":[0,3],"data_offsets":[0,0]}}"#, 0),
    ] {
      let path = try folder.write("a", safetensors(header, size))
      #expect(throws: Never.self) { try readAll(path) }
    }
  }

  @Test func deepAndLong() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    for text in [
      "{\"a\":{\"x\":" + String(repeating: "[", count: 200_000),
      String(repeating: "{\"a\":", count: 200_000),
      #"{"a":{"dtype":"U8","shape":["# + String(repeating: "1,", count: 200_000) + "1]}}",
      "{\"" + String(repeating: "a", count: 300_000),
    ] {
      try folder.write("a.safetensors", safetensors(text))
      refuses { try readAll(path) }
    }
  }

  @Test func wrongLengths() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    for length in [UInt64.max, 1 << 63, UInt64(Int.max), 100_000_001, 1_000_000, 3, 1, 0] {
      try folder.write("a.safetensors", littleEndian(length) + Array("{}".utf8))
      refuses { try readAll(path) }
    }
    try folder.write("empty", [])
    let message = refuses { try readAll(folder.file("empty")) }
    #expect(message.hasSuffix(": neither safetensors nor GGUF, nor written by torch.save"))
    refuses { try readAll(folder.path) }
    refuses { try readAll(folder.file("none")) }
  }

  @Test(arguments: ["reference.safetensors", "zip.safetensors", "model-00001-of-00002.safetensors"])
  func cutFiles(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try bytes(fixture(name))
    for length in 0..<whole.count {
      let path = try folder.write("cut.safetensors", Array(whole.prefix(length)))
      refuses([.badInput], "\(length)") { try readAll(path) }
    }
  }

  @Test func oneFaultIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a", safetensors(#"{"w":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#, 4))
    let message = refuses { try readAll(path) }
    #expect(message == "\(path): tensor w: damaged: its values leave a hole before them")
  }
}
