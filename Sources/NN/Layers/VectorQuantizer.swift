import Autograd
import Glibc
import Kernels

/// Puts the nearest vector of a codebook in the place of each vector (van den Oord et al. 2017).
///
/// Gradients pass straight through to the vectors that came in. The codebook learns by moving averages
/// (the paper's appendix A.1; the default, which uses more of the codes), or by the gradient of
/// ``Quantized/codebookLoss``.
public struct VectorQuantizer: Module {
  /// How the codebook follows the vectors.
  public enum Update: String, CaseIterable, Codable, Sendable {
    case average, gradient
  }

  /// The codebook, [entries, dimension].
  public let embedding: Parameter
  /// Of ``Update/average``: how many vectors of a batch took each entry, [entries], and their sums,
  /// [entries, dimension], as moving averages.
  public let counts: Parameter?
  /// The moving averages of those vectors' sums, [entries, dimension]; nil for ``Update/gradient``.
  public let sums: Parameter?

  /// Share of the averages that a step keeps.
  static let decay: Float = 0.99
  /// An entry that is taken less often than this share of an equal use is dead, and moves.
  static let leastShare: Float = 0.01

  /// - Parameters:
  ///   - entries: of the codebook.
  ///   - dimension: of each.
  ///   - update: how the codebook follows the vectors.
  ///   - plan: takes the entries, which start uniformly within ±1/entries, as is common in PyTorch.
  public init(
    _ entries: Int, dimension: Int, update: Update = .average, using plan: inout ParameterPlan
  ) {
    embedding = plan.parameter(
      [entries, dimension], .uniform(bound: 1 / Float(max(entries, 1))), name: "embedding.weight",
      isTrainable: update == .gradient)
    // No vector has come yet: at the first step all entries but those that are taken are dead.
    counts =
      update == .gradient
      ? nil
      : plan.parameter([entries], .constant(0), name: "ema_cluster_size", isTrainable: false)
    sums =
      update == .gradient
      ? nil
      : plan.parameter([entries, dimension], .constant(0), name: "ema_w", isTrainable: false)
  }

  /// The number of vectors in the codebook: codes go from 0 to below it.
  public var entries: Int { embedding.shape[0] }
  /// The number of values of each vector.
  public var dimension: Int { embedding.shape[1] }

  /// - Parameters:
  ///   - x: [..., dimension].
  ///   - context: in training the averages take in the batch, and dead entries move by its random source.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Quantized {
    require(
      x.shape[-1] == dimension, "VectorQuantizer: \(x.shape) for a codebook \(embedding.shape)")
    let vectors = x.detached.values
    let codes = Neighborhoods.nearest(vectors, in: embedding.value.values, size: dimension)
    let found = self.vectors(Indices(codes, Shape(x.shape.dimensions.dropLast())))
    let result = Quantized(
      vectors: straightThrough(found.detached, to: x), codes: codes,
      codebookLoss: meanSquaredError(found, x.detached),
      commitmentLoss: meanSquaredError(x, found.detached))
    if context.isTraining, let counts, let sums {
      follow(vectors, codes, counts, sums, &context.random)
    }
    return result
  }

  /// The codebook's vectors of codes.
  /// - Returns: [..., dimension] for codes of shape [...].
  public func vectors(_ codes: Indices) -> Tensor { embedding.value.gathered(codes) }

  /// Takes a batch into the averages. An entry is the mean of its vectors; a dead one moves to a vector of
  /// the batch, with the weight of an equal use.
  private func follow(
    _ vectors: [Float], _ codes: [Int32], _ counts: Parameter, _ sums: Parameter,
    _ random: inout RandomSource
  ) {
    let (entries, size) = (entries, dimension)
    var (batch, total) = (
      [Float](repeating: 0, count: entries), [Float](repeating: 0, count: sums.count)
    )
    for (row, code) in codes.enumerated() {
      batch[Int(code)] += 1
      let start = Int(code) * size
      for index in 0..<size { total[start + index] += vectors[row * size + index] }
    }
    var (count, sum) = (counts.value.values, sums.value.values)
    for index in count.indices {
      count[index] = Self.decay * count[index] + (1 - Self.decay) * batch[index]
    }
    for index in sum.indices {
      sum[index] = Self.decay * sum[index] + (1 - Self.decay) * total[index]
    }
    let equal = count.reduce(0, +) / Float(entries)
    for entry in 0..<entries where count[entry] < Self.leastShare * equal {
      let row = Int(random.integer(below: UInt64(codes.count)))
      count[entry] = equal
      for index in 0..<size { sum[entry * size + index] = vectors[row * size + index] * equal }
    }
    counts.value = Tensor(count, [entries])
    sums.value = Tensor(sum, sums.shape)
    embedding.value = sums.value / counts.value.reshaped([entries, 1])
  }
}

/// What ``VectorQuantizer`` makes of vectors.
public struct Quantized {
  /// Codebook vectors, of the shape of those that came in.
  public let vectors: Tensor
  /// Which entry stands for each vector.
  public let codes: [Int32]
  /// Means of the squared differences: the first moves the codebook to the vectors, the second
  /// (times β, 0.25 in the paper) the vectors to the codebook.
  public let codebookLoss: Tensor
  /// The mean squared difference that moves the vectors to the codebook, not yet weighted by β.
  public let commitmentLoss: Tensor

  /// How many codes are in use: e to the entropy of their frequencies, 1 to `entries`.
  public static func perplexity(_ codes: [Int32], entries: Int) -> Double {
    var counts = [Int](repeating: 0, count: entries)
    for code in codes { counts[Int(code)] += 1 }
    var entropy = 0.0
    for count in counts where count > 0 {
      let share = Double(count) / Double(codes.count)
      entropy -= share * log(share)
    }
    return exp(entropy)
  }
}
