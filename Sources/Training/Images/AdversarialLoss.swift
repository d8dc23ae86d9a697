import Autograd

/// What a discriminator and a generator learn from, by the logits of real and of generated
/// images.
public enum AdversarialLoss: String, Codable, CaseIterable, Sendable {
  /// Binary cross-entropy, the generator's in the form that does not saturate (Goodfellow et al.
  /// 2014).
  case original
  /// Squared distances to 1 and 0 (Mao et al. 2017).
  case lsgan
  /// Of the discriminator only what is within the margin (Lim and Ye 2017).
  case hinge
  /// Wasserstein distance with a penalty on the length of gradients (Gulrajani et al. 2017).
  case wganGP = "wgan-gp"
  /// How much more real an image of the data looks than a generated one beside it (RpGAN, Jolicoeur-Martineau
  /// 2019; R3GAN, Huang et al. 2024).
  case relativistic

  /// The loss of the discriminator.
  /// - Parameters:
  ///   - real: logits of images of the data.
  ///   - fake: logits of generated images.
  ///   - smoothing: what real images fall short of 1 (Salimans et al. 2016); of ``original`` and
  ///     ``lsgan``.
  public func discriminator(real: Tensor, fake: Tensor, smoothing: Float) -> Tensor {
    switch self {
    case .original:
      binaryCrossEntropy(logits: real, .full(1 - smoothing, real.shape))
        + softplus(fake).mean()
    case .lsgan:
      (square(real - (1 - smoothing)).mean() + square(fake).mean()) * 0.5
    case .hinge: relu(1 - real).mean() + relu(1 + fake).mean()
    case .wganGP: fake.mean() - real.mean()
    case .relativistic: softplus(fake - real).mean()
    }
  }

  /// Whether the generator's loss depends on images of the data too.
  public var comparesImages: Bool { self == .relativistic }

  /// The loss of the generator.
  /// - Parameters:
  ///   - fake: logits of its images.
  ///   - real: logits of as many images of the data, where the loss ``comparesImages``; nil for the others.
  public func generator(fake: Tensor, real: Tensor? = nil) -> Tensor {
    switch self {
    case .original: softplus(-fake).mean()
    case .lsgan: square(fake - 1).mean() * 0.5
    case .hinge, .wganGP: -fake.mean()
    case .relativistic: softplus((real ?? .zeros(fake.shape)) - fake).mean()
    }
  }

  /// Between which logits an image counts as real or generated; nil where only differences count.
  public var threshold: Float? {
    switch self {
    case .original, .hinge: 0
    case .lsgan: 0.5
    case .wganGP, .relativistic: nil
    }
  }
}

/// Penalties on the gradient of a discriminator by its images. Both need second derivatives.
public enum GradientPenalty {
  /// γ/2 times the squared length of the gradient at images: at real ones R1 (Mescheder et al. 2018), at
  /// generated ones R2.
  /// - Parameters:
  ///   - images: a recorded tensor, [batch, …].
  ///   - logits: of the images.
  ///   - gamma: the factor.
  public static func zeroCentered(_ images: Tensor, logits: Tensor, gamma: Float) -> Tensor {
    let gradient = gradients(of: logits.sum(), at: [images], createGraph: true)[0]
    return square(gradient).sum() * (gamma / 2 / Float(max(images.shape[0], 1)))
  }

  /// λ times the squared distance of the gradient's length to 1, at places between real and
  /// generated images (Gulrajani et al. 2017).
  /// - Parameters:
  ///   - real: images of the data, [batch, …].
  ///   - fake: as many generated ones.
  ///   - shares: for each pair how much of it is real, [batch, 1, …], from 0 to 1.
  ///   - weight: λ, 10 in the paper.
  ///   - discriminator: gives logits.
  public static func wasserstein(
    real: Tensor, fake: Tensor, shares: Tensor, weight: Float,
    _ discriminator: (Tensor) -> Tensor
  ) -> Tensor {
    let between = (fake + (real - fake) * shares).watchedCopy()
    let logits = discriminator(between)
    let gradient = gradients(of: logits.sum(), at: [between], createGraph: true)[0]
    let batch = real.shape[0]
    let squares = square(gradient).reshaped([batch, real.count / max(batch, 1)]).sum(axis: 1)
    // The root has no derivative at 0.
    return square(sqrt(squares + 1e-12) - 1).mean() * weight
  }
}

extension Tensor {
  fileprivate static func full(_ value: Float, _ shape: Shape) -> Tensor {
    Tensor(repeating: value, shape)
  }
}
