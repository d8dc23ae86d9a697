import Checkpoints
import Files
import Glibc
import Kernels
import NN

@testable import Families

/// A small GPT-2 with random weights, and its forward pass in plain loops of doubles.
struct NaiveGPT2 {
  let sizes: TransformerShape
  private(set) var weights: [String: [Float]] = [:]
  private(set) var shapes: [String: [Int]] = [:]

  init(
    vocabulary: Int = 97, context: Int = 200, width: Int = 40, layers: Int = 3, heads: Int = 4,
    inner: Int = 100, activation: TransformerActivation = .geluTanh, isTied: Bool = true
  ) {
    var sizes = TransformerShape.gpt2(
      vocabulary: vocabulary, context: context, width: width, layers: layers, heads: heads,
      inner: inner)
    (sizes.activation, sizes.isTied) = (activation, isTied)
    self.sizes = sizes
    shapes = ["wte.weight": [vocabulary, width], "wpe.weight": [context, width]]
    if !isTied { shapes["lm_head.weight"] = [vocabulary, width] }
    for layer in 0..<layers {
      for (name, rows, columns) in [
        ("attn.c_attn", width, 3 * width), ("attn.c_proj", width, width),
        ("mlp.c_fc", width, inner), ("mlp.c_proj", inner, width),
      ] {
        shapes["h.\(layer).\(name).weight"] = [rows, columns]
        shapes["h.\(layer).\(name).bias"] = [columns]
      }
    }
    for name in (0..<layers).flatMap({ ["h.\($0).ln_1", "h.\($0).ln_2"] }) + ["ln_f"] {
      shapes["\(name).weight"] = [width]
      shapes["\(name).bias"] = [width]
    }
    var random = RandomSource(seed: 5)
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      let scale = shape.count == 2 && !name.hasPrefix("w") ? 0.15 : 0.5
      weights[name] = (0..<shape.reduce(1, *)).map { _ in Float(scale * random.normal()) }
    }
  }

  /// The same model with weights as they are in 16 bits.
  func rounded(_ type: StoredType) -> NaiveGPT2 {
    var copy = self
    for (name, values) in weights {
      copy.weights[name] = values.map {
        type == .f16
          ? Float(Float16($0)) : type == .bf16 ? float(brain: brainBits($0)) : $0
      }
    }
    return copy
  }

  func engine(_ type: StoredType = .f32) throws -> TransformerEngine {
    let types: [StoredType: ScalarType] = [.f32: .f32, .f16: .f16, .bf16: .bf16]
    let tensors = try shapes.keys.sorted().map { name in
      try StoredTensor(
        name: name, type: types[type] ?? .f32, shape: shapes[name] ?? [],
        storage: bytes(name, type), place: name)
    }
    return try TransformerEngine(
      TransformerWeights(
        tensors, path: "", isGGUF: false, TransformerConfiguration(GPT2Architecture(), sizes)))
  }

  private func bytes(_ name: String, _ type: StoredType) throws(AIGCError) -> Table<UInt8> {
    let values = weights[name] ?? []
    switch type {
    case .f32: return try Table(values).rawBytes
    case .f16: return try Table(values.map { Float16($0).bitPattern }).rawBytes
    case .bf16: return try Table(values.map { brainBits($0) }).rawBytes
    }
  }

  func tokens(_ count: Int, seed: UInt64 = 1) -> [Int32] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in Int32(random.integer(below: UInt64(sizes.vocabulary))) }
  }

  // MARK: The forward pass

  private func w(_ name: String) -> [Double] { (weights[name] ?? []).map { Double($0) } }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let inverse = 1 / (variance + Double(sizes.epsilon)).squareRoot()
    let (scale, bias) = (w("\(name).weight"), w("\(name).bias"))
    return x.indices.map { (x[$0] - mean) * inverse * scale[$0] + bias[$0] }
  }

  private func linear(_ rows: [[Double]], _ name: String) -> [[Double]] {
    let (matrix, bias) = (w("\(name).weight"), w("\(name).bias"))
    return rows.map { x in
      var y = bias
      for (k, value) in x.enumerated() {
        for column in y.indices { y[column] += value * matrix[k * y.count + column] }
      }
      return y
    }
  }

  private func activate(_ x: Double) -> Double {
    switch sizes.activation {
    case .geluTanh, .silu:
      0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .relu: max(x, 0)
    }
  }

  private func attend(_ qkv: [[Double]]) -> [[Double]] {
    let size = sizes.width / sizes.heads
    return qkv.indices.map { position in
      var output = [Double](repeating: 0, count: sizes.width)
      for head in 0..<sizes.heads {
        let first = head * size
        let scores = (0...position).map { other in
          (0..<size).reduce(0.0) {
            $0 + qkv[position][first + $1] * qkv[other][sizes.width + first + $1]
          } / Double(size).squareRoot()
        }
        let top = scores.max() ?? 0
        let terms = scores.map { exp($0 - top) }
        let sum = terms.reduce(0, +)
        for (other, term) in terms.enumerated() {
          for d in first..<first + size {
            output[d] += term / sum * qkv[other][2 * sizes.width + d]
          }
        }
      }
      return output
    }
  }

  /// Scores of the next token after each of `tokens`, or after the last only.
  func logits(_ tokens: [Int32], lastOnly: Bool = true) -> [[Double]] {
    let (width, table, positions) = (sizes.width, w("wte.weight"), w("wpe.weight"))
    var x = tokens.enumerated().map { position, token in
      (0..<width).map { table[Int(token) * width + $0] + positions[position * width + $0] }
    }
    func add(_ y: [[Double]]) {
      for row in x.indices { for d in 0..<width { x[row][d] += y[row][d] } }
    }
    for layer in 0..<sizes.layers {
      let name = "h.\(layer)"
      let qkv = linear(x.map { norm($0, "\(name).ln_1") }, "\(name).attn.c_attn")
      add(linear(attend(qkv), "\(name).attn.c_proj"))
      let inner = linear(x.map { norm($0, "\(name).ln_2") }, "\(name).mlp.c_fc")
      add(linear(inner.map { $0.map(activate) }, "\(name).mlp.c_proj"))
    }
    let head = sizes.isTied ? table : w("lm_head.weight")
    return (lastOnly ? x.suffix(1) : x[...]).map { row in
      let state = norm(row, "ln_f")
      return (0..<sizes.vocabulary).map { token in
        (0..<width).reduce(0.0) { $0 + state[$1] * head[token * width + $1] }
      }
    }
  }
}
