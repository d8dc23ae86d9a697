import Datasets
import Kernels
import NN
import Testing

@testable import Families

/// An image that is translated part by part is the image that is translated as a whole.
@Suite struct TiledTranslationTests {
  private static let models:
    [(CycleGANConfiguration.Generator, CycleGANConfiguration.Normalization)] =
      [
        (.article, .instance), (.resnet6, .instance), (.resnet9, .batch), (.resnet6, .none),
        (.unet128, .instance),
      ]

  /// The largest difference between values of the whole and those of parts.
  private func difference(
    _ kind: (CycleGANConfiguration.Generator, CycleGANConfiguration.Normalization), width: Int,
    height: Int, _ tiles: TranslationTiles
  ) throws -> Float {
    var sizes = CycleGANConfiguration(width: 256, height: 256, channels: 3)
    (sizes.generator, sizes.normalization, sizes.generatorWidth) = (kind.0, kind.1, 4)
    var random = RandomSource(seed: 7)
    let translator = ImageTranslator(
      sizes, random.drawn { TranslationGenerator(sizes, using: &$0) })
    let image = (0..<width * height * 3).map { _ in Float(random.uniform()) * 2 - 1 }
    let whole = try translator.translated(image, width: width, height: height)
    let parts = try translator.translated(image, width: width, height: height, tiles: tiles)
    #expect(whole.count == parts.count)
    #expect(Set(whole.prefix(300)).count > 100)
    return zip(whole, parts).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  /// Parts that end where the image does, and that do not; sides that the network continues.
  @Test(arguments: 0..<5, [(40, 132, 100), (64, 128, 128), (33, 70, 41)])
  func partsMakeTheWhole(_ index: Int, _ size: (side: Int, width: Int, height: Int)) throws {
    let kind = Self.models[index]
    let found = try difference(
      kind, width: size.width, height: size.height, TranslationTiles(side: size.side))
    // With statistics of the whole image sums are added in another order.
    #expect(found < (kind.1 == .instance && kind.0 != .article ? 1e-3 : 1e-5), "\(kind) \(size)")
  }

  @Test func anImageOf768InTilesOf128() throws {
    #expect(
      try difference(Self.models[0], width: 768, height: 768, TranslationTiles(side: 128)) < 1e-5)
  }

  /// Pixels beyond the overlap have an influence: with fewer than the radius the result is another one.
  @Test func theRadiusIsTheLeast() throws {
    let article = Self.models[0]
    for (overlap, isSame) in [(18, true), (19, true), (4, false), (0, false)] {
      let tiles = TranslationTiles(side: 40, overlap: overlap)
      let found = try difference(article, width: 100, height: 90, tiles)
      #expect((found < 1e-5) == isSame, "\(overlap): \(found)")
    }
  }

  @Test func largeImagesAreComputedInPartsUnasked() {
    var sizes = CycleGANConfiguration(width: 64, height: 64, channels: 3)
    #expect(TranslationTiles.needed(sizes, ImageSize(width: 1024, height: 768)) == nil)
    #expect(TranslationTiles.needed(sizes, ImageSize(width: 4096, height: 4096)) != nil)
    sizes.generatorWidth = 4
    #expect(TranslationTiles.needed(sizes, ImageSize(width: 4096, height: 2048)) == nil)
  }
}
