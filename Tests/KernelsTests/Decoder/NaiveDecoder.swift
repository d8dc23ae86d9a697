import Files
import Glibc

@testable import Kernels

/// Random weights of a decoder, and what they compute by the definitions, in double precision.
struct NaiveDecoder {
  typealias Matrix = [[Double]]

  struct Layer {
    var norms: [[Double]] = []
    var biases: [[Double]] = []
    var linears: [Matrix] = []
    var linearBiases: [[Double]?] = []
  }

  let shape: TransformerShape
  let type: StoredType
  private(set) var embeddings: Matrix = []
  private(set) var positions: Matrix = []
  private(set) var layers: [Layer] = []
  private(set) var last: [Double] = []
  private(set) var lastBias: [Double] = []
  private var random: UInt64

  init(_ shape: TransformerShape, type: StoredType, seed: UInt64) {
    (self.shape, self.type, random) = (shape, type, seed)
    embeddings = matrix(shape.vocabulary, shape.width, 1)
    if shape.positions == .learned { positions = matrix(shape.context, shape.width, 0.3) }
    for _ in 0..<shape.layers { layers.append(layer()) }
    last = vector(shape.width, 0.3, around: 1)
    lastBias = vector(shape.width, 0.1)
  }

  /// As the type keeps it.
  private func stored(_ value: Double) -> Double {
    switch type {
    case .f32: Double(Float(value))
    case .f16: Double(Float16(value))
    case .bf16: Double(Float(bitPattern: Float(value).bitPattern & 0xFFFF_0000))
    }
  }

  private mutating func next() -> Double {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int64(bitPattern: random) >> 11) / Double(1 << 52)
  }
  private mutating func vector(_ count: Int, _ scale: Double, around: Double = 0) -> [Double] {
    (0..<count).map { _ in Double(Float(around + scale * next())) }
  }
  private mutating func matrix(_ outputs: Int, _ inputs: Int, _ scale: Double) -> Matrix {
    (0..<outputs).map { _ in (0..<inputs).map { _ in stored(scale * next()) } }
  }

  private mutating func layer() -> Layer {
    var layer = Layer()
    let sizes = [
      shape.width, shape.width, shape.headSize, shape.headSize, shape.width, shape.width,
    ]
    for size in sizes {
      layer.norms.append(vector(size, 0.3, around: shape.norm == .rms(addsOne: true) ? 0 : 1))
      layer.biases.append(vector(size, 0.1))
    }
    let (width, queries, keys, inner) = (
      shape.width, shape.queryWidth, shape.keyValueWidth, shape.inner
    )
    let linears = [
      (queries, width), (keys, width), (keys, width), (width, queries), (inner, width),
      (inner, width), (width, inner),
    ]
    for (index, (outputs, inputs)) in linears.enumerated() {
      layer.linears.append(matrix(outputs, inputs, 1.5 / sqrt(Double(inputs))))
      let has =
        index < 3
        ? shape.hasQueryKeyValueBias : index == 3 ? shape.hasOutputBias : shape.hasInnerBias
      layer.linearBiases.append(has ? vector(outputs, 0.2) : nil)
    }
    return layer
  }

  // MARK: By the definitions

  /// Scores after each token: [tokens, vocabulary].
  func logits(_ tokens: [Int32]) -> Matrix {
    var x = tokens.enumerated().map { place, token in
      embeddings[Int(token)].enumerated().map { index, value in
        value * Double(shape.embeddingScale) + (positions.isEmpty ? 0 : positions[place][index])
      }
    }
    for index in layers.indices { x = apply(index, x) }
    return x.map { row in
      let normed = norm(row, last, lastBias)
      return embeddings.map { dot($0, normed) }
    }
  }

  private func apply(_ index: Int, _ x: Matrix) -> Matrix {
    let layer = layers[index]
    var x = add(x, attention(index, x.map { norm($0, layer.norms[0], layer.biases[0]) }), 4, layer)
    let normed = x.map { norm($0, layer.norms[1], layer.biases[1]) }
    let result = normed.map { row in
      let up = linear(layer, 5, row)
      let gate = shape.isGated ? linear(layer, 4, row).map { activate($0) } : []
      let inner = up.enumerated().map { shape.isGated ? $1 * gate[$0] : activate($1) }
      return linear(layer, 6, inner)
    }
    x = add(x, result, 5, layer)
    return x
  }

  private func add(_ x: Matrix, _ y: Matrix, _ place: Int, _ layer: Layer) -> Matrix {
    zip(x, y).map { a, b in
      zip(a, shape.hasSandwichNorms ? norm(b, layer.norms[place], layer.biases[place]) : b).map(+)
    }
  }

  private func attention(_ index: Int, _ x: Matrix) -> Matrix {
    let (layer, size) = (layers[index], shape.headSize)
    let frequencies = shape.rotaryFrequencies(ofLayer: index)
    func heads(_ part: Int, _ row: [Double], _ place: Int) -> [[Double]] {
      let values = linear(layer, part, row)
      return (0..<values.count / size).map { head in
        var line = Array(values[head * size..<(head + 1) * size])
        guard part < 2 else { return line }
        if shape.normalizesHeads { line = norm(line, layer.norms[2 + part], []) }
        guard !frequencies.isEmpty else { return line }
        return (0..<size).map { i in
          let pair = i % (size / 2)
          let angle = Double(place) * frequencies[pair]
          let other = i < size / 2 ? -line[i + size / 2] : line[i - size / 2]
          return line[i] * cos(angle) + other * sin(angle)
        }
      }
    }
    let queries = x.enumerated().map { heads(0, $1, $0) }
    let keys = x.enumerated().map { heads(1, $1, $0) }
    let values = x.enumerated().map { heads(2, $1, $0) }
    let group = shape.heads / shape.keyValueHeads
    return x.indices.map { place in
      var mixed: [Double] = []
      for head in 0..<shape.heads {
        let first = shape.window(ofLayer: index).map { max(0, place + 1 - $0) } ?? 0
        let scores = (first...place).map {
          exp(dot(queries[place][head], keys[$0][head / group]) * Double(shape.attentionScale))
        }
        let sum = scores.reduce(0, +)
        var line = [Double](repeating: 0, count: size)
        for (score, row) in zip(scores, first...place) {
          for i in 0..<size { line[i] += score / sum * values[row][head / group][i] }
        }
        mixed += line
      }
      return linear(layer, 3, mixed)
    }
  }

  private func linear(_ layer: Layer, _ index: Int, _ x: [Double]) -> [Double] {
    layer.linears[index].enumerated().map { output, row in
      dot(row, x) + (layer.linearBiases[index]?[output] ?? 0)
    }
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private func norm(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> [Double] {
    let count = Double(x.count)
    guard case .rms(let addsOne) = shape.norm else {
      let mean = x.reduce(0, +) / count
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let factor = 1 / sqrt(variance + Double(shape.epsilon))
      return x.indices.map { (x[$0] - mean) * factor * weight[$0] + bias[$0] }
    }
    let factor = 1 / sqrt(x.reduce(0) { $0 + $1 * $1 } / count + Double(shape.epsilon))
    return x.indices.map { x[$0] * factor * (addsOne ? 1 + weight[$0] : weight[$0]) }
  }

  private func activate(_ x: Double) -> Double {
    switch shape.activation {
    case .silu: x / (1 + exp(-x))
    case .relu: max(x, 0)
    case .gelu: x * (1 + erf(x / sqrt(2))) / 2
    case .geluTanh: x * (1 + tanh(sqrt(2 / Double.pi) * (x + 0.044715 * x * x * x))) / 2
    }
  }
}

// MARK: As a decoder

extension NaiveDecoder {
  /// - Parameter blocks: how the matrices of the layers are kept, and multiplied; nil: as values.
  func decoder(_ blocks: (BlockType, ActivationType)? = nil) throws -> TransformerDecoder {
    TransformerDecoder(
      DecoderWeights(
        shape: shape, embeddings: .values(try stored(embeddings)),
        positions: positions.isEmpty ? nil : .values(try stored(positions)),
        layers: try layers.map { try decoderLayer($0, blocks) },
        norm: try storedNorm(last, lastBias),
        head: PackedMatrix(try stored(embeddings))))
  }

  private func decoderLayer(
    _ layer: Layer, _ blocks: (BlockType, ActivationType)?
  ) throws -> DecoderLayer {
    func matrix(_ index: Int) throws -> PackedMatrix {
      let plain = layer.linears[index]
      guard let (type, activations) = blocks else { return PackedMatrix(try stored(plain)) }
      let values = try Table(plain.flatMap { $0.map { Float($0) } })
      return try PackedMatrix(
        BlockMatrix(
          type.encode(values, name: "w"), type: type, inputs: plain[0].count, outputs: plain.count),
        activations: activations)
    }
    func linear(_ index: Int) throws -> StoredLinear {
      StoredLinear(
        try matrix(index),
        bias: try layer.linearBiases[index].map { try storedVector($0) })
    }
    func norm(_ index: Int) throws -> StoredNorm {
      try storedNorm(layer.norms[index], layer.biases[index])
    }
    var result = DecoderLayer(
      attentionNorm: try norm(0), query: try linear(0), key: try linear(1), value: try linear(2),
      output: try linear(3), feedForwardNorm: try norm(1), up: try linear(5), down: try linear(6))
    if shape.isGated { result.gate = try linear(4) }
    if shape.normalizesHeads {
      result.queryNorm = StoredNorm(weight: try storedVector(layer.norms[2]))
      result.keyNorm = StoredNorm(weight: try storedVector(layer.norms[3]))
    }
    if shape.hasSandwichNorms { (result.outputNorm, result.downNorm) = (try norm(4), try norm(5)) }
    return result
  }

  private func storedNorm(_ weight: [Double], _ bias: [Double]) throws -> StoredNorm {
    StoredNorm(
      weight: try storedVector(weight), bias: shape.norm == .layer ? try storedVector(bias) : nil)
  }

  private func storedVector(_ values: [Double]) throws -> StoredVector {
    try StoredVector(try Table(values.map { Float($0) }))
  }

  private func stored(_ matrix: Matrix) throws -> StoredMatrix {
    let values = matrix.flatMap { $0 }
    let bytes: [UInt8] = values.flatMap { value -> [UInt8] in
      switch type {
      case .f32: withUnsafeBytes(of: Float(value)) { Array($0) }
      case .f16: withUnsafeBytes(of: Float16(value)) { Array($0) }
      case .bf16: withUnsafeBytes(of: UInt16(Float(value).bitPattern >> 16)) { Array($0) }
      }
    }
    return try StoredMatrix(
      try Table(bytes), type: type, layout: .byOutput, inputs: matrix[0].count,
      outputs: matrix.count)
  }
}
