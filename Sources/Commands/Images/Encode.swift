import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc encode MODEL IMAGES… --out FILE`.
struct Encode: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Compress images with an autoencoder: a VAE, a VAE-GAN or a VQ-VAE.",
    discussion: """
      All images go into one file, which 'aigc reconstruct' with the same model turns back. What \
      that costs and keeps is printed: bits an image, and the PSNR of what comes back.
      """)

  @Argument(help: "A model's name (see 'aigc models') or path.", completion: .model)
  var model: String
  @Argument(help: "Images, folders or archives of them, IDX files.", completion: .file())
  var images: [String]
  @Option(
    name: .shortAndLong,
    help: """
      The file to write, - for standard output; its name may end in .safetensors, for tensors mean and log_variance (or \
      codes) that other programs read.
      """, completion: .file())
  var out: String
  @OptionGroup var coding: CodingArguments
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if common.json, isStandardOutput(out) {
      throw ValidationError("--out \(out) or --json, not both")
    }
  }

  func run() throws {
    let isTensors = OutputKind.ending(of: out) == "safetensors"
    try OutputPlan.check([(out, isTensors ? .tensors : .latents)], reading: images)
    let codec = try openCodec(model)
    try coding.checkStep(codec)
    let sets = try coding.open(images, codec)
    if isTensors {
      try writeTensors(codec, sets)
    } else {
      try writeLatents(codec, sets)
    }
  }

  private func writeTensors(_ codec: ImageCodec, _ sets: [ImageSet]) throws {
    guard coding.givenStep == nil else {
      throw AIGCError.usage("--step: tensors are written as they are, nothing is rounded")
    }
    try codec.writeTensors(sets, to: out)
    try report(codec, [.init("pictures", .int(sets.reduce(0) { $0 + $1.count }))])
  }

  private func writeLatents(_ codec: ImageCodec, _ sets: [ImageSet]) throws {
    let latents = try codec.encode(sets, step: coding.step)
    // A file that nothing comes back of is not written.
    let found = try CompressionReport(
      codec, latents, size: latents.bytes.count, name: out, sets)
    let answer = try Answer(out, .latents)
    try answer.write(latents.bytes)
    try answer.finish()
    Diagnostics.note(found.text)
    try report(codec, found.members)
  }

  private func report(
    _ codec: ImageCodec, _ members: [JSONValue.Member]
  ) throws(AIGCError) {
    if isStandardOutput(out) { return }
    let answer = Answer.ofFinishedWork()
    guard common.json else { return try answer.write(out + "\n") }
    try answer.write(
      json: [.init("model", .string(codec.path))] + members + [.init("file", .string(out))])
  }
}

/// How images are compressed.
struct CodingArguments: ParsableArguments {
  @Option(
    name: .customLong("step"), parsing: .unconditional,
    help: """
      Latents are rounded to multiples of this (default 0.5); the prior's deviation is 1. Codes of a \
      VQ-VAE are whole numbers already.
      """)
  var givenStep: Float?
  @OptionGroup var reading: ImageReadingFlags
  @Option(
    parsing: .unconditional, help: "At most so many images of each file or folder (default: all)."
  )
  var limit: Int?

  func validate() throws {
    if let step = givenStep, !(step > 0 && step.isFinite) {
      throw ValidationError("--step \(step): a number above 0 is needed")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a number from 1 up") }
  }

  var step: Float { givenStep ?? 0.5 }

  /// Refuses `--step` where nothing is rounded.
  func checkStep(_ codec: ImageCodec) throws(AIGCError) {
    guard givenStep != nil, codec.configuration.codebook != nil else { return }
    throw .usage("--step: the codes of a VQ-VAE are whole numbers already, nothing is rounded")
  }

  /// The images in the model's form.
  /// - Throws: ``/Files/AIGCError``: badInput when there are none, mismatch when they have not the classes
  ///   that the model needs.
  func open(_ paths: [String], _ codec: ImageCodec) throws(AIGCError) -> [ImageSet] {
    var options = ImageOptions(size: codec.size, channels: codec.configuration.channels)
    reading.reading.apply(to: &options, isIgnored: codec.configuration.ignoresOrientation == true)
    options.limit = limit
    var sets: [ImageSet] = []
    try forImages(paths, options, Diagnostics.show) { (set) throws(AIGCError) in
      let classes = codec.configuration.classes
      guard classes.isEmpty || (set.labels != nil && set.classes == classes) else {
        throw .mismatch(
          "\(set.path): the model knows the classes \(classes.prefix(3).joined(separator: ", ")) …, "
            + "these images have not; use the folders or the IDX labels it was trained with")
      }
      sets.append(set)
    }
    return sets
  }
}

/// Opens the autoencoder that the user wrote as a name or a path.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another family.
func openCodec(_ nameOrPath: String) throws(AIGCError) -> ImageCodec {
  let path = try ModelStore.standard().resolve(nameOrPath)
  let family = try family(of: path)
  guard let autoencoders = family as? any AutoencoderFamily else {
    throw .mismatch("\(path): a model of the family \(family.name); an autoencoder is needed here")
  }
  return try autoencoders.codec(path)
}
