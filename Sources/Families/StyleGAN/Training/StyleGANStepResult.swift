import Training

/// What one step did.
struct StyleGANStepResult {
  /// What it did as a step of any GAN.
  var networks = GANStepResult()
  /// R1 and R2; nil in steps without.
  var penalty: Double?
  /// Of path lengths, weighted; nil in steps without.
  var pathPenalty: Double?
  /// Of each change of images.
  var probability: Float = 0

  /// As the log has them.
  var metrics: [(name: String, value: Double)] {
    var result = networks.metrics + [("augment_p", Double(probability))]
    if let penalty { result.append(("gradient_penalty", penalty)) }
    if let pathPenalty { result.append(("path_penalty", pathPenalty)) }
    return result
  }
}
