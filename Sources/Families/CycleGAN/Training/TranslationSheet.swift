import Datasets
import Files
import Kernels
import Training

/// Translated images of a run: in each row an image of the data, its translation, and that translated back.
struct TranslationSheet {
  private let images: TranslationImages
  private let model: CycleGANModel
  /// Rows of each direction.
  private static let rows = 4

  init(_ images: TranslationImages, _ model: CycleGANModel) {
    (self.images, self.model) = (images, model)
  }

  /// Writes the sheet into `folder`, the rows of A first.
  func write(to folder: String) throws(AIGCError) {
    var shown: [Image] = []
    for direction in model.directions {
      let set = direction == .forward ? images.a : images.b
      for index in 0..<min(Self.rows, set.count) {
        shown += try row(set, index, direction)
      }
    }
    let columns = 2 + (model.directions.count > 1 ? 1 : 0)
    try Image.grid(shown, columns: columns).write(to: "\(folder)/\(TrainingSamples.sheetName)")
  }

  private func row(
    _ set: ImageSet, _ index: Int, _ direction: TranslationDirection
  ) throws(AIGCError) -> [Image] {
    var steps = [try images.center(of: set, [index])]
    for direction in [direction, direction.reversed] where model.directions.contains(direction) {
      steps.append(
        try model.translator(direction).translated(
          steps[steps.count - 1], width: images.size.width, height: images.size.height))
    }
    return steps.flatMap {
      Image.images(values: $0, size: images.size, channels: set.channels)
    }
  }
}

extension TranslationImages {
  /// The middles of some images of a set.
  func center(of set: ImageSet, _ indices: [Int]) throws(AIGCError) -> [Float] {
    let values = try set.values(indices)
    let place = (x: (a.size.width - size.width) / 2, y: (a.size.height - size.height) / 2)
    return cut(values, indices.map { _ in place })
  }
}

/// A translator with images of the data to translate: what the monitor of two networks that train against
/// each other asks for images.
struct TranslatedImages: ImageModel {
  private let translator: ImageTranslator
  private let images: TranslationImages
  private let set: ImageSet

  /// - Parameter set: the images to translate.
  init(_ translator: ImageTranslator, _ images: TranslationImages, of set: ImageSet) {
    (self.translator, self.images, self.set) = (translator, images, set)
  }

  var width: Int { translator.width }
  var height: Int { translator.height }
  var channels: Int { translator.channels }
  var classes: [String] { [] }
  var inputs: ImageInputs { .images }

  /// Some images at equal distances, again and again where there are fewer.
  func request(_ count: Int, using random: inout RandomSource) -> ImageRequest {
    translator.request(count, using: &random)
  }

  func images(
    _ request: ImageRequest, _ progress: (_ made: Int) throws(AIGCError) -> Void
  ) throws(AIGCError) -> [Float] {
    let shown = min(request.count, set.count)
    var request = request
    request.inputs = try images.center(of: set, (0..<shown).map { $0 * set.count / shown })
    return try translator.images(request, progress)
  }
}
