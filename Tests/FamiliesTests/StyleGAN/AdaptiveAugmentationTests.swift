import Autograd
import FamilySupport
import Kernels
import Testing

@testable import Training

/// Changes of images beside PyTorch's (`Scripts/fixtures/torch_stylegan.py`), and how often they are made.
@Suite struct AdaptiveAugmentationTests {
  private let fixture: TensorFixture

  init() throws { fixture = try TensorFixture("stylegan.safetensors") }

  private func check(
    _ name: String, _ images: String, _ change: (Tensor) -> Tensor
  ) throws {
    let x = try fixture.tensor(images).permuted([0, 2, 3, 1]).watchedCopy()
    let y = change(x)
    try fixture.expectSame(y.permuted([0, 3, 1, 2]).values, "\(name).y", 1e-4)
    let dy = try fixture.tensor("\(name).dy").permuted([0, 2, 3, 1])
    let dx = gradients(of: (y * dy).sum(), at: [x])[0]
    try fixture.expectSame(dx.permuted([0, 3, 1, 2]).values, "\(name).dx", 1e-4)
  }

  @Test func geometry() throws {
    let values = try fixture.tensor("ada.geometry").values
    let maps = (0..<4).map { image in
      let row = Array(values[image * 9..<image * 9 + 6])
      return AffineMap(row[0], row[1], row[2], row[3], row[4], row[5])
    }
    try check("ada.moved", "ada.images") { GeometricChange.apply(maps, to: $0) }
  }

  @Test func colors() throws {
    let values = try fixture.tensor("ada.color").values
    let maps = (0..<4).map { ColorMap(values: Array(values[$0 * 16..<$0 * 16 + 12])) }
    try check("ada.coloured", "ada.images") { ColorChange.apply(maps, to: $0) }
    try check("ada.grey", "ada.grey_images") { ColorChange.apply(maps, to: $0) }
  }

  /// Turns, mirrored hues and the like keep what they promise.
  @Test func colorMaps() {
    var map = ColorMap.identity
    map.turnHue(2 * .pi / 3)
    // A third of a turn exchanges the channels.
    let expected: [Float] = [0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    #expect(zip(map.values, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    map = .identity
    map.saturate(0)
    #expect(map.values[0...2].allSatisfy { abs($0 - 1 / 3) < 1e-6 })
    map = .identity
    map.flipLuma()
    map.flipLuma()
    #expect(zip(map.values, ColorMap.identity.values).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func probabilityFollowsTheDiscriminator() {
    var settings = AdaptiveAugmentation.Settings()
    settings.mode = .ada
    settings.thousands = 1
    var augmentation = AdaptiveAugmentation(settings)
    let images = Tensor.ones([2, 8, 8, 3])
    var random = RandomSource(seed: 1)
    #expect(augmentation(images, using: &random).values == images.values)
    // All are known as real: 40 images of 1,000 in which it may grow by 1.
    for _ in 0..<4 { augmentation.observe(realLogits: [Float](repeating: 2, count: 10)) }
    #expect(abs(augmentation.probability - 0.04) < 1e-6)
    #expect(augmentation.excess == 1)
    // Half of them: less than the target.
    for _ in 0..<4 { augmentation.observe(realLogits: [1, -1]) }
    #expect(abs(augmentation.probability - 0.032) < 1e-6)
    for _ in 0..<400 { augmentation.observe(realLogits: [-1]) }
    #expect(augmentation.probability == 0)
    augmentation.observe(realLogits: [1])
    var other = AdaptiveAugmentation(settings)
    let isTaken = other.restore(augmentation.state)
    #expect(isTaken && other.state == augmentation.state)
    let isDamagedTaken = other.restore([.nan, 0, 0, 0, 0])
    #expect(!isDamagedTaken && other.state == augmentation.state)
  }

  /// At probability 1 each change is made, at any size and number of channels.
  @Test(arguments: [1, 3, 4]) func everythingIsChanged(_ channels: Int) {
    var settings = AdaptiveAugmentation.Settings()
    (settings.mode, settings.probability) = (.fixed, 1)
    var random = RandomSource(seed: 3)
    let images = Tensor.uniform([5, 16, 16, channels], -1, 1, using: &random)
    let changed = AdaptiveAugmentation(settings)(images, using: &random)
    #expect(changed.shape == images.shape && changed.isFinite)
    #expect(zip(changed.values, images.values).allSatisfy { $0 != $1 })
  }
}
