import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// The flags of `aigc sample stylegan`, under the names of NVlabs' generate.py, style_mixing.py and projector.py.
struct StyleArguments: SampleExtras {
  static var discussion: String {
    """

    --trunc 0.7 keeps to the model's usual images. --rows 1-4 --cols 11-16 --styles 0-3 --out mix.png shows \
    images of rows with the styles of columns in these layers; --direction 0 --strength -3..3 --out strip.png \
    what moves along a principal component of styles. --target a.png --out w.safetensors finds the styles of \
    an image, --projected-w w.safetensors --out b.png makes its image again.
    """
  }

  @Option(
    name: [.customLong("trunc"), .customLong("truncation"), .customLong("truncation-psi")],
    parsing: .unconditional,
    help: "What is kept of a style's difference to the mean style: 0 to 1 or more (default 1).")
  var trunc: Float?
  @Option(help: "Truncate so many of the first layers (default: all).")
  var truncCutoff: Int?
  @Option(help: "Noise of the layers: const, random or none (default const).")
  var noiseMode: StyleNoise?
  @Option(help: "Style mixing: seeds of the rows, 1-4.")
  var rows: String?
  @Option(help: "Style mixing: seeds of the columns, 11-16.")
  var cols: String?
  @Option(help: "Style mixing: the layers that take the columns' styles: 0-6, all or none.")
  var styles: String?
  @Option(help: "Move styles along this principal component, from 0.")
  var direction: Int?
  @Option(
    parsing: .unconditional,
    help: "How far, in standard deviations: 2, or from -3 to 3: -3..3 (the default).")
  var strength: String?
  @Option(
    help: "Find the styles of this image, and write them to --out w.safetensors.",
    completion: .file())
  var target: String?
  @Option(help: "Steps of --target (default 500).")
  var numSteps: Int?
  @Option(help: "Make the images of styles in this file.", completion: .file())
  var projectedW: String?

  /// Columns of a strip.
  private static let strip = 7

  var outputKind: OutputKind? { target == nil ? nil : .tensors }
  private var mixes: Bool { rows != nil || cols != nil || styles != nil }
  var choosesImages: Bool { mixes || direction != nil || projectedW != nil || target != nil }

  func validate(with images: SampleArguments, hasFolder: Bool) throws {
    let ways = [mixes, direction != nil, projectedW != nil, target != nil].count { $0 }
    if ways > 1 {
      throw ValidationError("one of --rows with --cols, --direction, --projected-w and --target")
    }
    if hasFolder, choosesImages {
      throw ValidationError("--rows, --direction, --projected-w and --target make one file: --out")
    }
    if mixes, rows == nil || cols == nil || styles == nil {
      throw ValidationError("--rows, --cols and --styles go together")
    }
    if strength != nil, direction == nil {
      throw ValidationError("--strength goes with --direction")
    }
    if numSteps != nil, target == nil { throw ValidationError("--num-steps goes with --target") }
    if truncCutoff != nil, trunc == nil {
      throw ValidationError("--trunc-cutoff goes with --trunc")
    }
    if let trunc, !trunc.isFinite { throw ValidationError("--trunc \(trunc): a number is needed") }
    if let truncCutoff, truncCutoff < 0 {
      throw ValidationError("--trunc-cutoff \(truncCutoff): a number from 0 up")
    }
    if let direction, direction < 0 {
      throw ValidationError("--direction \(direction): a number from 0 up")
    }
    if let numSteps, !(1...1_000_000).contains(numSteps) {
      throw ValidationError("--num-steps \(numSteps): 1 to 1000000")
    }
    if let strength, strengths(columns: 2) == nil {
      throw ValidationError("--strength \(strength): a number, or two such as -3..3")
    }
    if mixes || projectedW != nil, images.areDrawn || images.grid != nil {
      throw ValidationError("--num, --seed, --seeds and --grid are not of --rows and --projected-w")
    }
    if target != nil, images.num != nil || images.seeds != nil || images.grid != nil {
      throw ValidationError("--num, --seeds and --grid are not of --target")
    }
  }

  func configured(_ model: any ImageModel) throws(AIGCError) -> any ImageModel {
    guard trunc != nil || noiseMode != nil else { return model }
    let model = try Self.own(model)
    var settings = model.settings
    if let trunc { settings.truncation = trunc }
    settings.cutoff = truncCutoff
    if let noiseMode { settings.noise = noiseMode }
    return try model.with(settings)
  }

  /// The model as what it is.
  private static func own(_ model: any ImageModel) throws(AIGCError) -> StyleGANModel {
    if let model = model as? StyleGANModel { return model }
    throw .usage("this model has no styles")
  }

  func sheet(
    _ model: any ImageModel, _ images: SampleArguments
  ) throws(AIGCError) -> (seeds: [UInt64], images: [Image]) {
    let model = try Self.own(model)
    let sampler = StyleSampler(model, labels: try images.labels(model), scale: images.scale)
    if let projectedW {
      let made = try sampler.images(StyleFile.read(projectedW, for: model))
      return ([], [Image.grid(made, columns: images.columns(of: made.count))])
    }
    if let rows, let cols {
      let (rows, cols) = (try SampleArguments.parse(rows), try SampleArguments.parse(cols))
      let sheet = try sampler.mixed(rows: rows, columns: cols, layers: layers(of: model))
      return (rows + cols, sheet)
    }
    let seeds =
      images.areDrawn || images.grid != nil
      ? try images.resolvedSeeds(isWalk: true, frames: nil)
      : [images.seed.resolve()]
    let strengths = strengths(columns: images.grid?.columns ?? Self.strip) ?? []
    return (
      seeds, try sampler.moved(seeds, direction: direction ?? 0, strengths: strengths)
    )
  }

  /// The layers of --styles.
  private func layers(of model: StyleGANModel) throws(AIGCError) -> Set<Int> {
    switch styles {
    case "all"?: return Set(0..<model.styleCount)
    case "none"?: return []
    default:
      let text = styles ?? ""
      guard text.utf8.count < 1000, let numbers = try? SampleArguments.parse(text) else {
        throw .usage("--styles \(text): layers such as 0-6, all or none")
      }
      return Set(numbers.map { Int(clamping: $0) })
    }
  }

  /// As many strengths as there are columns, or the one that was given; nil for a text that is none.
  private func strengths(columns: Int) -> [Float]? {
    let text = strength ?? "-3..3"
    if let one = Float(text), one.isFinite { return [one] }
    guard let dots = text.firstRange(of: ".."), let first = Float(text[..<dots.lowerBound]),
      let last = Float(text[dots.upperBound...]), first.isFinite, last.isFinite
    else { return nil }
    guard columns > 1 else { return [first] }
    return (0..<columns).map { first + (last - first) * Float($0) / Float(columns - 1) }
  }

  func runOtherwise(
    _ model: any ImageModel, folder: String, _ images: SampleArguments, out: String?, json: Bool
  ) throws -> Bool {
    guard let target, let out else { return false }
    let model = try Self.own(model)
    var projector = try StyleProjector(model, folder: folder)
    projector.steps = numSteps ?? projector.steps
    if !projector.comparesFeatures {
      Diagnostics.note(
        "\(folder): no discriminator, whose features could be compared: pixels alone are")
    }
    var options = ImageOptions(size: model.size, channels: model.channels)
    options.ignoresOrientation = model.ignoresOrientation
    let set = try openImages(target, options) { Diagnostics.show($0) }
    guard set.count == 1 else {
      throw AIGCError.usage("\(target): \(counted(set.count, "image")), not one")
    }
    let progress = ProgressLine("projecting", total: projector.steps, unit: .items("steps"))
    let found = try projector(
      set.values([0]), seed: images.seed.seed >= 0 ? images.seed.resolve() : 0,
      label: try images.labels(model).first
    ) { (step, psnr) throws(AIGCError) in
      progress.show("step \(step + 1)/\(projector.steps)  \(Format.fixed(psnr, 1)) dB")
    }
    progress.finish()
    try StyleFile.write(found.styles, of: model, to: out)
    try report(found, out, folder, json)
    return true
  }

  private func report(
    _ found: StyleProjector.Result, _ out: String, _ folder: String, _ json: Bool
  ) throws(AIGCError) {
    let answer = Answer.ofFinishedWork()
    if json {
      try answer.write(json: [
        .init("model", .string(folder)), .init("psnr", .double(found.psnr)),
        .init("nearest_psnr", .double(found.firstPSNR)), .init("files", .array([.string(out)])),
      ])
    } else {
      Diagnostics.note(
        "\(Format.fixed(found.psnr, 1)) dB; the nearest of 1,000 random images has \(Format.fixed(found.firstPSNR, 1)) dB"
      )
      try answer.write("\(out)\n")
    }
    try answer.finish()
  }
}

extension StyleNoise: ExpressibleByArgument {}
