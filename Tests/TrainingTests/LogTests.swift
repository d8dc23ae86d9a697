import Datasets
import Files
import Kernels
import TestSupport
import Testing

@testable import Plots
@testable import Inference
@testable import Training

@Suite struct LogTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }
  private var path: String { temporary.file("log.jsonl") }

  init() throws { temporary = try TemporaryFolder() }

  private let three =
    "{\"step\":1,\"loss\":3.0}\n{\"step\":2,\"loss\":null}\n{\"step\":3,\"loss\":1}\n"

  // MARK: Metrics

  @Test func linesAreAppendedAndRead() throws {
    let log = try MetricsLog(path: path)
    try log.append(step: 1, [.init("loss", 3.0)])
    try log.append(step: 2, [.init("loss", .double(.nan))])
    // What is logged can be read while the run goes on.
    #expect(try MetricsLog.read(path).count == 2)
    try log.append(step: 3, [.init("loss", 1)])
    #expect(try text(path) == three)
    let rows = try MetricsLog.read(path)
    #expect(rows.map { $0.step } == [1, 2, 3])
    #expect(rows.map { $0["loss"] } == [3, nil, 1])
    #expect(rows[0]["lr"] == nil)
    _ = try MetricsLog(path: path)
    #expect(try text(path).isEmpty)
    #expect(try MetricsLog.read(path).isEmpty)
  }

  @Test func aResumedRunDropsLaterSteps() throws {
    for (step, lines) in [(0, 0), (1, 1), (2, 2), (3, 3), (100, 3)] {
      try write(three, to: path)
      let log = try MetricsLog(path: path, resumingAfter: step)
      #expect(try MetricsLog.read(path).count == lines)
      try log.append(step: 9, [])
      #expect(try MetricsLog.read(path).map { $0.step } == Array([1, 2, 3].prefix(lines)) + [9])
      #expect(folderContents(folder) == ["log.jsonl"])
    }
    removeTree(path)
    try MetricsLog(path: path, resumingAfter: 5).append(step: 6, [])
    #expect(try text(path) == "{\"step\":6}\n")
  }

  /// Cut anywhere, a log gives its whole lines and a resumed run goes on with a whole one.
  @Test func aCutLastLineIsDropped() throws {
    for size in 0...three.utf8.count {
      let cut = String(decoding: Array(three.utf8).prefix(size), as: UTF8.self)
      try write(cut, to: path)
      let whole = cut.split(separator: "\n").filter { $0.hasSuffix("}") }.count
      #expect(try MetricsLog.read(path).count == whole)
      try MetricsLog(path: path, resumingAfter: 3).append(step: 4, [])
      #expect(try MetricsLog.read(path).map { $0.step } == Array(1..<whole + 1) + [4])
    }
  }

  @Test func otherDamageIsNamed() throws {
    for (line, reason) in [
      ("nonsense", "byte 1: not a JSON value"), ("[1]", "a JSON object is needed"),
      ("{\"loss\":1}", "'step' is missing or not a whole number"),
    ] {
      try write("{\"step\":1}\n\(line)\n{\"step\":3}\n", to: path)
      let expected = AIGCError.badInput("\(path): line 2: \(reason)")
      #expect(throws: expected) { try MetricsLog.read(path) }
      #expect(throws: expected) { try MetricsLog(path: path, resumingAfter: 1) }
    }
    #expect(throws: AIGCError.self) { try MetricsLog.read("\(folder)/none") }
  }

  // MARK: Events

  private struct Record {
    var time: Double
    var step: Int
    /// Fields of the event beside them.
    var fields: [UInt64: [UInt8]]
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Fields of a message; numbers come as their eight or four bytes.
  private func fields(_ bytes: [UInt8]) throws -> [(UInt64, [UInt8])] {
    var (result, place): ([(UInt64, [UInt8])], Int) = ([], 0)
    func varint() throws -> UInt64 {
      var (value, shift): (UInt64, UInt64) = (0, 0)
      repeat {
        try #require(place < bytes.count)
        value |= UInt64(bytes[place] & 0x7F) << shift
        (shift, place) = (shift + 7, place + 1)
      } while bytes[place - 1] >= 0x80
      return value
    }
    func take(_ count: Int) throws -> [UInt8] {
      try #require(place + count <= bytes.count)
      defer { place += count }
      return Array(bytes[place..<place + count])
    }
    while place < bytes.count {
      let key = try varint()
      switch key & 7 {
      case 0:
        let value = try varint()
        result.append((key >> 3, (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }))
      case 1: result.append((key >> 3, try take(8)))
      case 2: result.append((key >> 3, try take(Int(varint()))))
      default: result.append((key >> 3, try take(4)))
      }
    }
    return result
  }

  /// The records of an event file, their checksums checked.
  private func records(_ path: String) throws -> [Record] {
    let bytes = try bytes(path)
    var (records, place): ([Record], Int) = ([], 0)
    while place < bytes.count {
      let size = Int(number(bytes[place..<place + 8]))
      #expect(number(bytes[place + 8..<place + 12]) == CRC32C.masked(bytes[place..<place + 8]))
      let data = bytes[place + 12..<place + 12 + size]
      let sum = bytes[place + 12 + size..<place + 16 + size]
      #expect(number(sum) == UInt64(CRC32C.masked(data)))
      place += 16 + size
      var record = Record(time: 0, step: 0, fields: [:])
      for (field, value) in try fields(Array(data)) {
        switch field {
        case 1: record.time = Double(bitPattern: number(value[...]))
        case 2: record.step = Int(bitPattern: UInt(number(value[...])))
        default: record.fields[field] = value
        }
      }
      records.append(record)
    }
    return records
  }

  @Test func scalarsAreWritten() throws {
    let runs = "\(folder)/a/b"
    let file = try EventFile(folder: runs, time: 1_700_000_000.25)
    try file.append(step: 10, time: 1_700_000_001, [("loss", 2.5), ("lr", 1e-3)])
    try file.append(step: 300, [("loss", .infinity)])
    try file.append(step: 301, [])
    #expect(file.path.hasPrefix("\(runs)/events.out.tfevents.1700000000."))
    let records = try records(file.path)
    #expect(records.map { $0.step } == [0, 10, 300])
    #expect(records[0].time == 1_700_000_000.25)
    #expect(records[0].fields == [3: Array("brain.Event:2".utf8)])
    #expect(records[2].time > 1_700_000_001)
    var values: [[UInt64: [UInt8]]] = []
    for record in records.dropFirst() {
      for (_, value) in try fields(record.fields[5] ?? []) {
        values.append(Dictionary(try fields(value)) { $1 })
      }
    }
    #expect(values.map { String(decoding: $0[1] ?? [], as: UTF8.self) } == ["loss", "lr", "loss"])
    let numbers = values.map { Float(bitPattern: UInt32(number(($0[2] ?? [])[...]))) }
    #expect(numbers == [2.5, 1e-3, .infinity])
    // The plugin stands at the first value of a tag.
    let plugin: [UInt8] = [0x0A, 9, 0x0A, 7] + "scalars".utf8 + [0x20, 1]
    #expect(values.map { $0[9] } == [plugin, plugin, nil])
  }

  @Test func aResumedRunSaysWhereItStarts() throws {
    let first = try EventFile(folder: folder, time: 5)
    let second = try EventFile(folder: folder, resumingAfter: 20, time: 5)
    #expect(first.path != second.path)
    #expect(first.path.contains("tfevents.0000000005."))
    let records = try records(second.path)
    #expect(records.map { $0.step } == [0, 21])
    #expect(records[1].fields == [7: [8, 1]])
  }

  // MARK: Loss curve

  private func rows(_ values: [(Int, Double?, Double?)]) -> [MetricsRow] {
    values.map { step, loss, validation in
      var members: [JSONValue.Member] = []
      if let loss { members.append(.init("loss", .double(loss))) }
      if let validation { members.append(.init("val_loss", .double(validation))) }
      return MetricsRow(step: step, members: members)
    }
  }

  @Test func lossCurve() throws {
    let plot = LossCurve.plot(
      rows([(10, 3, nil), (20, 2, 2.5), (30, nil, 2.25), (40, 1.5, .nan), (50, 1, 2.75)]))
    #expect(plot.series.map { $0.name } == ["training", "validation"])
    #expect(plot.series[0].points.map { $0.x } == [10, 20, 40, 50])
    #expect(plot.notes.map { $0.text } == ["2.250 at step 30"])
    #expect(plot.notes.map { $0.point } == [.init(30, 2.25)])
    let many = LossCurve.plot(rows((0..<500).map { ($0, $0 % 2 == 0 ? 1 : 3, nil) }))
    #expect(many.series.map { $0.name } == ["", "training (smoothed)"])
    let smooth = many.series[1].points.map { $0.y }
    #expect(smooth.dropFirst(5).dropLast(5).allSatisfy { abs($0 - 2) < 0.2 })
    #expect(LossCurve.plot([]).series.isEmpty)
    #expect(LossCurve.plot(rows([(.max, 1, 1)])).notes.count == 1)
  }

  @Test func adversarialCurvesHaveNames() {
    func plot(_ members: [(String, Double)]) -> LinePlot {
      LossCurve.plot(
        (1...3).map { step in
          MetricsRow(step: step, members: members.map { .init($0.0, .double($0.1)) })
        })
    }
    let gan = plot([("loss", 2), ("generator_loss", 2), ("discriminator_loss", -0.5)])
    #expect(gan.series.map { $0.name } == ["generator", "discriminator"] && !gan.isLogarithmic)
    let parts = [
      ("loss", 101.0), ("reconstruction", 80), ("kl", 20), ("generator_loss", 1),
      ("discriminator_loss", 1.3), ("val_loss", 99),
    ]
    let vaegan = plot(parts)
    #expect(
      vaegan.series.map { $0.name } == [
        "reconstruction", "divergence", "adversarial", "discriminator",
      ])
    #expect(vaegan.series.map { $0.points[0].y } == [80, 20, 1, 1.3] && vaegan.isLogarithmic)
    #expect(vaegan.series.map { $0.color } == Array(PlotColor.palette.prefix(4)))
    // Of tables a reconstruction's nats may be below 0: no powers of ten.
    let table = plot(parts.map { ($0.0, $0.0 == "reconstruction" ? -3 : $0.1) })
    #expect(!table.isLogarithmic && table.series.count == 4)
  }

  /// A line of 2 t + 1 stays itself: the mean does not lag.
  @Test func smoothingDoesNotLag() {
    var points = (0..<400).map { LinePlot.Point(Double($0), 2 * Double($0) + 1) }
    let smooth = LossCurve.smoothed(points)
    #expect(zip(points, smooth).dropFirst(4).dropLast(4).allSatisfy { abs($0.y - $1.y) < 1e-9 })
    points[200].y = .nan
    let gap = LossCurve.smoothed(points)
    #expect(gap[200].y.isNaN && gap[199].y.isFinite && gap[201].y.isFinite)
  }

  @Test func stepsThatWereRepeatedCountOnce() {
    let points = LossCurve.points(
      rows([(1, 4, nil), (2, 3, nil), (3, 9, nil), (2, 2, nil)]), "loss")
    #expect(points == [.init(1, 4), .init(2, 2)])
  }

  @Test func lossImage() throws {
    let log = try MetricsLog(path: path)
    for step in 1...50 {
      try log.append(step: step, [.init("loss", .double(1 / Double(step)))])
    }
    try LossCurve.write(log: path, to: "\(folder)/loss.png", isLogarithmic: true)
    let bytes = try bytes("\(folder)/loss.png")
    #expect(bytes.count > 1000 && bytes[1] == UInt8(ascii: "P"))
  }

  @Test func digits() {
    #expect(LossCurve.digits(1.23456) == "1.235")
    #expect(LossCurve.digits(0.012345) == "0.01235")
    #expect(LossCurve.digits(-321.44) == "-321.4")
    #expect(LossCurve.digits(12345.6) == "12346")
    #expect(LossCurve.digits(0) == "0")
    #expect(LossCurve.digits(1e-9) == "1e-09")
    #expect(LossCurve.digits(1e20) == "1e+20")
  }
}
