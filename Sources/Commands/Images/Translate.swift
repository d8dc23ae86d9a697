import ArgumentParser
import Console
import Datasets
import Families
import Files
import Inference

/// `aigc translate MODEL IMAGE… --out out.png`.
struct Translate: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "translate", abstract: "Translate images with a CycleGAN.",
    discussion: "Images keep their sizes, whatever size was learned from.")

  @Argument(help: "A model's name (see 'aigc models') or path.", completion: .model)
  var model: String
  @Argument(help: "Images, folders or archives of them.", completion: .file())
  var inputs: [String]
  @Option(
    name: .shortAndLong, help: "Write the one translation, .png or .jpg; - for standard output.")
  var out: String?
  @Option(help: "Write a file for each image into this folder, under the image's name.")
  var outdir: String?
  @Option(
    help: "Also write a sheet: each image beside its translation, .png or .jpg (default: none).")
  var sheet: String?
  @Option(help: "AtoB (the default) or BtoA.")
  var direction: TranslationDirection?
  @Flag(help: "Translate there and back; a sheet shows both.")
  var cycle = false
  @Option(
    help: """
      Compute images in parts of so many pixels square (default: 256 or 512, where one is too large for memory).
      """)
  var tile: Int?
  @Option(
    help: """
      Pixels around a part that are computed with it (default: all that have an influence; with instance \
      norms parts need none).
      """)
  var overlap: Int?
  @OptionGroup var reading: ImageReadingFlags
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if out != nil, outdir != nil { throw ValidationError("--out FILE or --outdir DIR, not both") }
    if out == nil, outdir == nil, sheet == nil {
      throw ValidationError("--out FILE, --outdir DIR or --sheet FILE is needed")
    }
    if [out, sheet].contains(where: { $0.map { isStandardOutput($0) } ?? false }), common.json {
      throw ValidationError("standard output has the answer of --json")
    }
    if let tile, !(8...65536).contains(tile) { throw ValidationError("--tile \(tile): 8 to 65536") }
    if let overlap {
      guard tile != nil else { throw ValidationError("--overlap goes with --tile") }
      guard (0...4096).contains(overlap) else {
        throw ValidationError("--overlap \(overlap): 0 to 4096")
      }
    }
  }

  /// How images are computed in parts; nil leaves it to their size.
  var tiles: TranslationTiles? { tile.map { TranslationTiles(side: $0, overlap: overlap) } }

  func run() throws {
    if let outdir { try OutputPlan.check(folder: outdir, reading: inputs) }
    try OutputPlan.check([(out, .image), (sheet, .image)], reading: inputs)
    let path = try ModelStore.standard().resolve(model)
    guard let family = try family(of: path) as? CycleGANFamily else {
      throw AIGCError.mismatch(
        "\(path): no model that translates images; see 'aigc train cyclegan'")
    }
    try TranslationRun(self, family.load(path), path).run()
  }
}

/// One call of `aigc translate`.
private struct TranslationRun {
  private let command: Translate
  private let path: String
  private let steps: [ImageTranslator]
  private let channels: Int

  init(_ command: Translate, _ model: CycleGANModel, _ path: String) throws(AIGCError) {
    (self.command, self.path) = (command, path)
    let first = command.direction ?? model.directions[0]
    let ways = command.cycle ? [first, first.reversed] : [first]
    steps = try ways.map { (way) throws(AIGCError) in try model.translator(way) }
    channels = model.configuration.channels
  }

  func run() throws(AIGCError) {
    let lists = try open()
    let count = lists.reduce(0) { $0 + $1.count }
    if command.out != nil, count != 1 {
      throw .usage("--out is for one image, not for \(count): pass --outdir")
    }
    let (written, shown) = try translate(lists, count)
    try writeSheet(shown)
    try answer(written)
  }

  /// Translates all images, and writes each where it goes.
  /// - Returns: what became of which image, and the images of the sheet where one is asked for.
  private func translate(
    _ lists: [ImageList], _ count: Int
  ) throws(AIGCError) -> (written: [(path: String, out: String)], shown: [Image]) {
    let names = try fileNames(lists)
    if let outdir = command.outdir { try makeFolder(outdir) }
    var (written, shown): ([(path: String, out: String)], [Image]) = ([], [])
    let progress = ProgressLine("translating", total: count, unit: .items("images"))
    var place = -1
    for list in lists {
      for index in 0..<list.count {
        place += 1
        guard let image = try read(list, index) else { continue }
        let stages = try translated(image)
        let target = command.out ?? names.map { $0[place] }
        if let target {
          try SampledFile([stages[stages.count - 1]]).write(to: target, isAnimation: false)
        }
        written.append((list.name(of: index), target ?? command.sheet ?? ""))
        if command.sheet != nil { shown += stages }
        progress.advance(by: 1)
      }
    }
    progress.finish()
    return (written, shown)
  }

  private func open() throws(AIGCError) -> [ImageList] {
    try command.inputs.map { (input) throws(AIGCError) in
      try refuseTable(input, by: path)
      let list = try ImageList(
        input,
        ignoresOrientation: command.reading.reading.ignoresOrientation
          || steps[0].ignoresOrientation)
      list.leftOut.lines.forEach { Diagnostics.warning("left out: \($0)") }
      return list
    }
  }

  /// Where each image's translation goes; nil without a folder. No two images have one file.
  private func fileNames(_ lists: [ImageList]) throws(AIGCError) -> [String]? {
    guard let outdir = command.outdir else { return nil }
    var (seen, result): (Set<String>, [String]) = ([], [])
    for list in lists {
      for index in 0..<list.count {
        let place = list.place(of: index)
        let stem = place.lastIndex(of: ".").map { String(place[..<$0]) } ?? place
        let name = stem.replacing("/", with: "-") + ".png"
        guard seen.insert(name).inserted else {
          throw .usage("\(list.name(of: index)): another image is called \(name) too")
        }
        result.append("\(outdir)/\(name)")
        try InputRecord.checkFile(result[result.count - 1])
      }
    }
    return result
  }

  private func read(_ list: ImageList, _ index: Int) throws(AIGCError) -> Image? {
    do throws(AIGCError) {
      return try list.image(index)
    } catch {
      guard command.reading.reading.badImages == .skip, error.code == .badInput else { throw error }
      Diagnostics.warning("left out: \(error)")
      return nil
    }
  }

  /// The image, its translation, and with `--cycle` that translated back.
  private func translated(_ image: Image) throws(AIGCError) -> [Image] {
    let image = image.converted(to: channels)
    let size = ImageSize(width: image.width, height: image.height)
    var stages = [image]
    var values = image.pixels.map { Float($0) / 127.5 - 1 }
    for step in steps {
      values = try step.translated(
        values, width: size.width, height: size.height, tiles: command.tiles)
      stages += Image.images(values: values, size: size, channels: channels)
    }
    return stages
  }

  private func writeSheet(_ shown: [Image]) throws(AIGCError) {
    guard let sheet = command.sheet, let first = shown.first else { return }
    guard shown.allSatisfy({ ($0.width, $0.height) == (first.width, first.height) }) else {
      throw .usage("--sheet: images of different sizes; pass one size at a time")
    }
    try SampledFile([Image.grid(shown, columns: steps.count + 1)])
      .write(to: sheet, isAnimation: false)
  }

  private func answer(_ written: [(path: String, out: String)]) throws(AIGCError) {
    let answer = Answer.ofFinishedWork()
    if command.common.json {
      try answer.write(
        json: [.init("model", .string(path))], array: "results", count: written.count
      ) {
        .object([.init("path", .string(written[$0].path)), .init("out", .string(written[$0].out))])
      }
    } else if ![command.out, command.sheet].contains(where: {
      $0.map { isStandardOutput($0) } ?? false
    }) {
      let files = command.out == nil && command.outdir == nil ? [] : written.map { $0.out }
      try answer.write((files + [command.sheet].compactMap { $0 }).map { $0 + "\n" }.joined())
    }
    try answer.finish()
  }
}

extension TranslationDirection: ExpressibleByArgument {}
