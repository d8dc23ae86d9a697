import Autograd

extension CycleGANTrainingOptions.Objective {
  /// The mean distance of a discriminator's logits from what it says of images of the data, or of
  /// translated ones: pytorch-CycleGAN's `GANLoss`.
  func loss(_ logits: Tensor, isReal: Bool) -> Tensor {
    switch self {
    case .lsgan: isReal ? square(logits - 1).mean() : square(logits).mean()
    case .vanilla: softplus(isReal ? -logits : logits).mean()
    }
  }

  /// Above which logit an image counts as one of the data.
  var threshold: Float { self == .lsgan ? 0.5 : 0 }
}

/// What a step of all networks came to. Losses are those that are named so in pytorch-CycleGAN, but for
/// ours of the discriminators: "a" judges images of A.
struct TranslationLosses {
  var adversarialA = 0.0
  var adversarialB = 0.0
  var cycleA = 0.0
  var cycleB = 0.0
  var identityA = 0.0
  var identityB = 0.0
  /// Of pairs.
  var l1 = 0.0
  /// The discriminators'.
  var judgeA = 0.0
  var judgeB = 0.0
  var generatorNorm = 0.0
  var discriminatorNorm = 0.0
  /// Shares of patches that the discriminators knew for what they are, and the distance of their logits.
  var realAccuracy = 0.0
  var fakeAccuracy = 0.0
  var margin = 0.0

  var generator: Double {
    adversarialA + adversarialB + cycleA + cycleB + identityA + identityB + l1
  }

  /// As the log has them.
  func metrics(isPaired: Bool) -> [(name: String, value: Double)] {
    let own: [(name: String, value: Double)] =
      isPaired
      ? [("adversarial", adversarialB), ("l1", l1), ("discriminator_loss", judgeB)]
      : [
        ("adversarial_a", adversarialA), ("adversarial_b", adversarialB), ("cycle_a", cycleA),
        ("cycle_b", cycleB), ("identity_a", identityA), ("identity_b", identityB),
        ("discriminator_a_loss", judgeA), ("discriminator_b_loss", judgeB),
      ]
    return [("generator_loss", generator)] + own + [
      ("real_accuracy", realAccuracy), ("fake_accuracy", fakeAccuracy),
      ("generator_gradient_norm", generatorNorm),
      ("discriminator_gradient_norm", discriminatorNorm),
    ]
  }

  /// Takes in what a discriminator said of real and translated images.
  mutating func observe(real: Tensor, fake: Tensor, threshold: Float, share: Double) {
    let (real, fake) = (real.values, fake.values)
    let count = Double(max(real.count, 1))
    realAccuracy += share * real.reduce(0) { $0 + ($1 > threshold ? 1 : 0) } / count
    fakeAccuracy += share * fake.reduce(0) { $0 + ($1 > threshold ? 0 : 1) } / count
    margin += share * Double(real.reduce(0, +) - fake.reduce(0, +)) / count
  }
}
