import Datasets
import Files
import Glibc
import NN
import Training

extension VQVAEModel {
  /// The bound on log p(x) of images and its parts, in nats an image: an image's codes are one way in
  /// which it comes about, so log p(x) is at least log p(x | codes) + log p(codes).
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read, interrupted.
  func likelihood(
    of path: String, _ options: LikelihoodOptions, _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member] {
    var form = ImageOptions(
      size: ImageSize(width: width, height: height), channels: channels)
    form.badImages = options.badImages
    form.ignoresOrientation = ignoresOrientation || options.ignoresOrientation
    let set = try ImageSet.open(path, form).drawn(options.count, seed: options.seed)
    let found = try VQVAEMeasures(of: set, configuration, networks)
    guard (found.reconstruction + found.commitment).isFinite else {
      throw DamagedWeights.error("scores", of: weightsPath, networks.namedParameters)
    }
    let bits = prior.map { $0.bits(of: found.codes) / Double(max(set.count, 1)) }
    let divergence = bits.map { $0 * log(2) }
    let few = [
      SampleSize.ofMeans("elbo and its parts", set.count, "images"),
      SampleSize.ofCodes(found.codes.count, entries: codebook.entries),
    ]
    few.compactMap { $0 }.forEach { notices(.warning($0)) }
    return [
      .init("elbo", JSONValue(divergence.map { -found.reconstruction - $0 })),
      .init("reconstruction", .double(found.reconstruction)), .init("kl", JSONValue(divergence)),
      .init("code_bits", JSONValue(bits)), .init("commitment", .double(found.commitment)),
      .init("code_perplexity", .double(found.perplexity)), .init("measured", .int(set.count)),
    ]
  }
}
