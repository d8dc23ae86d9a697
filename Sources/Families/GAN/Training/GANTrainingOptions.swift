import Files
import Kernels
import Training

/// How a GAN is trained, beside ``/Training/TrainerConfiguration``. What is not said otherwise is as in the
/// article.
public struct GANTrainingOptions: Codable, Equatable, Sendable {
  /// What the two networks learn from; by default binary cross-entropy, with the non-saturating
  /// loss for the generator.
  public var loss = AdversarialLoss.original
  /// γ of the R1 penalty; 0: none.
  public var r1: Float = 0
  /// γ of the same penalty at generated images (R2 of R3GAN, Huang et al. 2024); nil: none.
  public var r2: Float?
  /// λ of the gradient penalty of WGAN-GP.
  public var gradientPenalty: Float = 10
  /// What the discriminator's targets for real images fall short of 1.
  public var labelSmoothing: Float = 0
  /// Share that a step keeps of the average of the generator's weights; nil: no average, the model
  /// has the last weights.
  public var average: Float?
  /// Steps of the discriminator to one of the generator.
  public var discriminatorSteps = 1
  /// Random changes through which the discriminator sees real and generated images (Zhao et al.
  /// 2020); nil: none.
  public var augmentation: Augmentation?
  /// Whether images are mirrored by chance.
  public var isMirrored = false
  /// How convolutions are computed.
  public var convolution = ConvolutionMode.fast
  /// Whether the fixed latents' images over time are kept, as an animation.
  public var isAnimated = false
  /// Whether a collapse is answered by going back to the last healthy weights.
  public var rollsBack = false
  /// A classifier's name or path: the model gets the weights whose images are nearest to the data on
  /// its features. nil: the latest weights that have not collapsed.
  public var features: String?

  enum CodingKeys: String, CodingKey {
    case loss, r1, r2
    case gradientPenalty = "gradient_penalty"
    case labelSmoothing = "label_smoothing"
    case average = "ema"
    case discriminatorSteps = "discriminator_steps"
    case augmentation = "augment"
    case isMirrored = "mirror"
    case convolution
    case isAnimated = "animate"
    case rollsBack = "rollback"
    case features
  }

  /// Creates the options of the article: binary cross-entropy, no penalty and no augmentation.
  public init() {}
}
