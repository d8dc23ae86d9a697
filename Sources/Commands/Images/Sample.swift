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
      SampleImages<GANName>.self, SampleImages<DCGANName>.self, SampleImages<VAEName>.self,
      SampleImages<VAEGANName>.self, SampleImages<VQVAEName>.self,
    ])
  init() {}
}

/// `aigc sample gan`, and so on.
struct SampleImages<Name: FamilyName>: ConsoleCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Name.family, abstract: "Make images with a \(Name.family) model.",
      discussion: """
        aigc sample \(Name.family) --out img.png writes a sheet of 64 images; --num 1 one of them; \
        --outdir DIR each to a file of its own, with its seed in the name. --interpolate walks from \
        latent to latent, or between two images: --interpolate a.png b.png --out walk.png.
        """)
  }

  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "A model's name or path (default: the newest in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @OptionGroup var images: SampleArguments
  @OptionGroup(title: "Walks between latents") var walk: WalkArguments
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
  }

  func run() throws {
    if let outdir { try OutputPlan.check(folder: outdir) }
    try OutputPlan.check([(out, walk.frames == nil ? .image : .animation)], reading: walk.ends)
    let (path, generator) = try loadImageModel(model, family: Name.family)
    let sampler = ImageSampler(
      generator, labels: try images.labels(generator), scale: images.scale)
    let seeds =
      walk.map || !walk.ends.isEmpty
      ? [] : try images.resolvedSeeds(isWalk: walk.interpolate, frames: walk.frames)
    try report(path, generator, seeds, write(sampler, seeds))
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
