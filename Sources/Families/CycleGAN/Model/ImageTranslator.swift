import Autograd
import Datasets
import Files
import Inference
import Kernels
import NN

/// Makes images of one domain of images of the other.
public struct ImageTranslator: ImageModel, @unchecked Sendable {
  private let configuration: CycleGANConfiguration
  private let generator: TranslationGenerator
  /// The file of its weights; nil for a model in memory.
  private let path: String?

  init(
    _ configuration: CycleGANConfiguration, _ generator: TranslationGenerator, path: String? = nil
  ) {
    (self.configuration, self.generator, self.path) = (configuration, generator, path)
  }

  /// Columns of the images that were learned from, in pixels.
  public var width: Int { configuration.width }
  /// Rows of the images that were learned from, in pixels.
  public var height: Int { configuration.height }
  /// 1 for grey, 3 for colour.
  public var channels: Int { configuration.channels }
  /// None: what an image becomes depends on the image.
  public var classes: [String] { [] }
  /// Images.
  public var inputs: ImageInputs { .images }
  /// Whether the images were learned as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool { configuration.ignoresOrientation == true }

  /// A request without images, which are to be put in.
  public func request(_ count: Int, using random: inout RandomSource) -> ImageRequest {
    ImageRequest(seeds: (0..<count).map { UInt64($0) })
  }

  /// Translates the images of a request, one by one.
  /// - Throws: ``/Files/AIGCError``: usage for a request without images or with something else, badInput
  ///   when damaged weights give values that are not numbers, interrupted; and what `progress` throws.
  public func images(
    _ request: ImageRequest, _ progress: (_ made: Int) throws(AIGCError) -> Void
  ) throws(AIGCError) -> [Float] {
    let length = width * height * channels
    guard request.texts.isEmpty, request.labels.isEmpty, request.inputs.count % length == 0,
      !request.inputs.isEmpty || request.count == 0
    else { throw .usage("this model makes images of images of \(width)x\(height) pixels alone") }
    let count = request.inputs.count / length
    var values: [Float] = []
    values.reserveCapacity(request.count * length)
    for index in 0..<request.count {
      let first = index % count * length
      values += try translated(
        Array(request.inputs[first..<first + length]), width: width, height: height)
      try progress(index + 1)
    }
    return values
  }

  /// Translates one image of any size. Sides that the network cannot halve are continued by their mirror
  /// image meanwhile.
  /// - Parameters:
  ///   - values: [height, width, channels], from -1 to 1.
  ///   - width: columns in pixels.
  ///   - height: rows in pixels.
  ///   - tiles: how the image is computed part by part; nil: as a whole, or where that would take more than
  ///     a gigabyte as ``TranslationTiles`` says when nothing is told.
  /// - Returns: as many values.
  /// - Throws: ``/Files/AIGCError``: usage for values of another number, badInput for damaged weights, failed
  ///   where a temporary file has no room, interrupted.
  public func translated(
    _ values: [Float], width: Int, height: Int, tiles: TranslationTiles? = nil
  ) throws(AIGCError) -> [Float] {
    try AIGCError.check(
      width > 0 && height > 0 && values.count == width * height * channels,
      "\(values.count) values are no image of \(width)x\(height) with \(channels) channels")
    let outer = ImageSize(width: fittingSide(width), height: fittingSide(height))
    let x = continued(values, width, height, outer.width, outer.height)
    let y: [Float]
    if let tiles = tiles ?? TranslationTiles.needed(configuration, outer) {
      y = try TiledTranslation(configuration, generator, tiles, check).run(x, outer)
    } else {
      y = try whole(x, outer)
    }
    guard outer != ImageSize(width: width, height: height) else { return y }
    let output = Tensor(y, [outer.height, outer.width, channels])
    return output.sliced(0..<height).sliced(0..<width, axis: 1).values
  }

  private func whole(_ values: [Float], _ size: ImageSize) throws(AIGCError) -> [Float] {
    try Interruption.check()
    let output = generator(Tensor(values, [1, size.height, size.width, channels]), .inference)
    try Interruption.check()
    try check(output)
    return output.values
  }

  private func check(_ output: Tensor) throws(AIGCError) {
    try DamagedWeights.check(output, "images", of: path, generator.namedParameters)
  }

  private func fittingSide(_ side: Int) -> Int {
    let multiple = configuration.sideMultiple
    return max((side + multiple - 1) / multiple * multiple, configuration.shortestSide)
  }

  /// The image with its mirror image to the right and below, as often as it takes.
  private func continued(
    _ values: [Float], _ width: Int, _ height: Int, _ outerWidth: Int, _ outerHeight: Int
  ) -> [Float] {
    guard (outerWidth, outerHeight) != (width, height) else { return values }
    func mirrored(_ place: Int, _ size: Int) -> Int {
      let period = max(2 * (size - 1), 1)
      let rest = place % period
      return rest < size ? rest : period - rest
    }
    var result: [Float] = []
    result.reserveCapacity(outerWidth * outerHeight * channels)
    for row in 0..<outerHeight {
      let line = mirrored(row, height) * width
      for column in 0..<outerWidth {
        let first = (line + mirrored(column, width)) * channels
        result += values[first..<first + channels]
      }
    }
    return result
  }
}
