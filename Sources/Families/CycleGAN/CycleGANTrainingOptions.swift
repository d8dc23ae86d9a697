import Kernels
import Training

/// How two translators are trained, beside ``/Training/TrainerConfiguration``. What is not said otherwise is
/// as in Zhu et al. 2017 and Isola et al. 2017.
public struct CycleGANTrainingOptions: Codable, Equatable, Sendable {
  /// What discriminators and generators learn from.
  public enum Objective: String, Codable, CaseIterable, Sendable {
    /// Squared distances to 1 and 0 (Mao et al. 2017).
    case lsgan
    /// Binary cross-entropy (Goodfellow et al. 2014).
    case vanilla
  }

  /// How images come to the size of what is learned from, under the names of pytorch-CycleGAN's
  /// `--preprocess`.
  public enum Preprocess: String, Codable, CaseIterable, Sendable {
    /// Brought to the load size, whatever their proportions, and a part is cut out.
    case resizeAndCrop = "resize_and_crop"
    /// A part of the image as it is.
    case crop
    /// Brought to the load size's width in the proportions of the data's size.
    case scaleWidth = "scale_width"
    /// The same, and a part is cut out.
    case scaleWidthAndCrop = "scale_width_and_crop"
    /// As they are.
    case none
  }

  /// What discriminators and generators learn from; pix2pix was published with ``Objective/vanilla``.
  public var objective = Objective.lsgan
  /// The weight of the cycle A → B → A.
  public var lambdaA: Float = 10
  /// The weight of the cycle B → A → B.
  public var lambdaB: Float = 10
  /// The weight of what a translator changes in images of its own target domain, in parts of the weights
  /// of the cycles; 0: it is not computed.
  public var lambdaIdentity: Float = 0.5
  /// The weight of the mean absolute difference to the other image of a pair.
  public var lambdaL1: Float = 100
  /// Translated images that are kept for the discriminators (Shrivastava et al. 2017); 0: none are.
  public var poolSize = 50
  /// Share that a step keeps of the average of the translators' weights (EMA); nil: no average, the model
  /// has the weights of its last step, as published.
  public var average: Float?
  /// Random changes through which discriminators see all images, so that few do for them (Zhao et al. 2020); nil:
  /// none, as published.
  public var augmentation: Augmentation?
  /// Whether images are mirrored by chance.
  public var isMirrored = true
  /// How images come to the model's size.
  public var preprocess = Preprocess.resizeAndCrop
  /// The sides that images are brought to before a part of the model's size is cut out of them.
  public var loadWidth: Int?
  /// See ``loadWidth``; both or none.
  public var loadHeight: Int?
  /// How convolutions are computed.
  public var convolution = ConvolutionMode.fast

  enum CodingKeys: String, CodingKey {
    case objective = "gan_mode"
    case lambdaA = "lambda_a"
    case lambdaB = "lambda_b"
    case lambdaIdentity = "lambda_identity"
    case lambdaL1 = "lambda_l1"
    case poolSize = "pool_size"
    case average = "ema"
    case augmentation = "augment"
    case isMirrored = "flip"
    case preprocess
    case loadWidth = "load_width"
    case loadHeight = "load_height"
    case convolution
  }

  /// Creates the options of the published method.
  public init() {}

  /// What keeps them from being options; nil: nothing does.
  var problem: String? {
    let weights = [lambdaA, lambdaB, lambdaIdentity, lambdaL1]
    guard weights.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      return "weights of losses are 0 or more"
    }
    if let average, !(average >= 0 && average < 1) { return "an average that keeps \(average)" }
    guard (0...100_000).contains(poolSize) else { return "a pool of \(poolSize) images" }
    return nil
  }
}
