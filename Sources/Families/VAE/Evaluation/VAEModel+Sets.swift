import Datasets
import Files

extension VAEModel {
  /// The form of the images that the model learned.
  /// - Parameter path: of images, for messages.
  /// - Throws: ``/Files/AIGCError`` (mismatch) for a model of tables.
  func imageOptions(_ path: String) throws(AIGCError) -> ImageOptions {
    guard configuration.table == nil else {
      throw .mismatch("\(path): the model is of tables, not of images")
    }
    return imageOptions
  }

  /// The classes of a set's images among those of the model.
  /// - Returns: nil for a model without classes.
  /// - Throws: ``/Files/AIGCError`` (mismatch) where the set has others, or none.
  func labels(of set: ImageSet) throws(AIGCError) -> [Int32]? {
    if classes.isEmpty { return nil }
    guard let labels = set.labels else {
      throw .mismatch("\(set.path): images without classes, which the model needs")
    }
    let places = set.classes.map { name in classes.firstIndex(of: name).map { Int32($0) } }
    var result: [Int32] = []
    result.reserveCapacity(labels.count)
    for label in labels {
      guard let place = places[Int(label)] else {
        throw .mismatch("\(set.path): the model knows no class '\(set.classes[Int(label)])'")
      }
      result.append(place)
    }
    return result
  }
}
