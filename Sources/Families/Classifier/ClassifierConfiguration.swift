import Datasets
import Files
import FoundationEssentials
import Kernels
import NN
import Training

/// `config.json` of a classifier: everything needed to build it.
public struct ClassifierConfiguration: Codable, Equatable, Sendable {
  /// The name of the family, "classifier".
  public var family = "classifier"
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model is for, "classifier".
  public var kind = "classifier"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the classifier to take when none is named.
  public var isDefault: Bool?
  /// Of the images.
  public var width: Int
  /// Rows of an image in pixels; halved by each stage.
  public var height: Int
  /// 1 or 3.
  public var channels: Int
  /// Channels of each stage: two convolutions, then half the size.
  public var stages = [32, 64]
  /// Units of the last hidden layer.
  public var hidden = 128
  /// The dropout rate before the output layer, from 0 to below 1.
  public var dropout: Float = 0.4
  /// How far images were changed in training, see `AffineAugmentation`, and whether mirrored.
  public var augmentation: Float = 0
  /// Whether images were mirrored at random in training.
  public var isMirrored = false
  /// How convolutions were computed in training.
  public var convolution = ConvolutionMode.fast
  /// Their names.
  public var classes: [String]
  /// Images learned from in training, each as often as it was seen.
  public var trainingImages = 0
  /// Mean over held-out images of 1 less the probability of the likeliest class; nil: not measured.
  public var doubt: Double?
  /// Whether images were learned as they are stored; nil: turned as EXIF says.
  public var ignoresOrientation: Bool?

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind
    case description
    case isDefault = "default"
    case width, height, channels, stages, hidden, dropout, classes, convolution
    case augmentation = "augment"
    case isMirrored = "mirror"
    case trainingImages = "training_pictures"
    case doubt
    case ignoresOrientation = "ignore_orientation"
  }

  /// Creates the configuration of a network with stages of 32 and 64 channels and 128 hidden units.
  /// - Parameters:
  ///   - size: of the images in pixels.
  ///   - channels: 1 or 3.
  ///   - classes: their names, in the order of the outputs.
  public init(size: ImageSize, channels: Int, classes: [String]) {
    (width, height) = (size.width, size.height)
    self.channels = channels
    self.classes = classes
  }

  /// The size of an image in pixels.
  public var size: ImageSize { ImageSize(width: width, height: height) }

  /// Values of an image, or of the largest map of a stage.
  public var largestMap: Int {
    stages.enumerated().reduce(width * height * channels) {
      max($0, (width >> $1.0) * (height >> $1.0) * $1.1)
    }
  }

  /// Why the sizes make no model; nil where they do.
  public var problem: String? {
    let sides = 1...ImageSize.longestSide
    guard sides.contains(width), sides.contains(height), [1, 3].contains(channels) else {
      return "images of \(width)x\(height) with \(channels) channels"
    }
    guard (1...8).contains(stages.count), stages.allSatisfy({ (1...4096).contains($0) }) else {
      return "1 to 8 stages of 1 to 4096 channels are possible, not \(stages)"
    }
    guard min(width, height) >> stages.count > 0 else {
      return "images of \(width)x\(height) are too small for \(stages.count) stages"
    }
    guard (1...65536).contains(hidden), dropout >= 0, dropout < 1 else {
      return "\(hidden) hidden units with dropout \(dropout)"
    }
    guard (2...65536).contains(classes.count) else {
      return
        "\(counted(classes.count, "class", plural: "classes")): a classifier tells 2 to 65536 apart"
    }
    guard largestMap <= largestImageMap else {
      return "maps of \(counted(largestMap, "value")) are too large"
    }
    return ParameterPlan.problem { ClassifierNetwork(self, using: &$0) }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> ClassifierConfiguration {
    let result = try ModelConfiguration.decode(ClassifierConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard result.family == "classifier", result.formatVersion == 1 else {
      throw .badInput("\(place): no classifier that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): no model: \(problem)") }
    return result
  }
}
