/// The scalar at `start` and its length; length 0 for what is not UTF-8 (RFC 3629: no overlong
/// forms, no surrogates, at most U+10FFFF).
@inlinable @inline(__always)
public func decodeUTF8(
  _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
) -> (scalar: UInt32, length: Int) {
  let first = UInt32(start[0])
  let available = end - start
  if first < 0x80 { return (first, 1) }
  if first < 0xE0 {
    guard first >= 0xC2, available >= 2, start[1] & 0xC0 == 0x80 else { return (0, 0) }
    return ((first & 0x1F) << 6 | UInt32(start[1] & 0x3F), 2)
  }
  if first < 0xF0 {
    guard available >= 3, start[1] & 0xC0 == 0x80, start[2] & 0xC0 == 0x80 else { return (0, 0) }
    let scalar = (first & 0xF) << 12 | UInt32(start[1] & 0x3F) << 6 | UInt32(start[2] & 0x3F)
    guard scalar >= 0x800, scalar & 0xF800 != 0xD800 else { return (0, 0) }
    return (scalar, 3)
  }
  guard first < 0xF5, available >= 4, start[1] & 0xC0 == 0x80, start[2] & 0xC0 == 0x80,
    start[3] & 0xC0 == 0x80
  else { return (0, 0) }
  let high = (first & 7) << 18 | UInt32(start[1] & 0x3F) << 12
  let scalar = high | UInt32(start[2] & 0x3F) << 6 | UInt32(start[3] & 0x3F)
  guard scalar >= 0x10000, scalar <= 0x10FFFF else { return (0, 0) }
  return (scalar, 4)
}
