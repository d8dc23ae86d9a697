import CKernels
import Files

/// What adapters of low rank add to a layer of a decoder, in float32 and beside its packed weights: x Aᵀ Bᵀ.
///
/// A value is one sum over the inputs for each row of A, and then one addition a row of A, so it depends neither on the
/// number of rows nor on the cut of the outputs.
public struct LinearChange: Sendable {
  /// Rows of A.
  public let rank: Int
  let inputs: Int
  let outputs: Int
  /// [rank, inputs].
  private let a: StoredVector
  /// Bᵀ with the scale in it, [rank, outputs].
  private let b: StoredVector
  /// Where the sums of A stand in ``ProductInput/narrow``.
  var place = 0

  /// - Parameters:
  ///   - a: A, [rank, inputs].
  ///   - b: Bᵀ times the scale, [rank, outputs].
  ///   - rank: rows of both, at least one.
  /// - Throws: ``/Files/AIGCError`` (mismatch) where there are no whole rows.
  public init(a: Table<Float>, b: Table<Float>, rank: Int) throws(AIGCError) {
    guard rank > 0, a.count % rank == 0, b.count % rank == 0 else {
      throw .mismatch("\(a.count) and \(b.count) values are no matrices of rank \(rank)")
    }
    (self.rank, inputs, outputs) = (rank, a.count / rank, b.count / rank)
    (self.a, self.b) = (try StoredVector(a), try StoredVector(b))
  }

  /// The sums of A for rows of x.
  /// - Parameter narrow: at the first row and this change's place, `stride` from one row to the next.
  func narrow(
    rows: Int, _ x: UnsafePointer<Float>, xStride: Int, _ narrow: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    for row in 0..<rows {
      for index in 0..<rank {
        aigc_dot(
          inputs, x + row * xStride, a.base + index * inputs, narrow + row * stride + index)
      }
    }
  }

  /// y[:, range] += x Aᵀ Bᵀ on the calling thread.
  /// - Parameter y: at output 0, `yStride` from one row to the next.
  func add(
    _ range: Range<Int>, _ x: ProductInput, _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rank) { own in
      guard let own = own.baseAddress else { return }
      for row in 0..<x.rows {
        var sums = UnsafePointer(own)
        if let narrow = x.narrow {
          sums = narrow + row * x.narrowStride + place
        } else {
          self.narrow(rows: 1, x.values + row * x.stride, xStride: x.stride, own, stride: rank)
        }
        for index in 0..<rank {
          aigc_axpy(
            range.count, sums[index], b.base + index * outputs + range.lowerBound,
            y + row * yStride + range.lowerBound)
        }
      }
    }
  }
}

extension DecoderLayer {
  /// The same with a place for each change's sums among those of the same input.
  func withPlaces() -> DecoderLayer {
    var result = self
    let queries = query.change?.rank ?? 0
    result.key.change?.place = queries
    result.value.change?.place = queries + (key.change?.rank ?? 0)
    result.gate?.change?.place = up.change?.rank ?? 0
    return result
  }

  /// The most sums of one input.
  var narrowWidth: Int {
    func rank(_ linear: StoredLinear?) -> Int { linear?.change?.rank ?? 0 }
    return max(
      rank(query) + rank(key) + rank(value), rank(output), rank(up) + rank(gate), rank(down))
  }
}
