import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc reconstruct MODEL FILE|IMAGE… --out out.png`.
struct Reconstruct: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Turn what 'aigc encode' wrote back into images.",
    discussion: """
      With images in place of a file both ways are gone, and a sheet shows the original of each \
      above what comes back; what that costs and keeps is printed.
      """)

  @Argument(help: "A model's name (see 'aigc models') or path.", completion: .model)
  var model: String
  @Argument(help: "A file of 'aigc encode', or images.", completion: .file())
  var inputs: [String]
  @Option(
    name: .shortAndLong, help: "Write a sheet of all images, .png or .jpg; - for standard output."
  )
  var out: String?
  @Option(help: "Write a file for each image into this folder: 0001.png.")
  var outdir: String?
  @OptionGroup var coding: CodingArguments
  @OptionGroup var common: CommonOptions

  /// The most pixels of one sheet.
  private static let largest = 1 << 28
  /// Images of a row where originals stand above.
  private static let columns = 16

  func validate() throws {
    if (out == nil) == (outdir == nil) {
      throw ValidationError("--out FILE or --outdir DIR is needed, one of them")
    }
    if let out, isStandardOutput(out), common.json {
      throw ValidationError("--out \(out) or --json, not both")
    }
  }

  func run() throws {
    if let outdir { try OutputPlan.check(folder: outdir, reading: inputs) }
    try OutputPlan.check([(out, .image)], reading: inputs)
    let codec = try openCodec(model)
    if inputs.contains(where: { LatentFile.recognizes($0) }) { return try reconstructFile(codec) }
    try coding.checkStep(codec)
    let sets = try coding.open(inputs, codec)
    let file = try codec.encode(sets, step: coding.step)
    let found = try CompressionReport(
      codec, file, size: file.bytes.count, name: inputs[0], sets)
    Diagnostics.note(found.text)
    try report(codec, found.members, write(codec, file, name: inputs[0], above: sets))
  }

  /// From what `aigc encode` wrote.
  private func reconstructFile(_ codec: ImageCodec) throws {
    guard inputs.count == 1 else {
      throw AIGCError.usage(
        "\(counted(inputs.count, "input")): one file of 'aigc encode', or images")
    }
    guard coding.givenStep == nil, !coding.reading.reading.isGiven else {
      throw AIGCError.usage(
        "--step, --bad-pictures and --ignore-orientation are of images; \(inputs[0]) is coded already"
      )
    }
    let file = try LatentFile(path: inputs[0])
    let files = try write(codec, file, name: inputs[0], above: [])
    try report(codec, [.init("pictures", .int(min(file.count, coding.limit ?? .max)))], files)
  }

  /// Writes the images of a file, with originals above them.
  /// - Returns: The paths.
  private func write(
    _ codec: ImageCodec, _ file: LatentFile, name: String, above sets: [ImageSet]
  ) throws(AIGCError) -> [String] {
    let (size, channels) = (codec.size, codec.configuration.channels)
    // Of images it has chosen already.
    let limit = sets.isEmpty ? coding.limit ?? .max : .max
    let count = min(file.count, limit)
    let symbols = try codec.symbols(of: file, name: name)
    var files: [String] = []
    if let outdir {
      func path(_ index: Int) -> String { "\(outdir)/\(Self.fileName(index))" }
      // Before the first is written.
      for index in 0..<count {
        try Interruption.check(at: index)
        try InputRecord.checkFile(path(index))
      }
      try makeFolder(outdir)
      try codec.decode(symbols, limit: limit) { values throws(AIGCError) in
        for image in Image.images(values: values, size: size, channels: channels) {
          try Interruption.check()
          files.append(path(files.count))
          try image.write(to: files[files.count - 1])
        }
      }
      return files
    }
    guard count > 0 else { throw .badInput("\(name): no images in it") }
    guard count * (sets.isEmpty ? 1 : 2) <= Self.largest / (size.width * size.height) else {
      throw .usage("\(counted(count, "image")): too many for one sheet; see --outdir and --limit")
    }
    var again: [Image] = []
    try codec.decode(symbols, limit: limit) {
      again += Image.images(values: $0, size: size, channels: channels)
    }
    let path = out ?? "-"
    try SampledFile([try sheet(again, above: sets, size, channels)])
      .write(to: path, isAnimation: false)
    return [path]
  }

  /// "0001.png".
  private static func fileName(_ index: Int) -> String {
    let digits = String(index + 1)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".png"
  }

  private func sheet(
    _ again: [Image], above sets: [ImageSet], _ size: ImageSize, _ channels: Int
  ) throws(AIGCError) -> Image {
    if sets.isEmpty {
      var columns = 1
      while columns * columns < again.count { columns += 1 }
      return Image.grid(again, columns: columns)
    }
    var originals: [Image] = []
    try ImageCodec.forBlocks(of: sets) { values, _ in
      originals += Image.images(values: values, size: size, channels: channels)
    }
    var rows: [Image] = []
    for first in stride(from: 0, to: again.count, by: Self.columns) {
      let range = first..<min(first + Self.columns, again.count)
      // A short last row would put the images below beside their originals.
      let rest = again.count <= Self.columns ? 0 : first + Self.columns - range.upperBound
      let empty = Image(
        width: size.width, height: size.height, color: [UInt8](repeating: 0, count: channels))
      let fill = [Image](repeating: empty, count: rest)
      rows += originals[range] + fill + again[range] + fill
    }
    return Image.grid(rows, columns: min(Self.columns, again.count))
  }

  private func report(
    _ codec: ImageCodec, _ members: [JSONValue.Member], _ files: [String]
  ) throws(AIGCError) {
    let answer = Answer.ofFinishedWork()
    if common.json {
      try answer.write(
        json: [.init("model", .string(codec.path))] + members
          + [.init("files", .array(files.map { .string($0) }))])
    } else if !(out.map { isStandardOutput($0) } ?? false) {
      try answer.write(files.map { $0 + "\n" }.joined())
    }
  }
}
