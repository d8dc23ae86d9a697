import Kernels

/// One weight as its type's format describes it, a bit at a time: what the repacked kernels are compared with.
struct PlainWeight {
  /// The whole number that is multiplied.
  var code: Int
  var scale: Float
  /// What is added; nil where the type has no minima.
  var minimum: Float?

  var value: Float { scale * Float(code) + (minimum ?? 0) }

  /// Weight `i` of the block that begins at `start`.
  init(_ type: BlockType, _ bytes: [UInt8], _ start: Int, _ i: Int) {
    func byte(_ offset: Int) -> Int { Int(bytes[start + offset]) }
    func half(_ offset: Int) -> Float {
      Float(Float16(bitPattern: UInt16(byte(offset)) | UInt16(byte(offset + 1)) << 8))
    }
    func bits(_ offset: Int, _ shift: Int, _ count: Int) -> Int {
      byte(offset) >> shift & (1 << count - 1)
    }
    /// The i-th of 32, half a byte each, 16 values apart.
    func nibble(_ offset: Int, _ i: Int) -> Int { bits(offset + i % 16, i / 16 * 4, 4) }
    let (run, place, upper) = (i / 32, i % 32, i / 128)
    switch type {
    case .q80: self.init(Int(Int8(bitPattern: bytes[start + 2 + i])), half(0))
    case .q40: self.init(nibble(2, i) - 8, half(0))
    case .q41: self.init(nibble(4, i), half(0), half(2))
    case .q50: self.init(nibble(6, i) + bits(2 + i / 8, i % 8, 1) * 16 - 16, half(0))
    case .q51: self.init(nibble(8, i) + bits(4 + i / 8, i % 8, 1) * 16, half(0), half(2))
    case .iq4NL: self.init(Self.nonlinear[nibble(2, i)], half(0))
    case .q2K:
      self.init(
        bits(16 + 32 * upper + place, run % 4 * 2, 2), half(80) * Float(bits(i / 16, 0, 4)),
        -(half(82) * Float(bits(i / 16, 4, 4))))
    case .q3K:
      let n = i / 16
      let scale =
        (n < 8 ? bits(96 + n, 0, 4) : bits(88 + n, 4, 4)) + bits(104 + n % 4, n / 4 * 2, 2) * 16
      let code = bits(32 + 32 * upper + place, run % 4 * 2, 2) + bits(place, run, 1) * 4 - 4
      self.init(code, half(108) * Float(scale - 32))
    case .q4K, .q5K:
      let (scale, minimum) =
        run < 4
        ? (bits(4 + run, 0, 6), bits(8 + run, 0, 6))
        : (
          bits(8 + run, 0, 4) + bits(run, 6, 2) * 16, bits(8 + run, 4, 4) + bits(4 + run, 6, 2) * 16
        )
      let four = bits((type == .q4K ? 16 : 48) + run / 2 * 32 + place, run % 2 * 4, 4)
      let code = four + (type == .q5K ? bits(16 + place, run, 1) * 16 : 0)
      self.init(code, half(0) * Float(scale), -(half(2) * Float(minimum)))
    case .q6K:
      let four = bits(64 * upper + run % 2 * 32 + place, run % 4 / 2 * 4, 4)
      let code = four + bits(128 + 32 * upper + place, run % 4 * 2, 2) * 16 - 32
      self.init(code, half(208) * Float(Int8(bitPattern: bytes[start + 192 + i / 16])))
    case .iq4XS:
      let scale = bits(4 + run / 2, run % 2 * 4, 4) + bits(2 + run / 4, run % 4 * 2, 2) * 16 - 32
      self.init(Self.nonlinear[nibble(8 + 16 * run, place)], half(0) * Float(scale))
    }
  }
  private init(_ code: Int, _ scale: Float, _ minimum: Float? = nil) {
    self.code = code
    self.scale = scale
    self.minimum = minimum
  }
  private static let nonlinear = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]
}

/// A matrix of random codes and scales.
struct LowBitSample {
  let type: BlockType
  let inputs: Int
  let outputs: Int
  private(set) var bytes: [UInt8]
  /// [outputs][inputs].
  private(set) var weights: [PlainWeight] = []

  init(_ type: BlockType, inputs: Int, outputs: Int) {
    self.type = type
    self.inputs = inputs
    self.outputs = outputs
    var random = RandomSource(seed: UInt64(inputs * 1000 + outputs))
    let blocks = inputs / type.values
    bytes = (0..<outputs * blocks * type.bytes).map { _ in UInt8(truncatingIfNeeded: random.next())
    }
    // Any bits are codes, but not all are usual scales of half precision.
    let places: [Int] =
      switch type {
      case .q80, .q40, .q50, .iq4NL, .iq4XS: [0]
      case .q41, .q51, .q4K, .q5K: [0, 2]
      case .q2K: [80, 82]
      case .q3K: [108]
      case .q6K: [208]
      }
    for block in 0..<outputs * blocks {
      for place in places {
        let bits = Float16(Float(Int(random.next() % 2001) - 1000) / 30000).bitPattern
        bytes[block * type.bytes + place] = UInt8(bits & 0xFF)
        bytes[block * type.bytes + place + 1] = UInt8(bits >> 8)
      }
    }
    for output in 0..<outputs {
      for input in 0..<inputs {
        let block = output * blocks + input / type.values
        weights.append(PlainWeight(type, bytes, block * type.bytes, input % type.values))
      }
    }
  }
}

/// Activations quantised by the definition.
struct PlainActivations {
  /// Of 32 values each.
  struct Block {
    var codes: [Int]
    var scale: Float
  }
  /// The codes of each block, and of what is left of those whose scale is far above the row's.
  var blocks: [(first: Block, second: Block?)] = []

  init(_ x: [Float]) {
    var squares: Float = 0
    for start in stride(from: 0, to: x.count, by: 32) {
      let block = x[start..<start + 32]
      let largest = block.map { abs($0) }.max() ?? 0
      let factor = largest > 0 ? 127 / largest : 0
      let codes = block.map { Int(($0 * factor).rounded(.toNearestOrEven)) }
      blocks.append((Block(codes: codes, scale: largest / 127), nil))
      squares += (largest / 127) * (largest / 127)
    }
    let least = 4 * squares / Float(blocks.count)
    for (place, (first, _)) in blocks.enumerated() where first.scale * first.scale > least {
      let factor = 254 / first.scale
      let codes = (0..<32).map { i in
        let rest = x[place * 32 + i].addingProduct(-first.scale, Float(first.codes[i]))
        return Int((rest * factor).rounded(.toNearestOrEven))
      }
      blocks[place].second = Block(codes: codes, scale: first.scale / 254)
    }
  }
}

extension LowBitSample {
  /// The product of one row by the definition: whole sums, then one fused operation, from the start on.
  func product(_ x: PlainActivations, start: [Float]) -> [Float] {
    let isHalved = [.q2K, .q3K, .q6K].contains(type)
    let width = isHalved ? 16 : 32
    return (0..<outputs).map { output in
      var sum = start[output]
      for first in stride(from: 0, to: inputs, by: width) {
        let (one, two) = x.blocks[first / 32]
        for block in [one] + (two.map { [$0] } ?? []) {
          var (total, plain) = (0, 0)
          for input in first..<first + width {
            total += weights[output * inputs + input].code * block.codes[input % 32]
            plain += block.codes[input % 32]
          }
          let weight = weights[output * inputs + first]
          // One rounding.
          sum = sum.addingProduct(Float(total), weight.scale * block.scale)
          if let minimum = weight.minimum {
            sum = sum.addingProduct(minimum, block.scale * Float(plain))
          }
        }
      }
      return sum
    }
  }

  /// The same of several rows, row after row.
  func products(_ x: [Float], rows: Int, start: (Int) -> [Float]) -> [Float] {
    var values: [Float] = []
    for row in 0..<rows {
      let own = PlainActivations([Float](x[row * inputs..<(row + 1) * inputs]))
      values += product(own, start: start(row))
    }
    return values
  }
}
