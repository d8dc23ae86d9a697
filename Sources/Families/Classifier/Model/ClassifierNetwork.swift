import Autograd
import Kernels
import NN

/// A convolutional network for images: stages of two 3×3 convolutions with batch normalisation, each
/// stage halving the sides, then two fully connected layers.
///
/// In PyTorch, with stages of 32 and 64 channels for images of 28 pixels:
/// `features` = Sequential(Conv2d(1, 32, 3, padding=1), BatchNorm2d(32, using: &plan), ReLU(), Conv2d(32, 32, 3,
/// padding=1), BatchNorm2d(32, using: &plan), ReLU(), MaxPool2d(2), and the same with 64), `classifier` =
/// Sequential(Flatten(), Linear(64 · 7 · 7, 128), ReLU(), Dropout(0.4), Linear(128, 10)).
struct ClassifierNetwork: Module {
  let features: Sequential
  let classifier: Sequential

  /// - Parameters:
  ///   - configuration: its sizes make a model.
  ///   - plan: takes the parameters.
  init(_ configuration: ClassifierConfiguration, using plan: inout ParameterPlan) {
    var layers: [any Layer] = []
    var input = configuration.channels
    for output in configuration.stages {
      for channels in [input, output] {
        layers += [
          Conv2d(channels, output, kernel: 3, padding: 1, using: &plan),
          BatchNorm2d(output, using: &plan),
          Activation.relu,
        ]
      }
      layers.append(MaxPool2d(2))
      input = output
    }
    features = Sequential(layers)
    let shift = configuration.stages.count
    let flat = (configuration.width >> shift) * (configuration.height >> shift) * input
    classifier = Sequential([
      Flatten(), Linear(flat, configuration.hidden, using: &plan), Activation.relu,
      Dropout(configuration.dropout),
      Linear(configuration.hidden, configuration.classes.count, using: &plan),
    ])
  }

  /// [batch, height, width, channels] to the last hidden layer, [batch, hidden].
  func hidden(_ x: Tensor, _ context: Context) -> Tensor {
    classifier.layers.dropLast().reduce(features(x, context)) { $1($0, context) }
  }

  /// The last hidden layer to logits, [batch, classes].
  func logits(hidden: Tensor, _ context: Context) -> Tensor {
    classifier.layers.suffix(1).reduce(hidden) { $1($0, context) }
  }
}
