import CZlib
import Files

/// Unpacks deflate data without a header (RFC 1951), as zip files hold it.
/// - Parameters:
///   - data: the packed bytes.
///   - size: how many bytes they must give.
///   - name: what the data is, for messages.
/// - Throws: ``/Files/AIGCError``: badInput when the data is damaged or gives another size.
public func inflateRaw(
  _ data: Table<UInt8>, size: Int, name: String
) throws(AIGCError) -> Table<UInt8> {
  let output = try MutableTable<UInt8>(count: size)
  var stream = z_stream()
  // Negative: no header; 15 bits of window.
  guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw .failed("out of memory: zlib cannot start")
  }
  defer { inflateEnd(&stream) }
  // One byte more than there should be, to notice data that goes on.
  var extra: UInt8 = 0
  var (taken, given, status) = (0, 0, Z_OK)
  while status == Z_OK || status == Z_BUF_ERROR {
    let input = min(data.count - taken, 1 << 30)
    let room = min(size - given, 1 << 30)
    data.withUnsafeBuffer { source in
      output.withUnsafeMutableBuffer { target in
        stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + taken) }
        stream.avail_in = UInt32(input)
        withUnsafeMutablePointer(to: &extra) { last in
          stream.next_out = room > 0 ? target.baseAddress.map { $0 + given } : last
          stream.avail_out = room > 0 ? UInt32(room) : 1
          status = inflate(&stream, Z_NO_FLUSH)
        }
      }
    }
    let (used, made) = (input - Int(stream.avail_in), max(room, 1) - Int(stream.avail_out))
    taken += used
    given += made
    if given > size || (used == 0 && made == 0) { break }
  }
  guard status == Z_STREAM_END, given == size else {
    throw .badInput("\(name): damaged: the packed data does not give its \(size) bytes")
  }
  return output.frozen()
}

/// The first bytes of deflate data without a header.
/// - Returns: `count` bytes; fewer where the data is damaged or has no more.
func inflateStart(_ data: Table<UInt8>, count: Int) -> [UInt8] {
  var stream = z_stream()
  guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    return []
  }
  defer { inflateEnd(&stream) }
  return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
    data.withUnsafeBuffer { source in
      stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
      stream.avail_in = UInt32(min(source.count, 1 << 30))
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(count)
      _ = inflate(&stream, Z_NO_FLUSH)
    }
    initialized = count - Int(stream.avail_out)
  }
}
