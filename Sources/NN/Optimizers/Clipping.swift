import Autograd

/// The length of all gradients taken as one vector. Not finite when one of them is not.
public func globalNorm(_ gradients: [Tensor]) -> Double {
  gradients.reduce(0.0) { $0 + $1.squareSum() }.squareRoot()
}

/// The factor that brings gradients of length `norm` down to `limit` (Pascanu et al. 2013), 1 where
/// they are short enough; `torch.nn.utils.clip_grad_norm_`.
public func clippingScale(norm: Double, limit: Double?) -> Float {
  guard let limit else { return 1 }
  return Float(min(1, limit / (norm + 1e-6)))
}
