import Training

/// What one step did.
struct StyleGANStepResult {
  var generatorLoss = 0.0
  var discriminatorLoss = 0.0
  var generatorNorm = 0.0
  var discriminatorNorm = 0.0
  /// R1 and R2; nil in steps without.
  var penalty: Double?
  /// Of path lengths, weighted; nil in steps without.
  var pathPenalty: Double?
  /// Shares of images that the discriminator knew for what they are; nil where its logits have no zero.
  var realAccuracy: Double?
  var fakeAccuracy: Double?
  /// Difference of the mean logits.
  var margin = 0.0
  /// Of each change of images.
  var probability: Float = 0

  var outcome: AdversarialOutcome {
    AdversarialOutcome(realAccuracy: realAccuracy, fakeAccuracy: fakeAccuracy, margin: margin)
  }

  mutating func measure(real: [Float], fake: [Float], _ loss: AdversarialLoss) {
    let count = Double(max(real.count, 1))
    margin = Double(real.reduce(0, +) - fake.reduce(0, +)) / count
    guard let threshold = loss.threshold else { return }
    realAccuracy = real.reduce(0) { $0 + ($1 > threshold ? 1 : 0) } / count
    fakeAccuracy = fake.reduce(0) { $0 + ($1 > threshold ? 0 : 1) } / count
  }

  /// As the log has them.
  var metrics: [(name: String, value: Double)] {
    var result = [
      (name: "generator_loss", value: generatorLoss), ("discriminator_loss", discriminatorLoss),
    ]
    if let realAccuracy, let fakeAccuracy {
      result += [("real_accuracy", realAccuracy), ("fake_accuracy", fakeAccuracy)]
    }
    if let penalty { result.append(("gradient_penalty", penalty)) }
    if let pathPenalty { result.append(("path_penalty", pathPenalty)) }
    return result + [
      ("generator_gradient_norm", generatorNorm),
      ("discriminator_gradient_norm", discriminatorNorm),
      ("augment_p", Double(probability)),
    ]
  }
}
