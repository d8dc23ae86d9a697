import Kernels
import Training

/// How an autoencoder is trained, beside ``/Training/TrainerConfiguration``. What is not said otherwise is as in
/// the article.
public struct VAETrainingOptions: Codable, Equatable, Sendable {
  /// What a VAE-GAN's reconstructions are compared by.
  public enum Reconstruction: String, Codable, CaseIterable, Sendable {
    /// Pixels, and the discriminator only adds its loss: the article's simple form.
    case pixels
    /// What a hidden layer of the discriminator sees (Larsen et al. 2016).
    case features
  }

  /// Factor of the divergence (Higgins et al. 2017).
  public var beta: Float = 1
  /// Steps in which the factor grows from 0 to ``beta`` (Bowman et al. 2016).
  public var annealingSteps = 0
  /// Nats of each number of a latent that cost nothing (Kingma et al. 2016).
  public var freeBits: Float = 0
  /// Whether images are mirrored by chance.
  public var isMirrored = false
  /// How convolutions are computed.
  public var convolution = ConvolutionMode.fast

  // MARK: VAE-GAN

  /// What a VAE-GAN's reconstructions are compared by; without meaning for a plain VAE.
  public var reconstruction = Reconstruction.pixels
  /// Whether the discriminator judges images of drawn latents too; nil: with
  /// ``Reconstruction/features`` it does.
  public var judgesSamples: Bool?
  /// Factor of the adversarial loss in what the decoder learns from.
  public var adversarialWeight: Float = 1
  /// With ``Reconstruction/features``, the factor of the feature loss in what the decoder learns
  /// from, beside the adversarial loss: γ of Larsen et al. 2016.
  public var featureWeight: Float = 1
  /// γ of the discriminator's R1 penalty; nil: none.
  public var r1: Float?
  /// Learning rate of the discriminator at the schedule's peak.
  public var discriminatorRate: Float = 2e-4

  enum CodingKeys: String, CodingKey {
    case beta
    case annealingSteps = "kl_anneal"
    case freeBits = "free_bits"
    case isMirrored = "mirror"
    case convolution, reconstruction, r1
    case judgesSamples = "judge_samples"
    case adversarialWeight = "adversarial_weight"
    case featureWeight = "feature_weight"
    case discriminatorRate = "d_lr"
  }

  /// Creates the options of the article: β of 1 without annealing, and a VAE-GAN that compares
  /// pixels.
  public init() {}

  var drawsLatents: Bool { judgesSamples ?? (reconstruction == .features) }

  /// The factor of the divergence at a step, counted from 0.
  func beta(at step: Int) -> Float {
    annealingSteps == 0 ? beta : beta * min(1, Float(step) / Float(annealingSteps))
  }
}
