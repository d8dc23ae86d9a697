import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import Training

/// The flags of `aigc evaluate` for images: a generator against data, or two sets of images.
struct ImageEvaluationArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Images: how many of each side (default 10000).")
  var num: Int?
  @Option(
    help:
      "Images: the classifier whose last hidden layer is compared (default: the bundled one).",
    completion: .model)
  var features: String?
  @OptionGroup(title: "Images") var reading: ImageReadingFlags
  @Option(
    parsing: .unconditional,
    help: """
      Images: latents drawn for each in the importance-weighted likelihood of autoencoders; 0: none \
      (default 500).
      """)
  var iwSamples: Int?
  @Option(
    help:
      "Translators: the images that are translated, and then compared with DATA (default: none).",
    completion: .file())
  var input: String?
  @Option(help: "Translators: AtoB (the default) or BtoA.")
  var direction: TranslationDirection?
  @Flag(help: "Images: compare two halves of the data, in place of a model and data.")
  var halves = false
  @Option(
    name: [.customLong("seed"), .customShort("s")], parsing: .unconditional,
    help: "Images: which of them are drawn (default 0). Agents: which episodes (default: random).")
  var givenSeed: UInt64?

  /// Whether something was given that only images have.
  var isGiven: Bool {
    isOfDistances || reading.reading.isGiven
  }

  /// The same without the flags of reading images.
  var isOfDistances: Bool {
    num != nil || iwSamples != nil || features != nil || halves || givenSeed != nil
      || input != nil || direction != nil
  }

  /// ``isGiven`` without the seed, which agents have too.
  var isGivenBesideSeed: Bool {
    var other = self
    other.givenSeed = nil
    return other.isGiven
  }

  private var seed: UInt64 { givenSeed ?? 0 }

  func validate() throws {
    if let num, num < 2 { throw ValidationError("--num \(num): a number from 2 up") }
    if let iwSamples, !(0...1_000_000).contains(iwSamples) {
      throw ValidationError("--iw-samples \(iwSamples): 0 to 1000000")
    }
  }

  /// Compares what `model` makes, or the images at that path, with the data at `file`; with
  /// ``halves`` two halves of the images at `model`.
  func evaluate(_ model: String, _ file: String?) throws(AIGCError) -> any Report {
    if let file { try refuseTable(file, by: model) }
    let extractor = try openFeatures()
    // Chance of its own for each side: what is drawn of one does not depend on the other.
    var (left, right) = (RandomSource(seed: seed), RandomSource(seed: seed, stream: 1))
    let count = num ?? 10000
    let (generated, real): (ImageFeatures, ImageFeatures)
    var likelihood: [JSONValue.Member] = []
    let translator = try openTranslator(model)
    let opened = translator == nil ? try openGenerator(model) : nil
    if iwSamples != nil, !(opened?.model is VAEModel) {
      throw .usage(
        "--iw-samples is of models of train vae and vaegan that are no VQ-VAEs, not of \(model)")
    }
    switch (opened, file) {
    case (nil, let file?) where translator != nil:
      real = try read(
        file, count, extractor, &right, as: translator.map { ($0.size, $0.channels) })
      generated = try translated(translator, count, extractor, &left)
    case (nil, nil) where translator != nil:
      throw .usage("--halves: of images, not of the model \(model)")
    case (let (family, generator)?, let file?):
      if generator.channels > extractor.channels {
        Diagnostics.note("\(extractor.featuresName) does not see the colours of \(model)")
      }
      // First what can be wrong.
      real = try read(
        file, count, extractor, &right, as: (generator.size, generator.channels),
        isIgnored: generator.ignoresOrientation)
      var options = LikelihoodOptions(count: count, draws: iwSamples ?? 500)
      options.badImages = reading.badImages ?? .fail
      (options.seed, options.ignoresOrientation) = (seed, reading.ignoreOrientation)
      likelihood = try family.likelihood(
        generator, of: file, options, Diagnostics.show)
      generated = try ImageFeatures(of: generator, count: count, by: extractor, using: &left)
    case (_?, nil): throw .usage("--halves: of images, not of the model \(model)")
    case (nil, let file?):
      generated = try read(model, count, extractor, &left)
      real = try read(file, count, extractor, &right)
    case (nil, nil):
      (generated, real) = try read(model, 2 * count, extractor, &left).halves(using: &right)
    }
    var draws = RandomSource(seed: seed, stream: 2)
    let result = try ImageDistance(
      generated: generated, real: real, classes: extractor.classes.count, using: &draws)
    SampleSize.ofDistances(
      [generated.count, real.count], features: extractor.featureCount,
      neighbor: ImageDistance.neighbor
    ).forEach { Diagnostics.warning($0) }
    return ImageComparison(members: likelihood + result.members(extractor))
  }

  /// The translator of the model that the name or path means; nil where it means none.
  private func openTranslator(_ nameOrPath: String) throws(AIGCError) -> ImageTranslator? {
    guard let path = imagesModel(nameOrPath),
      let family = try? family(of: path) as? CycleGANFamily
    else {
      guard input == nil, direction == nil else {
        throw .usage("--input and --direction are of models that translate, not of \(nameOrPath)")
      }
      return nil
    }
    guard input != nil else {
      throw .usage("\(nameOrPath) translates images: pass those to be translated with --input")
    }
    let model = try family.load(path)
    return try model.translator(direction ?? model.directions[0])
  }

  /// Features of translated images.
  private func translated(
    _ translator: ImageTranslator?, _ count: Int, _ extractor: any FeatureExtractor,
    _ random: inout RandomSource
  ) throws(AIGCError) -> ImageFeatures {
    guard let translator, let input else { throw .usage("--input: images are missing") }
    var options = ImageOptions(
      size: ImageSize(width: translator.width, height: translator.height),
      channels: translator.channels)
    options.fit = .stretch
    reading.reading.apply(to: &options, isIgnored: translator.ignoresOrientation)
    let images = try openImages(input, options, Diagnostics.show)
    return try ImageFeatures(
      of: translator, inputs: images, limit: count, by: extractor, using: &random)
  }

  /// - Parameter form: of the model that the images are compared with; nil: there is none.
  private func read(
    _ path: String, _ count: Int, _ extractor: any FeatureExtractor,
    _ random: inout RandomSource, as form: (size: ImageSize, channels: Int)? = nil,
    isIgnored: Bool = false
  ) throws(AIGCError) -> ImageFeatures {
    var options = ImageOptions(
      size: form?.size ?? extractor.size, channels: form?.channels ?? extractor.channels)
    reading.reading.apply(to: &options, isIgnored: isIgnored)
    let images = try openImages(path, options, Diagnostics.show)
    let found = try ImageFeatures(of: images, limit: count, by: extractor, using: &random)
    SampleSize.ofFeatures(
      of: path, doubts: found.doubts, usual: extractor.usualDoubt,
      losesColors: images.losesColors
    ).forEach { Diagnostics.warning($0) }
    return found
  }

  private func openFeatures() throws(AIGCError) -> any FeatureExtractor {
    let store = ModelStore.standard()
    let bundled = store.models().first {
      $0.place == .bundled && $0.configuration.family == ClassifierFamily().name
        && $0.configuration.isDefault == true
    }
    if features == nil, let bundled { return try Classifier(folder: bundled.path) }
    return try openClassifier(features)
  }
}

/// The model that makes images of the name or path; nil when no model stands there.
private func openGenerator(
  _ nameOrPath: String
) throws(AIGCError) -> (family: any ImageFamily, model: any ImageModel)? {
  guard let path = imagesModel(nameOrPath) else { return nil }
  guard let family = try family(of: path) as? any ImageFamily else {
    throw .mismatch("\(path): a model that makes no images of chance")
  }
  return (family, try family.load(path))
}

/// The folder of the model that the name or path means; nil for none.
private func imagesModel(_ nameOrPath: String) -> String? {
  guard let path = try? ModelStore.standard().resolve(nameOrPath), isFolder(path) else {
    return nil
  }
  return path
}

/// The model of the name or path when its family measures it on images; nil for others.
func measuredOnImages(
  _ nameOrPath: String
) -> (family: any ImageMeasuringFamily, path: String)? {
  guard let path = imagesModel(nameOrPath),
    let family = try? family(of: path) as? any ImageMeasuringFamily
  else { return nil }
  return (family, path)
}

/// Whether `aigc evaluate` of this is about images: a model that makes them, or no model and something
/// that images can be read of.
func isOfImages(_ nameOrPath: String) -> Bool {
  if let path = imagesModel(nameOrPath) {
    // Some image families also have models of tables.
    let family = try? family(of: path)
    return family is CycleGANFamily
      || family is any ImageFamily
        && (try? ModelConfiguration.read(folder: path).kind) == "image"
  }
  guard fileExists(nameOrPath) else { return false }
  return !families.contains { $0.claims(nameOrPath) }
}

extension ImageDistance {
  func members(_ extractor: any FeatureExtractor) -> [JSONValue.Member] {
    let shares = zip(extractor.classes, classShares).map { name, share in
      JSONValue.Member(name, .double((share * 10000).rounded() / 10000))
    }
    return [
      .init("frechet_distance", .double(frechetDistance)), .init("kid", .double(kernelDistance)),
      .init("precision", JSONValue(precision)), .init("recall", JSONValue(recall)),
      .init("features", .string(extractor.featuresName)), .init("generated", .int(generatedCount)),
      .init("real", .int(realCount)), .init("neighbor", .int(Self.neighbor)),
      .init("class_shares", .object(shares)),
    ]
  }
}

/// Likelihoods and distances of images.
private struct ImageComparison: Report {
  var members: [JSONValue.Member]

  /// No more digits than mean something.
  var text: String {
    membersText(
      members.map { member in
        guard case .double(let value) = member.value else { return member }
        return .init(member.name, .string(Format.fixed(value, abs(value) < 2 ? 4 : 2)))
      })
  }
}
