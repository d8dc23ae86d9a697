import Autograd

// Until the fused operations are there.

enum GELUApproximation { case none, tanh }

func gelu(_ x: Tensor, approximation: GELUApproximation) -> Tensor {
  switch approximation {
  case .tanh:
    return x * 0.5 * (1 + tanh((x + x * x * x * 0.044715) * 0.7978845608))
  case .none:
    // Abramowitz and Stegun 7.1.26.
    let u = x * 0.70710678118
    let t = Tensor(Float(1)) / (abs(u) * 0.3275911 + 1)
    let p =
      t
      * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    let magnitude = 1 - p * exp(square(u) * -1)
    let sign = Tensor(u.values.map { $0 < 0 ? -1 : 1 }, u.shape)
    return x * 0.5 * (1 + magnitude * sign)
  }
}

func attention(_ qkv: Tensor, heads: Int) -> Tensor {
  let (batch, steps, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
  let size = width / heads
  func part(_ index: Int) -> Tensor {
    qkv.sliced(index * width..<(index + 1) * width, axis: 2)
      .reshaped([batch, steps, heads, size]).permuted([0, 2, 1, 3])
      .reshaped([batch * heads, steps, size])
  }
  let mask = Tensor([1, steps, steps]) { memory in
    for i in 0..<steps {
      for j in 0..<steps { memory[i * steps + j] = j <= i ? 0 : -Float.infinity }
    }
  }
  let scores = matmul(part(0), part(1), transposeB: true) * (1 / Float(size).squareRoot()) + mask
  return matmul(softmax(scores), part(2)).reshaped([batch, heads, steps, size])
    .permuted([0, 2, 1, 3]).reshaped([batch, steps, width])
}
