import Testing

@testable import Checkpoints

/// Opens a file and reads all its values in every way.
@discardableResult
func readAll(_ path: String) throws -> Checkpoint {
  let checkpoint = try Checkpoint.open(path)
  for tensor in checkpoint.tensors {
    #expect(try tensor.bytes().count == tensor.byteCount)
    #expect(try tensor.floats().count == tensor.count)
    if !tensor.type.isFloatingPoint { #expect(try tensor.integers().count == tensor.count) }
    if let table = tensor.floatTable() { #expect(table.count == tensor.count) }
  }
  return checkpoint
}

/// A safetensors file of a header and bytes of values.
func safetensors(_ header: String, _ values: Int = 0) -> [UInt8] {
  let text = Array(header.utf8)
  return littleEndian(UInt64(text.count)) + text + [UInt8](repeating: 0, count: values)
}

func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
}
