import Autograd
import Datasets
import Files
import Kernels
import Training

extension VAEFamily {
  /// The bounds on log p(x) of images and their parts, in nats an image.
  public func likelihood(
    _ generator: any ImageModel, of path: String, _ options: LikelihoodOptions,
    _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member] {
    guard let model = generator as? VAEModel else { return [] }
    return try bounds(model, of: images(model, path, options), options, notices)
  }

  /// The same of a table's rows: of the normal ones, where its labels say which these are.
  public func evaluate(
    _ path: String, on file: String, _ notices: NoticeHandler
  ) throws(AIGCError) -> (any Report)? {
    let model = try VAEModel(folder: path)
    guard let table = model.configuration.table else { return nil }
    let source = try TableSource(path: file, of: table, label: nil, normal: nil)
    let (rows, notes) = try source.values(table, source.isNormal)
    notes.forEach { notices(.note($0)) }
    guard rows.count > 0 else { throw .badInput("\(file): no normal rows") }
    // A bound that leaves words out would reward them.
    if rows.unlearned.count > 0 {
      notices(
        .warning(
          "\(file): \(counted(rows.unlearned.count, "row")) with words that were not learned, which the "
            + "bounds leave out"))
    }
    return LikelihoodReport(
      members: try bounds(
        model, of: rows, LikelihoodOptions(count: rows.count), notices))
  }

  private func bounds(
    _ model: VAEModel, of set: any ExampleSet, _ options: LikelihoodOptions,
    _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member] {
    // Streams of the seed that the distances leave free.
    var random = RandomSource(seed: options.seed, stream: 3)
    let bound = try LowerBound(of: set, model.configuration, model.networks, using: &random)
    var likelihood: Double?
    if options.draws > 0 {
      var draws = RandomSource(seed: options.seed, stream: 4)
      let bound = ImportanceBound(draws: options.draws, model.networks)
      likelihood = try bound.negativeLogLikelihood(of: set, model, using: &draws)
    }
    let items = model.configuration.table == nil ? "images" : "rows"
    SampleSize.ofMeans("elbo and its parts", bound.count, items).map {
      notices(.warning($0))
    }
    try model.check(scores: [bound.negative, likelihood ?? 0])
    return [
      .init("elbo", .double(-bound.negative)),
      .init("reconstruction", .double(bound.reconstruction)),
      .init("kl", .double(bound.divergence)), .init("nll_iw", JSONValue(likelihood)),
      .init("iw_samples", .int(options.draws)),
      // They are counted by a variance over the examples.
      .init("active_units", bound.count > 1 ? .int(bound.activeUnits) : .null),
      .init("measured", .int(bound.count)),
    ]
  }

  /// Those to measure on, with the model's classes where it has some.
  private func images(
    _ model: VAEModel, _ path: String, _ options: LikelihoodOptions
  ) throws(AIGCError) -> ImageSet {
    var form = try model.imageOptions(path)
    form.badImages = options.badImages
    form.ignoresOrientation = form.ignoresOrientation || options.ignoresOrientation
    form.classes = model.classes.isEmpty ? nil : ClassChoice.only(model.classes)
    // What is left out is named where the same images are compared.
    let set = try ImageSet.open(path, form)
    guard model.classes.isEmpty || set.classes == model.classes else {
      throw .mismatch("\(path): its classes are not those of the model")
    }
    return set.drawn(options.count, seed: options.seed)
  }
}

extension ImportanceBound {
  /// Images that are read at once.
  private static let block = 256

  /// The mean of ``negativeLogLikelihoods(of:labels:noise:)`` over a set.
  /// - Parameter random: draws the latents.
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read, interrupted.
  func negativeLogLikelihood(
    of set: any ExampleSet, _ model: VAEModel, using random: inout RandomSource
  ) throws(AIGCError) -> Double {
    var sum = 0.0
    for first in stride(from: 0, to: set.count, by: Self.block) {
      let rows = Array(first..<min(first + Self.block, set.count))
      let x = model.configuration.input(try set.values(rows))
      let labels = model.classes.isEmpty ? [] : rows.map { set.labels?[$0] ?? 0 }
      let values = try negativeLogLikelihoods(of: x, labels: labels) { images, draws in
        Tensor.normal([images, draws.count, model.latentCount], using: &random)
      }
      sum += values.reduce(0, +)
    }
    return sum / Double(max(set.count, 1))
  }
}

/// Bounds on likelihoods and their parts.
struct LikelihoodReport: Report {
  var members: [JSONValue.Member]

  var text: String {
    membersText(
      members.map { member in
        guard case .double(let value) = member.value else { return member }
        return .init(member.name, .string(Format.fixed(value, 4)))
      })
  }
}
