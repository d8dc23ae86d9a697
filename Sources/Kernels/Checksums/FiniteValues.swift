/// Whether every value is a number, none of them NaN or an infinity. One pass at the speed of memory.
public func areFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
  // An exponent of all ones carries into the highest bit, which every other value leaves clear.
  var bits = SIMD16<UInt32>(repeating: 0)
  var index = 0
  while index + 16 <= values.count {
    var block = SIMD16<UInt32>()
    for lane in 0..<16 { block[lane] = values[index + lane].bitPattern }
    bits |= (block & 0x7FFF_FFFF) &+ 0x0080_0000
    index += 16
  }
  var rest: UInt32 = 0
  for lane in 0..<16 { rest |= bits[lane] }
  while index < values.count {
    rest |= (values[index].bitPattern & 0x7FFF_FFFF) &+ 0x0080_0000
    index += 1
  }
  return rest & 0x8000_0000 == 0
}

/// The same of an array.
public func areFinite(_ values: [Float]) -> Bool { values.withUnsafeBufferPointer(areFinite) }
