import Archives
import Datasets
import Files
import TestSupport

/// The targets `idx`, `archive` (tar and zip files) and `image`. The seeds of the latter two are the
/// fixtures of the image tests.
struct ImageFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private(set) var seeds: [[UInt8]] = []
  private var path: String { "\(folder)/input" }

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    if target == .idx {
      let header = [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 4].map { UInt8($0) }
      let images = header + (0..<60).map { UInt8($0 * 4) }
      let writer = try GzipWriter(path: path)
      try writer.write(images)
      try writer.commit(sync: false)
      seeds = [images, try bytes(path)]
      // Labels that fit the seeds.
      try TestSupport.write([0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 255], to: "\(folder)/labels")
      return
    }
    let fixtures = fixture("images", of: "DatasetsTests")
    let folders = target == .archive ? ["archives"] : ["kinds", "bad", "turned"]
    for folder in folders {
      for name in folderContents("\(fixtures)/\(folder)") where !name.hasSuffix(".expected") {
        let seed = try bytes("\(fixtures)/\(folder)/\(name)")
        if !seed.isEmpty { seeds.append(seed) }
      }
    }
  }

  var dictionary: [String] {
    switch target {
    case .idx: ["\0\0\u{8}\u{1}", "\0\0\u{8}\u{3}", "\0\0\0\u{1}", "\u{7F}"]
    case .archive:
      [
        "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}", "ustar\0", "ustar  ",
        "././@LongLink", "19 path=train/a.png\n", "11 size=-1\n", "train/", ".png", "\0",
        "00000000000\0", "77777777777\0", "../", "\\", "20 linkpath=a/1.png\n",
        "22 GNU.sparse.major=1\n", "up\u{10}\0\u{1}",
      ]
    default:
      [
        "IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "iCCP", "P5", "P6", "255\n", "\n#",
        "Adobe", "Exif\0\0", "JFIF", "\0\0\0\0", "\u{1}", "eXIf", "II*\0", "MM\0*",
        "\u{1}\u{12}\0\u{3}",
      ]
    }
  }

  var codes: Set<AIGCError.Code> { [.badInput] }

  func write(_ input: [UInt8]) throws {
    var input = input
    // Half of the changes stand behind sums that are right again.
    if target == .archive, input.count % 2 == 0 { repairTar(&input) }
    if target == .image, input.count % 2 == 0 { repairPNG(&input) }
    try TestSupport.write(input, to: path)
  }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    if target == .image {
      let image = try Image.read(path)
      guard image.pixels.count <= 4 << 20 else { return }
      // What is read can be written, and is the same then.
      guard try Image.decode(Table(image.png()), name: "copy") == image else {
        throw AIGCError.failed("the copy differs")
      }
      _ = image.fitted(to: ImageSize(width: 7, height: 5), .crop).converted(to: 1)
      return
    }
    var options = ImageOptions(size: ImageSize(width: 3, height: 5))
    options.badImages = .skip
    let labels = target == .idx ? "\(folder)/labels" : nil
    for size in [options.size, nil] {
      options.size = size
      let set = try ImageSet.open(path, labels: labels, options)
      let values = try set.values(Array(0..<min(set.count, 20)))
      guard values.allSatisfy({ $0.magnitude <= 1 }),
        set.labels.map({ $0.count == set.count }) ?? true,
        set.labels?.allSatisfy({ (0..<set.classes.count).contains(Int($0)) }) ?? true
      else { throw AIGCError.failed("impossible values or labels") }
    }
  }

  /// Gives every header of a tar file the sum of its bytes.
  private func repairTar(_ bytes: inout [UInt8]) {
    for start in stride(from: 0, to: bytes.count - 511, by: 512)
    where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
      for index in 148..<156 { bytes[start + index] = 0x20 }
      let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
      let digits = Array(String(sum, radix: 8).utf8)
      bytes.replaceSubrange(start + 148..<start + 148 + digits.count, with: digits)
    }
  }

  /// Gives every chunk of a PNG file the checksum of its bytes (CRC-32, ISO 3309).
  private func repairPNG(_ bytes: inout [UInt8]) {
    guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return }
    var offset = 8
    while offset + 12 <= bytes.count {
      let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - offset - 12 else { return }
      var sum: UInt32 = .max
      for byte in bytes[offset + 4..<offset + 8 + length] {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
      }
      for place in 0..<4 {
        bytes[offset + 8 + length + place] = UInt8(
          truncatingIfNeeded: ~sum >> UInt32(24 - 8 * place))
      }
      offset += length + 12
    }
  }
}
