import Files
import Kernels
import Training

/// How a StyleGAN is trained, beside ``/Training/TrainerConfiguration``. What is not said otherwise is as NVlabs'
/// stylegan2-ada-pytorch has it for small images.
public struct StyleGANTrainingOptions: Codable, Equatable, Sendable {
  /// What the two networks learn from.
  public var loss = AdversarialLoss.original
  /// γ of the R1 penalty at real images; nil: 0.0002 · side² / batch.
  public var gamma: Float?
  /// γ of the same penalty at generated images (R2 of R3GAN, Huang et al. 2024); 0: none.
  public var r2: Float = 0
  /// Steps from one penalty of the discriminator to the next, which weighs as much as all of them.
  public var penaltyInterval = 16
  /// Weight of path length regularisation; 0: none.
  public var pathWeight: Float = 2
  /// Steps from one of these regularisations to the next.
  public var pathInterval = 4
  /// The share of steps whose images have two styles.
  public var styleMixing: Float = 0.9
  /// What layers add to their maps while they learn; nil: what is drawn each time.
  public var noise: StyleNoise?
  /// Thousands of images after which half of the averaged weights are new ones; nil: of the batch.
  public var averageThousands: Float?
  /// How the discriminator's images are changed.
  public var adaptation = AdaptiveAugmentation.Settings()
  /// Random changes through which the discriminator sees all images (Zhao et al. 2020); nil: none.
  public var augmentation: Augmentation?
  /// Whether images are mirrored by chance.
  public var isMirrored = false
  /// How convolutions are computed.
  public var convolution = ConvolutionMode.fast
  /// Whether the fixed latents' images over time are kept, as an animation.
  public var isAnimated = false
  /// What is measured at each evaluation on the features of ``features``.
  public var metrics: [ImageMetric] = []
  /// A classifier's name or path, on whose features ``metrics`` are measured; the weights with the lowest Fréchet
  /// distance are kept. nil: the latest weights.
  public var features: String?
  /// The images that ``metrics`` compare with; nil: those that are learned from.
  public var metricsImages: String?

  enum CodingKeys: String, CodingKey {
    case loss, gamma, r2
    case penaltyInterval = "d_reg_interval"
    case pathWeight = "pl_weight"
    case pathInterval = "g_reg_interval"
    case styleMixing = "style_mixing"
    case noise = "noise_mode"
    case averageThousands = "ema_kimg"
    case adaptation = "aug"
    case augmentation = "augment"
    case isMirrored = "mirror"
    case convolution
    case isAnimated = "animate"
    case metrics, features
    case metricsImages = "metrics_data"
  }

  /// Creates the options of NVlabs' `--cfg auto`, without augmentation.
  public init() {}

  /// γ of R1 for images of a side, in batches of a size.
  func gamma(side: Int, batch: Int) -> Float {
    gamma ?? 0.0002 * Float(side * side) / Float(max(batch, 1))
  }

  /// Whether the discriminator has penalties.
  var isPenalized: Bool { gamma != 0 || r2 > 0 }
}
