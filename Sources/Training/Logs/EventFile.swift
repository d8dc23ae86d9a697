import Files
import Glibc
import Kernels

/// Writes scalars for TensorBoard: a TFRecord file of Event messages, whose protocol buffers are
/// put together by hand (tensorflow/core/util/event.proto, framework/summary.proto). Records reach
/// the file at once, so a running TensorBoard shows them.
public final class EventFile {
  /// The path of the file, in the folder that TensorBoard shows as one run.
  public let path: String
  private let file: AppendingFile
  /// Tags whose metadata is written: TensorBoard needs it once a file.
  private var described: Set<String> = []

  /// Starts `events.out.tfevents.<seconds>.<host>` in `folder`, which is made when missing. A run
  /// that goes on gets a further file: TensorBoard reads them in the order of their times.
  /// - Parameters:
  ///   - folder: TensorBoard shows it as one run.
  ///   - step: the last step that is kept when a run goes on: TensorBoard then drops what earlier
  ///     files say of later steps.
  ///   - time: seconds since 1970; now when nil.
  /// - Throws: ``/Files/AIGCError`` (failed) when the folder cannot be made or written.
  public init(folder: String, resumingAfter step: Int? = nil, time: Double? = nil)
    throws(AIGCError)
  {
    try makeFolder(folder)
    let time = time ?? Self.now
    let seconds = String(time.isFinite ? Int(max(0, min(time, 1e12))) : 0)
    let zeros = String(repeating: "0", count: max(0, 10 - seconds.utf8.count))
    let base = "\(folder)/events.out.tfevents.\(zeros)\(seconds).\(Self.host)"
    var path = base
    var number = 1
    while fileExists(path), number < 1000 {
      path = "\(base).\(number)"
      number += 1
    }
    self.path = path
    file = try AppendingFile(path: path, .new)
    try append(time: time, step: 0) { $0.field(3, Array("brain.Event:2".utf8)) }
    if let step {
      try append(time: time, step: step == .max ? step : step + 1) { event in
        event.field(7, Self.sessionStart)
      }
    }
  }

  /// Writes the values of one step: `("loss/train", 2.3)`.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func append(
    step: Int, time: Double? = nil, _ scalars: [(tag: String, value: Double)]
  ) throws(AIGCError) {
    guard !scalars.isEmpty else { return }
    var summary = ProtocolBuffer()
    for (tag, value) in scalars {
      var entry = ProtocolBuffer()
      entry.field(1, Array(tag.utf8))
      if described.insert(tag).inserted { entry.field(9, Self.metadata) }
      entry.fixed32(2, Float(value).bitPattern)
      summary.field(1, entry.bytes)
    }
    try append(time: time ?? Self.now, step: step) { $0.field(5, summary.bytes) }
  }

  /// SessionLog: status START.
  private static let sessionStart: [UInt8] = {
    var log = ProtocolBuffer()
    log.varint(1, 1)
    return log.bytes
  }()

  /// SummaryMetadata: the plugin's name and the data class scalar.
  private static let metadata: [UInt8] = {
    var plugin = ProtocolBuffer()
    plugin.field(1, Array("scalars".utf8))
    var metadata = ProtocolBuffer()
    metadata.field(1, plugin.bytes)
    metadata.varint(4, 1)
    return metadata.bytes
  }()

  /// Appends one record: the size, its checksum, the Event, its checksum; all little-endian.
  private func append(
    time: Double, step: Int, _ content: (inout ProtocolBuffer) -> Void
  ) throws(AIGCError) {
    var event = ProtocolBuffer()
    event.fixed64(1, time.bitPattern)
    event.varint(2, UInt64(bitPattern: Int64(step)))
    content(&event)
    var record = littleEndian(UInt64(event.bytes.count))
    record += littleEndian(CRC32C.masked(record))
    record += event.bytes
    record += littleEndian(CRC32C.masked(event.bytes))
    try file.append(record)
  }

  private static var now: Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  private static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = String(decoding: bytes, as: UTF8.self).map { $0 == "/" ? "-" : $0 }
    return text.isEmpty ? "localhost" : String(text)
  }
}

private func littleEndian<Word: FixedWidthInteger & UnsignedInteger>(_ word: Word) -> [UInt8] {
  (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
}

/// A message under construction, in the wire format of protocol buffers.
private struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  private mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func varint(_ field: UInt64, _ value: UInt64) {
    append(field << 3)
    append(value)
  }

  mutating func fixed64(_ field: UInt64, _ value: UInt64) {
    append(field << 3 | 1)
    bytes += littleEndian(value)
  }

  /// Bytes, a string or a message.
  mutating func field(_ field: UInt64, _ value: [UInt8]) {
    append(field << 3 | 2)
    append(UInt64(value.count))
    bytes += value
  }

  mutating func fixed32(_ field: UInt64, _ value: UInt32) {
    append(field << 3 | 5)
    bytes += littleEndian(value)
  }
}
