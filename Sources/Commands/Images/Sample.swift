import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import Training

/// `aigc sample FAMILY`.
struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Make images with a model.",
    subcommands: [
      SampleImages<GANName, NoExtras>.self, SampleImages<DCGANName, NoExtras>.self,
      SampleImages<VAEName, NoExtras>.self, SampleImages<VAEGANName, NoExtras>.self,
      SampleImages<VQVAEName, NoExtras>.self, SampleImages<StyleGANName, StyleArguments>.self,
    ])
  init() {}
}

/// The flags of `aigc sample` that one family has more than the others.
protocol SampleExtras: ParsableArguments {
  /// What the command's help says of them.
  static var discussion: String { get }
  /// What `--out` holds, where that is no image.
  var outputKind: OutputKind? { get }
  /// Whether they say which images are made, in place of seeds and walks.
  var choosesImages: Bool { get }
  /// Refuses flags that do not fit each other.
  func validate(with images: SampleArguments, hasFolder: Bool) throws
  /// The model as they want it.
  func configured(_ model: any ImageModel) throws(AIGCError) -> any ImageModel
  /// Does another work than making images; false: there is none.
  func runOtherwise(
    _ model: any ImageModel, folder: String, _ images: SampleArguments, out: String?, json: Bool
  ) throws -> Bool
  /// The images that they choose.
  func sheet(
    _ model: any ImageModel, _ images: SampleArguments
  ) throws(AIGCError) -> (seeds: [UInt64], images: [Image])
}

/// Nothing more.
struct NoExtras: SampleExtras {
  static var discussion: String { "" }
  var outputKind: OutputKind? { nil }
  var choosesImages: Bool { false }
  func validate(with images: SampleArguments, hasFolder: Bool) throws {}
  func configured(_ model: any ImageModel) throws(AIGCError) -> any ImageModel { model }
  func runOtherwise(
    _ model: any ImageModel, folder: String, _ images: SampleArguments, out: String?, json: Bool
  ) throws -> Bool { false }
  func sheet(
    _ model: any ImageModel, _ images: SampleArguments
  ) throws(AIGCError) -> (seeds: [UInt64], images: [Image]) { ([], []) }
}

/// `aigc sample gan`, and so on.
struct SampleImages<Name: FamilyName, Extras: SampleExtras>: ConsoleCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Name.family, abstract: "Make images with a \(Name.family) model.",
      discussion: """
        aigc sample \(Name.family) --out img.png writes a sheet of 64 images; --num 1 one of them; \
        --outdir DIR each to a file of its own, with its seed in the name. --interpolate walks from \
        latent to latent, or between two images: --interpolate a.png b.png --out walk.png.\
        \(Extras.discussion)
        """)
  }

  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "A model's name or path (default: the newest in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @OptionGroup var images: SampleArguments
  @OptionGroup(title: "Walks between latents") var walk: WalkArguments
  @OptionGroup(title: "Styles") var extras: Extras
  @Option(
    name: .shortAndLong,
    help: "Write one file, .png or .jpg, with all images; - for standard output (PNG).",
    completion: .file())
  var out: String?
  @Option(help: "Write a file for each image into this folder: seed0001.png.")
  var outdir: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if (out == nil) == (outdir == nil) {
      throw ValidationError("--out FILE or --outdir DIR is needed, one of them")
    }
    if outdir != nil, walk.interpolate || walk.map || images.grid != nil {
      throw ValidationError("--grid, --interpolate and --map make one file: --out")
    }
    if !walk.ends.isEmpty || walk.map, images.areDrawn {
      throw ValidationError("--num, --seed and --seeds are of drawn latents")
    }
    if let out, isStandardOutput(out), common.json {
      throw ValidationError("--out \(out) or --json, not both")
    }
    if extras.choosesImages, walk.interpolate || walk.map || !walk.ends.isEmpty {
      throw ValidationError("--interpolate and --map choose their images themselves")
    }
    try extras.validate(with: images, hasFolder: outdir != nil)
  }

  func run() throws {
    if let outdir { try OutputPlan.check(folder: outdir) }
    let kind = extras.outputKind ?? (walk.frames == nil ? .image : .animation)
    try OutputPlan.check([(out, kind)], reading: walk.ends)
    let (path, loaded) = try loadImageModel(model, family: Name.family)
    let generator = try extras.configured(loaded)
    if try extras.runOtherwise(generator, folder: path, images, out: out, json: common.json) {
      return
    }
    let (seeds, files) = try make(generator)
    try report(path, generator, seeds, files)
  }

  /// Makes images and writes them.
  /// - Returns: their seeds, and the files.
  private func make(_ generator: any ImageModel) throws -> ([UInt64], [String]) {
    if extras.choosesImages, let out {
      let (seeds, made) = try extras.sheet(generator, images)
      try SampledFile(made).write(to: out, isAnimation: false)
      return (seeds, [out])
    }
    let sampler = ImageSampler(
      generator, labels: try images.labels(generator), scale: images.scale)
    let seeds =
      walk.map || !walk.ends.isEmpty
      ? [] : try images.resolvedSeeds(isWalk: walk.interpolate, frames: walk.frames)
    return (seeds, try write(sampler, seeds))
  }

  /// - Returns: the files.
  private func write(_ sampler: ImageSampler, _ seeds: [UInt64]) throws -> [String] {
    if let outdir { return try sampler.writeEach(seeds, to: outdir) }
    guard let out else { return [] }
    try SampledFile(file(sampler, seeds)).write(to: out, isAnimation: walk.frames != nil)
    return [out]
  }

  /// The one file of `--out`.
  private func file(
    _ sampler: ImageSampler, _ seeds: [UInt64]
  ) throws(AIGCError) -> [Image] {
    if let plane = walk.map ? walk.plane(images.grid ?? .ofMap) : nil {
      return try sampler.plane(plane)
    }
    let columns = images.columns(of: seeds.count)
    guard walk.interpolate else { return try sampler.sheet(seeds, columns: columns) }
    let isBetweenImages = !walk.ends.isEmpty
    let starts =
      isBetweenImages
      ? try sampler.encoded(walk.ends, ignoresOrientation: walk.ignoreOrientation) {
        Diagnostics.show($0)
      }
      : try sampler.draws(seeds)
    if let frames = walk.frames {
      let cells = isBetweenImages ? 1 : images.grid.map { $0.columns * $0.rows } ?? 1
      return try sampler.animation(
        starts, cells: cells, columns: images.grid?.columns ?? 1, frames: frames)
    }
    guard isBetweenImages else { return try sampler.strips(starts, columns: columns) }
    // From the one to the other, not back.
    return try sampler.strips(starts, columns: images.grid?.columns ?? 10, rows: 1)
  }

  private func report(
    _ path: String, _ generator: any ImageModel, _ seeds: [UInt64], _ files: [String]
  ) throws(AIGCError) {
    let answer = Answer.ofFinishedWork()
    if common.json {
      try answer.write(json: [
        .init("model", .string(path)),
        .init("seeds", .array(seeds.map { .int(Int(clamping: $0)) })),
        .init("width", .int(generator.width)), .init("height", .int(generator.height)),
        .init("channels", .int(generator.channels)),
        .init("files", .array(files.map { .string($0) })),
      ])
    } else if !(out.map { isStandardOutput($0) } ?? false) {
      try answer.write(files.map { $0 + "\n" }.joined())
    }
  }
}
