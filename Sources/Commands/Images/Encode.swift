import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc encode MODEL PICTURES… --out FILE`.
struct Encode: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Compress pictures with an autoencoder: a VAE, a VAE-GAN or a VQ-VAE.",
    discussion: """
      All pictures go into one file, which 'aigc reconstruct' with the same model turns back. What \
      that costs and keeps is printed: bits a picture, and the PSNR of what comes back.
      """)

  @Argument(help: "A model's name (see 'aigc models') or path.", completion: .model)
  var model: String
  @Argument(help: "Pictures, folders or archives of them, IDX files.", completion: .file())
  var pictures: [String]
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
    try OutputPlan.check([(out, isTensors ? .tensors : .latents)], reading: pictures)
    let codec = try openCodec(model)
    try coding.checkStep(codec)
    let sets = try coding.open(pictures, codec)
    if isTensors {
      try writeTensors(codec, sets)
    } else {
      try writeLatents(codec, sets)
    }
  }

  private func writeTensors(_ codec: PictureCodec, _ sets: [PictureSet]) throws {
    guard coding.givenStep == nil else {
      throw AIGCError.usage("--step: tensors are written as they are, nothing is rounded")
    }
    try codec.writeTensors(sets, to: out)
    try report(codec, [.init("pictures", .int(sets.reduce(0) { $0 + $1.count }))])
  }

  private func writeLatents(_ codec: PictureCodec, _ sets: [PictureSet]) throws {
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
    _ codec: PictureCodec, _ members: [JSONValue.Member]
  ) throws(AIGCError) {
    if isStandardOutput(out) { return }
    let answer = Answer.ofFinishedWork()
    guard common.json else { return try answer.write(out + "\n") }
    try answer.write(
      json: [.init("model", .string(codec.path))] + members + [.init("file", .string(out))])
  }
}

/// How pictures are compressed.
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
    parsing: .unconditional, help: "At most so many pictures of each file or folder (default: all)."
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
  func checkStep(_ codec: PictureCodec) throws(AIGCError) {
    guard givenStep != nil, codec.configuration.codebook != nil else { return }
    throw .usage("--step: the codes of a VQ-VAE are whole numbers already, nothing is rounded")
  }

  /// The pictures in the model's form.
  /// - Throws: ``AIGCError``: badInput when there are none, mismatch when they have not the classes
  ///   that the model needs.
  func open(_ paths: [String], _ codec: PictureCodec) throws(AIGCError) -> [PictureSet] {
    var options = PictureOptions(size: codec.size, channels: codec.configuration.channels)
    reading.reading.apply(to: &options, isIgnored: codec.configuration.ignoresOrientation == true)
    options.limit = limit
    var sets: [PictureSet] = []
    try forPictures(paths, options, Diagnostics.show) { (set) throws(AIGCError) in
      let classes = codec.configuration.classes
      guard classes.isEmpty || (set.labels != nil && set.classes == classes) else {
        throw .mismatch(
          "\(set.path): the model knows the classes \(classes.prefix(3).joined(separator: ", ")) …, "
            + "these pictures have not; use the folders or the IDX labels it was trained with")
      }
      sets.append(set)
    }
    return sets
  }
}

/// Opens the autoencoder that the user wrote as a name or a path.
/// - Throws: ``AIGCError``: badInput for what is no model, mismatch for a model of another family.
func openCodec(_ nameOrPath: String) throws(AIGCError) -> PictureCodec {
  let path = try ModelStore.standard().resolve(nameOrPath)
  let family = try family(of: path)
  guard let autoencoders = family as? any AutoencoderFamily else {
    throw .mismatch("\(path): a model of the family \(family.name); an autoencoder is needed here")
  }
  return try autoencoders.codec(path)
}
