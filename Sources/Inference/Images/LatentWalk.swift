import Glibc

/// A walk between latents: from each to the next, the last one back to the first, on great circles
/// (White 2016), where every place has the length of latents that the generator knows.
public struct LatentWalk {
  private let latents: [[Float]]

  /// - Parameter latents: at least one.
  public init(_ latents: [[Float]]) {
    require(!latents.isEmpty, "LatentWalk: no latents")
    self.latents = latents
  }

  /// The latent at a place: whole numbers are the latents themselves, those from their number on
  /// begin anew.
  public subscript(place: Double) -> [Float] {
    let index = Int(place.rounded(.down))
    let share = place - place.rounded(.down)
    let from = latents[index % latents.count]
    if share == 0 { return from }
    return Self.between(from, latents[(index + 1) % latents.count], share)
  }

  /// Spherical interpolation (Shoemake 1985).
  static func between(_ a: [Float], _ b: [Float], _ share: Double) -> [Float] {
    func dot(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (dot(a, a) * dot(b, b)).squareRoot()
    let angle = lengths > 0 ? acos(max(-1, min(1, dot(a, b) / lengths))) : 0
    // Along a line where there is no arc between them, or no shortest one.
    let isLine = sin(angle) < 1e-6
    let first = isLine ? 1 - share : sin((1 - share) * angle) / sin(angle)
    let second = isLine ? share : sin(share * angle) / sin(angle)
    return zip(a, b).map { Float(first * Double($0) + second * Double($1)) }
  }
}
