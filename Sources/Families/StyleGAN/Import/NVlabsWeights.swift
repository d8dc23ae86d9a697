import Autograd
import Checkpoints
import Files

/// A generator in the layout of NVlabs' stylegan2-ada-pytorch (training/networks.py).
struct NVlabsWeights {
  private let checkpoint: Checkpoint
  /// The filter of all doublings and halvings; the parameter `resample_filter` of each layer holds it.
  private static let filter = "resample_filter"

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  private func shape(_ name: String) -> [Int] { checkpoint[name]?.shape ?? [] }

  /// The model that the shapes are of, and its weights.
  /// - Throws: ``/Files/AIGCError`` (mismatch) for networks of another form: another filter, blocks that are
  ///   missing.
  func found() throws(AIGCError) -> (StyleGANConfiguration, Checkpoint) {
    let sides = (2...10).map { 1 << $0 }.filter {
      checkpoint["synthesis.b\($0).conv1.weight"] != nil
    }
    guard let side = sides.last, sides.count > 1, sides == (2..<2 + sides.count).map({ 1 << $0 })
    else {
      let known = sides.map { "b\($0)" }.joined(separator: ", ")
      throw .mismatch(
        "\(checkpoint.path): a StyleGAN2 with the blocks \(known.isEmpty ? "of no size" : known): one of each "
          + "size from b4 to b8 or more is needed")
    }
    var layers = 0
    while layers < 64, checkpoint["mapping.fc\(layers).weight"] != nil { layers += 1 }
    let (first, image) = (shape("mapping.fc0.weight"), shape("synthesis.b4.torgb.weight"))
    guard first.count == 2, image.count == 4 else {
      throw .mismatch(
        "\(checkpoint.path): a StyleGAN2 without mapping.fc0.weight or b4.torgb.weight")
    }
    var result = StyleGANConfiguration(side: side, channels: image[0])
    let embed = shape("mapping.embed.weight")
    result.style = first[0]
    result.latent = first[1] - (embed.first ?? 0)
    result.depth = layers
    if embed.count == 2, embed[1] <= 4096 { result.classes = (0..<embed[1]).map { "\($0)" } }
    let maps = sides.map { shape("synthesis.b\($0).conv1.weight").first ?? 0 }
    result.mostMaps = maps[0]
    result.baseMaps =
      zip(sides, maps).first { $0.1 < maps[0] }.map { $0.0 * $0.1 } ?? maps[0] * side
    result.clamp = clamp
    return (result, try Self.withoutFilters(checkpoint))
  }

  /// What activations are cut to, which files of 16-bit training say.
  private var clamp: Float? {
    for name in ["G_ema", "G"] {
      let key = "\(name)._init_kwargs.synthesis_kwargs.conv_clamp"
      if let text = checkpoint.metadata[key], let value = Float(text), value > 0 { return value }
    }
    return nil
  }

  /// The weights without the filters, which are to be [1, 3, 3, 1] on both axes.
  /// - Throws: ``/Files/AIGCError`` (mismatch) for another filter.
  static func withoutFilters(_ checkpoint: Checkpoint) throws(AIGCError) -> Checkpoint {
    let row = ResamplingFilter.binomial
    let expected = row.flatMap { down in row.map { $0 * down } }
    for tensor in checkpoint.tensors where tensor.name.hasSuffix(filter) {
      let values = tensor.count == expected.count ? try tensor.floats() : []
      let isKnown =
        !values.isEmpty && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 }
      guard isKnown else {
        throw .mismatch(
          "\(checkpoint.path): \(printable(tensor.name)) is another filter than [1, 3, 3, 1]")
      }
    }
    return try checkpoint.without { $0.hasSuffix(filter) }
  }
}
