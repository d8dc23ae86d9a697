import Files

/// A generator that also finds latents of images.
public protocol ImageEncoder: ImageGenerator {
  /// The latents that stand for images.
  /// - Parameters:
  ///   - values: [images, height, width, channels], from -1 to 1.
  ///   - labels: the class of each image, numbers of ``ImageModel/classes``; empty for a model
  ///     without.
  /// - Returns: ``ImageGenerator/latentCount`` numbers for each.
  /// - Throws: ``/Files/AIGCError``: usage for a label that is no class, interrupted after Ctrl-C.
  func latents(of values: [Float], labels: [Int32]) throws(AIGCError) -> [Float]
}
