import Datasets
import Files
import Training

extension RunOptions {
  /// The trainer's configuration for images, its number of steps that of passes over them or of thousands.
  /// - Parameters:
  ///   - set: the images.
  ///   - steps: batches that a step takes.
  ///   - thousands: of images to learn from, where no number of passes is set; nil: the steps as they are.
  func resolved(of set: ImageSet, steps: Int = 1, thousands: Double?) -> TrainerConfiguration {
    let perStep = Double(min(trainer.batchSize, set.count) * steps)
    // Thousands of images are passes too, of data that hold one image.
    guard epochs == nil, let thousands else {
      return resolved { $0 * Double(set.count) / perStep }
    }
    var run = self
    run.epochs = thousands
    return run.resolved { $0 * 1000 / perStep }
  }
}

extension FeatureScore {
  /// Scores generators of images like those of a set on the features of a classifier.
  /// - Parameters:
  ///   - features: the classifier's name or path.
  ///   - images: the data, at the generator's size.
  ///   - count: of images that are compared.
  /// - Throws: ``/Files/AIGCError``: badInput or mismatch for the classifier, badInput for images that cannot be
  ///   read.
  convenience init(
    by features: String, of images: ImageSet, count: Int = FeatureScore.usualCount
  ) throws(AIGCError) {
    try self.init(try loadClassifier(features), images, count: count)
  }
}
